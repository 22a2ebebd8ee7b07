"""Mails to an address that nobody has confirmed are limited."""

import dataclasses
from contextlib import suppress
from datetime import timedelta

import pytest

from parking import clock, mail
from parking.accounts import routes
from parking.accounts.models import User
from parking.database import db, transaction
from parking.mail.models import MailToUnconfirmed, OutboxMail
from parking.mail.outbox import allowance
from parking.web.rate_limits import limiter
from tests.bookings.helpers import make_lot, park, reserve
from tests.mail.conftest import as_recipient, put, states


def rows(**fields) -> list[OutboxMail]:
    db.session.rollback()
    return list(db.session.query(OutboxMail).filter_by(**fields).order_by(OutboxMail.id).populate_existing())


@pytest.fixture
def limited(reconfigure):
    """The application with its limits on, counting anew."""
    other = reconfigure(rate_limits=True)
    limiter.reset()
    yield other
    limiter.reset()


def confirmed(user) -> None:
    with transaction() as session:
        session.get_one(User, user.id).confirmed_at = clock.now()


def test_an_unconfirmed_address_gets_thirty_mails_a_day(limited, alice):
    for _ in range(40):
        put("release_receipt", as_recipient(alice))
    assert states() == {"queued": 30, "suppressed": 10}
    assert rows(state="suppressed")[0].last_reply.startswith("not sent: nobody has confirmed this address, and 30")
    clock.travel(86_400)
    assert put("release_receipt", as_recipient(alice)).state == "queued"


def test_notices_about_the_account_have_their_own_limit(limited, alice):
    for _ in range(35):
        put("release_receipt", as_recipient(alice))
    assert [put("password_changed", as_recipient(alice)).state for _ in range(12)] == ["queued"] * 10 + [
        "suppressed"
    ] * 2
    assert put("password_reset", as_recipient(alice)).state == "queued", "the way to confirm it stays open"


def test_a_confirmed_address_and_scheduled_mails_are_not_counted(limited, alice):
    for _ in range(40):
        assert put("release_receipt", as_recipient(alice, confirmed=True)).state == "queued"
    for _ in range(40):
        assert put("user_monthly_report", as_recipient(alice)).state == "queued"
    assert db.session.query(MailToUnconfirmed).count() == 0


def test_a_new_account_with_the_same_address_has_the_same_count(limited, alice):
    for _ in range(30):
        put("release_receipt", as_recipient(alice))
    with transaction() as session:
        mail.delete_user(session, alice.id)
    assert (
        put("release_receipt", dataclasses.replace(as_recipient(alice), email=alice.email.upper())).state
        == "suppressed"
    )


def test_without_rate_limits_no_mail_is_suppressed(app, alice):
    for _ in range(40):
        assert put("release_receipt", as_recipient(alice)).state == "queued"


def test_a_mail_that_is_rolled_back_is_not_counted(limited, alice):
    with suppress(RuntimeError), transaction() as session:
        mail.queue(session, "release_receipt", as_recipient(alice), mail.TEMPLATES["release_receipt"].sample())
        raise RuntimeError
    assert db.session.query(MailToUnconfirmed).count() == 0


def test_old_counts_are_deleted(limited, alice):
    put("release_receipt", as_recipient(alice))
    clock.travel(allowance.WINDOW.total_seconds())
    with transaction() as session:
        allowance.delete_old(session)
    assert db.session.query(MailToUnconfirmed).count() == 0


def test_bookings_ask_the_account_whether_its_address_is_confirmed(limited, alice, carol):
    lot = make_lot(carol)
    park(alice, lot)
    assert db.session.query(MailToUnconfirmed).count() == 1
    confirmed(alice)
    park(alice, lot)
    assert db.session.query(MailToUnconfirmed).count() == 1


def test_a_mailed_link_that_is_used_confirms_the_address(app, alice):
    from parking.accounts import one_time_tokens
    from parking.accounts.passwords import change
    from parking.accounts.sessions.browser_sessions import Browser

    with transaction() as session:
        secret = one_time_tokens.issue(session, "password_reset", alice.id).secret
    assert db.session.get_one(User, alice.id).confirmed_at is None
    change.reset_password(secret, "another password", Browser(None, None))
    db.session.expire_all()
    assert db.session.get_one(User, alice.id).confirmed_at == clock.now()


def test_extending_has_a_limit(limited, alice, carol, auth):
    booking = park(alice, make_lot(carol))
    client, path = limited.test_client(), f"/api/bookings/{booking['id']}/extend"
    statuses = [client.post(path, json={"minutes": 1}, headers=auth(alice)).status_code for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2


def test_release_cancel_and_check_in_share_a_limit(limited, alice, carol, auth):
    lot = make_lot(carol)
    parked, reserved = park(alice, lot), reserve(alice, lot, timedelta(hours=2), timedelta(hours=1))
    client, headers = limited.test_client(), auth(alice)
    paths = [
        f"/api/release/{parked['id']}",
        f"/api/bookings/{reserved['id']}/cancel",
        f"/api/bookings/{reserved['id']}/check-in",
    ]
    statuses = [client.post(paths[number % 3], json={}, headers=headers).status_code for number in range(33)]
    assert 429 not in statuses[:30]
    assert statuses[30:] == [429] * 3


BODY = {"email": "stranger@example.com", "password": "correct horse battery"}


def test_an_account_asks_for_five_new_addresses_a_day(limited, alice, auth):
    client = limited.test_client()
    statuses = [
        client.post("/auth/email/change", json={**BODY, "email": f"n{n}@example.com"}, headers=auth(alice)).status_code
        for n in range(7)
    ]
    assert statuses == [202] * routes.EMAIL_CHANGES + [429] * 2
    assert len(rows(kind="email_confirm")) == 5


def test_an_address_gets_three_links_a_day_whoever_asks(limited, alice, bob, auth):
    client = limited.test_client()
    spellings = ("stranger@example.com", "STRANGER@example.com", " Stranger@Example.com ")
    statuses = [
        client.post(
            "/auth/email/change", json={**BODY, "email": spellings[n % 3]}, headers=auth((alice, bob)[n % 2])
        ).status_code
        for n in range(5)
    ]
    assert statuses == [202] * 3 + [429] * 2


def test_a_wrong_password_is_no_request_for_a_new_address(limited, alice, auth):
    client = limited.test_client()
    for _ in range(4):
        client.post("/auth/email/change", json={**BODY, "password": "wrong"}, headers=auth(alice))
    assert client.post("/auth/email/change", json=BODY, headers=auth(alice)).status_code == 202
