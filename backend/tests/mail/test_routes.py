"""The administrator's mail page, and the way out of reminders and reports."""

import pytest

from parking import mail
from parking.database import db, transaction
from parking.mail import unsubscribe
from parking.mail.models import OutboxMail
from parking.mail.outbox import delivery
from tests.mail.conftest import as_recipient, put, states

ADMIN_ROUTES = [
    ("GET", "/api/admin/emails"),
    ("GET", "/api/admin/emails/1"),
    ("POST", "/api/admin/emails/1/retry"),
    ("POST", "/api/admin/emails/1/discard"),
    ("POST", "/api/admin/emails/resume"),
    ("POST", "/api/admin/emails/release"),
    ("GET", "/api/admin/emails/kinds"),
    ("GET", "/api/admin/emails/preview/test_message"),
    ("POST", "/api/admin/emails/preview/test_message/send"),
]


@pytest.mark.parametrize(("method", "path"), ADMIN_ROUTES)
def test_only_administrators_see_the_mails(client, auth, alice, method, path):
    assert client.open(path, method=method).status_code == 401
    assert client.open(path, method=method, headers=auth(alice)).status_code == 403


def test_the_list_is_paged_and_filtered(client, auth, carol, sink):
    for number in range(5):
        put("test_message", context={}, booking_id=number)
    put("release_receipt")
    first = client.get("/api/admin/emails?limit=4", headers=auth(carol)).json
    assert [email["kind"] for email in first["emails"]] == [
        "release_receipt",
        "test_message",
        "test_message",
        "test_message",
    ]
    second = client.get(f"/api/admin/emails?limit=4&cursor={first['next']}", headers=auth(carol)).json
    assert len(second["emails"]) == 2
    assert second["next"] is None
    assert first["counts"]["queued"] == 6
    assert first["outbox"]["circuit"]["state"] == "closed"
    by_kind = client.get("/api/admin/emails?kind=release_receipt", headers=auth(carol)).json
    assert len(by_kind["emails"]) == 1
    matches = client.get("/api/admin/emails?q=RECEIPT", headers=auth(carol)).json
    assert [email["kind"] for email in matches["emails"]] == ["release_receipt"]
    assert client.get("/api/admin/emails?q=%25", headers=auth(carol)).json["emails"] == []
    assert client.get("/api/admin/emails?state=sent", headers=auth(carol)).json["emails"] == []


def test_one_mail_shows_how_it_stands(client, auth, carol, sink):
    sink.on_rcpt = lambda address: "450 4.2.1 later"
    row = put("release_receipt")
    delivery.deliver_due()
    view = client.get(f"/api/admin/emails/{row.id}", headers=auth(carol)).json["email"]
    assert view["state"] == "retrying"
    assert view["attempts"] == 1
    assert view["last_reply"] == "450 4.2.1 later"
    assert view["next_attempt_at"].endswith("Z")
    assert "€13.75" in view["text"]
    assert view["html"].startswith("<!doctype html>")
    assert {"name": "Auto-Submitted", "value": "auto-generated"} in view["headers"]
    assert client.get("/api/admin/emails/999999", headers=auth(carol)).status_code == 404


def test_a_failed_mail_can_be_sent_again(client, auth, carol, sink):
    sink.on_rcpt = lambda address: "550 5.1.1 unknown"
    row = put("release_receipt")
    delivery.deliver_due()
    assert states() == {"failed": 1}
    sink.on_rcpt = lambda address: None
    answer = client.post(f"/api/admin/emails/{row.id}/retry", headers=auth(carol))
    assert (answer.status_code, answer.json["email"]["state"]) == (200, "queued")
    assert delivery.deliver_due().sent == 1
    again = client.post(f"/api/admin/emails/{row.id}/retry", headers=auth(carol))
    assert (again.status_code, again.json["code"]) == (409, "conflict")
    assert sink.message_ids() == [row.message_id]


def test_a_waiting_mail_can_be_discarded(client, auth, carol, sink):
    row = put("release_receipt")
    assert client.post(f"/api/admin/emails/{row.id}/discard", headers=auth(carol)).status_code == 200
    assert delivery.deliver_due().sent == 0
    assert client.post(f"/api/admin/emails/{row.id}/discard", headers=auth(carol)).status_code == 409


def test_an_erased_link_is_not_sent_again(client, auth, carol, sink):
    sink.on_rcpt = lambda address: "550 5.1.1 unknown"
    row = put("password_reset")
    delivery.deliver_due()
    answer = client.post(f"/api/admin/emails/{row.id}/retry", headers=auth(carol))
    assert answer.status_code == 409
    assert "erased" in answer.json["detail"]


@pytest.mark.parametrize("kind", list(mail.TEMPLATES))
def test_every_kind_has_a_preview(client, auth, carol, kind):
    for locale in ("en", "de"):
        preview = client.get(f"/api/admin/emails/preview/{kind}?locale={locale}", headers=auth(carol)).json["preview"]
        assert preview["kind"] == kind
        assert preview["subject"]
        assert f'lang="{locale}"' in preview["html"]


def test_an_unknown_kind_has_none(client, auth, carol):
    assert client.get("/api/admin/emails/preview/nothing", headers=auth(carol)).status_code == 404
    assert client.post("/api/admin/emails/preview/nothing/send", headers=auth(carol)).status_code == 404
    assert client.get("/api/admin/emails/preview/test_message?locale=xx", headers=auth(carol)).status_code == 422


def test_a_sample_is_sent_to_the_administrator_who_requested_it(client, auth, carol, sink):
    answer = client.post("/api/admin/emails/preview/admin_daily_report/send", headers=auth(carol))
    assert answer.status_code == 202
    delivery.deliver_due()
    assert [delivery.recipients for delivery in sink.accepted] == [["carol@example.com"]]


# unsubscribing -----------------------------------------------------------------------------


@pytest.fixture
def link(app, alice, sink):
    """The address in the header of a report that alice got."""
    put("user_monthly_report", as_recipient(alice))
    delivery.deliver_due()
    header = str(sink.accepted[0].message["List-Unsubscribe"])
    return header.split(">")[0].lstrip("<").removeprefix("https://park.example.com")


def wants(user) -> bool:
    db.session.remove()
    return mail.get_preferences(db.session(), user.id)["user_monthly_report"]


def test_looking_at_the_link_changes_nothing(client, alice, link):
    for method in ("GET", "HEAD"):
        assert client.open(link, method=method).status_code == 200
    page = client.get(link).text
    assert "Unsubscribe from these emails?" in page
    assert "<script" not in page
    assert "style=" not in page
    assert alice.email not in page
    assert wants(alice) is True


def test_one_click_without_login_is_enough(client, alice, link):
    answer = client.post(link, data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200
    assert wants(alice) is False
    assert put("user_monthly_report", as_recipient(alice)).state == "suppressed"
    assert client.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200


def test_the_link_is_for_one_reader_and_one_kind(client, alice, bob, link):
    client.post(link, data={"List-Unsubscribe": "One-Click"})
    left = mail.get_preferences(db.session(), alice.id)
    assert [kind for kind, enabled in left.items() if not enabled] == ["user_monthly_report"]
    assert all(mail.get_preferences(db.session(), bob.id).values())


def test_a_changed_link_is_refused(client, alice, link, settings):
    receipt = unsubscribe.make(settings, alice.id, "release_receipt")
    for token in ("x", link.rsplit("/", 1)[1][:-1], "W10.abc", f"{receipt}", "%00", "a" * 5000):
        for method in ("GET", "POST"):
            assert client.open(f"/unsubscribe/{token}", method=method).status_code == 404
    assert wants(alice) is True


def test_the_page_speaks_the_readers_language_and_brings_its_own_style(client, link):
    assert "Abbestellen" in client.get(link, headers={"Accept-Language": "de-AT,de;q=0.9"}).text
    style = client.get("/unsubscribe/style.css")
    assert style.status_code == 200
    assert style.mimetype == "text/css"


def test_a_link_of_a_deleted_user_changes_nothing(client, app, settings):
    token = unsubscribe.make(settings, 999_999, "user_monthly_report")
    assert client.post(f"/unsubscribe/{token}").status_code == 404
    with transaction() as session:
        assert session.query(OutboxMail).count() == 0
