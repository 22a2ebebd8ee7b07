"""Queueing: in the caller's transaction, once, and not to those who said no."""

import pytest
from sqlalchemy import text

from parking import clock, mail
from parking.database import db, transaction
from parking.mail.models import OutboxMail
from parking.mail.outbox import delivery

from .conftest import AMELIA, put, states


def reader(user) -> mail.Recipient:
    return mail.Recipient(user.email, user.username, "en", "UTC", user.id)


def test_a_dedupe_key_makes_the_second_mail_none(app):
    assert put(dedupe_key="confirmation:1") is not None
    assert put(dedupe_key="confirmation:1") is None
    assert put(dedupe_key="confirmation:2") is not None
    assert states() == {"queued": 2}


def test_a_mail_stands_on_its_own(app, sink):
    """Facts are kept as they were; what changes later in the booking changes no mail."""
    context = mail.TEMPLATES["booking_confirmation"].sample()
    with transaction() as session:
        mail.queue(session, "booking_confirmation", AMELIA, context)
    context["booking"]["spot_number"] = 99
    delivery.deliver_due()
    assert "spot 17" in str(sink.accepted[0].message["Subject"])


def test_facts_that_fit_no_letter_are_refused_at_once(app):
    naive = mail.TEMPLATES["booking_confirmation"].sample()
    naive["booking"]["reserved_start"] = "2026-01-01T10:00"
    for context in ({"booking": {}}, {"nothing": 1}, naive):
        with pytest.raises((KeyError, ValueError)):
            put(context=context)
    assert states() == {}


def test_a_subscription_needs_somebody_who_can_end_it(app):
    with pytest.raises(ValueError, match="user_id"):
        put("inactivity_reminder")


def test_who_said_no_gets_no_reports_but_still_his_receipts(app, alice, sink):
    with transaction() as session:
        mail.set_preferences(session, alice.id, {"user_monthly_report": False})
    assert put("user_monthly_report", reader(alice)).state == "suppressed"
    assert put("inactivity_reminder", reader(alice)).state == "queued"
    assert put("release_receipt", reader(alice)).state == "queued"
    assert delivery.deliver_due().sent == 2
    assert states() == {"suppressed": 1, "sent": 2}


def test_a_no_also_stops_what_already_waits(app, alice, sink):
    put("user_monthly_report", reader(alice))
    with transaction() as session:
        mail.set_preferences(session, alice.id, {"user_monthly_report": False})
    assert delivery.deliver_due().sent == 0
    assert states() == {"suppressed": 1}


def test_preferences_are_listed_by_what_concerns_a_reader(app, alice, carol):
    assert mail.get_preferences(db.session(), alice.id) == {
        "reservation_reminder": True,
        "inactivity_reminder": True,
        "user_monthly_report": True,
    }
    assert set(mail.get_preferences(db.session(), carol.id, admin=True)) == set(mail.subscriptions())
    with transaction() as session:
        mail.set_preferences(session, alice.id, {"inactivity_reminder": False})
    assert mail.get_preferences(db.session(), alice.id)["inactivity_reminder"] is False
    assert mail.unwilling(db.session(), "inactivity_reminder", [alice.id, carol.id]) == {alice.id}
    with pytest.raises(KeyError), transaction() as session:
        mail.set_preferences(session, alice.id, {"release_receipt": False})


def test_a_reset_link_is_erased_when_its_mail_has_ended(app, sink):
    row = put("password_reset")
    delivery.deliver_due()
    assert "token=sample" in sink.accepted[0].message.get_body(("plain",)).get_content()
    stored = db.session.get(OutboxMail, row.id)
    assert "token" not in str(stored.facts)
    assert "token=sample" not in mail.preview(stored).text


def test_a_reset_link_is_hidden_from_the_administrator_while_it_waits(app):
    row = put("password_reset")
    shown = mail.preview(db.session.get(OutboxMail, row.id))
    assert "token=sample" not in shown.text + shown.html
    assert "token=sample" in str(row.facts)


def test_a_forgotten_user_leaves_no_mail_behind(app, alice, sink):
    put("release_receipt", reader(alice))
    delivery.deliver_due()
    put("test_message", reader(alice), context={})
    with transaction() as session:
        mail.set_preferences(session, alice.id, {"inactivity_reminder": False})
        assert mail.delete_user(session, alice.id) == 2
    assert states() == {}
    left = db.session.execute(text("SELECT count(*) FROM mail_preference")).scalar()
    assert left == 0


def test_health_tells_how_long_the_oldest_mail_waits(app):
    assert mail.health(db.session())["oldest_unsent_seconds"] is None
    put()
    clock.travel(90)
    told = mail.health(db.session())
    assert (told["oldest_unsent_seconds"], told["queued"], told["failed"]) == (90, 1, 0)


def test_the_page_can_say_whether_a_confirmation_was_sent(app, sink):
    put(booking_id=1)
    delivery.deliver_due()
    put(booking_id=2)
    assert mail.latest_states(db.session(), "booking_confirmation", [1, 2, 3]) == {1: "sent", 2: "queued"}


def test_attached_files_come_from_the_export_folder_only(app, settings, sink):
    folder = settings.export_dir / "user_1"
    folder.mkdir(parents=True)
    (folder / "bookings.csv").write_text("a,b\r\n")
    (settings.export_dir.parent / "secret.txt").write_text("secret")
    (folder / "link.csv").symlink_to(settings.export_dir.parent / "secret.txt")
    (folder / "big.csv").write_bytes(b"x" * (mail.MAX_ATTACHMENT_BYTES + 1))
    good = {"filename": "bookings.csv", "mimetype": "text/csv", "path": "user_1/bookings.csv"}
    put("export_ready", attachments=[good])
    assert delivery.deliver_due().sent == 1
    (part,) = sink.accepted[0].message.iter_attachments()
    assert part.get_content() == "a,b\n" or part.get_payload(decode=True) == b"a,b\r\n"
    wrong = ["../secret.txt", "/etc/passwd", "user_1/../../secret.txt", "user_1/link.csv", "user_1/gone.csv"]
    for path in [*wrong, "user_1/big.csv"]:
        put("export_ready", attachments=[{**good, "path": path}])
    assert delivery.deliver_due().failed == 6
    assert len(sink.accepted) == 1


def test_the_sweep_reads_an_index_and_not_the_table(app):
    with transaction() as session:
        for _ in range(50):
            mail.queue(session, "test_message", AMELIA, {})
    if db.engine.dialect.name == "sqlite":
        plan = db.session.execute(
            text(
                "EXPLAIN QUERY PLAN SELECT id FROM outbox_mail WHERE state IN ('queued', 'retrying', 'sending')"
                " AND due_at <= 1 ORDER BY due_at, id LIMIT 1"
            )
        ).all()
    else:
        db.session.execute(text("SET enable_seqscan = off"))
        plan = db.session.execute(
            text(
                "EXPLAIN SELECT id FROM outbox_mail WHERE state IN ('queued', 'retrying', 'sending')"
                " AND due_at <= now() ORDER BY due_at, id LIMIT 1"
            )
        ).all()
    assert "ix_outbox_mail_due" in str(plan)
    assert "TEMP B-TREE" not in str(plan)
