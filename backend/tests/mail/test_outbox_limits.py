"""One account cannot fill a mailbox: changes of a booking share a mail, strangers' addresses get few, and what is held
back can be seen with its reason."""

import contextvars
import dataclasses
import itertools
import threading
from contextlib import suppress
from datetime import timedelta

import pytest

from parking import clock, mail
from parking.accounts import routes
from parking.accounts.models import User
from parking.bookings import service
from parking.bookings.emails import confirmation
from parking.database import db, transaction
from parking.mail.models import MailToUnconfirmed, OutboxMail
from parking.mail.outbox import allowance, delivery, entries, queue
from parking.web.rate_limits import limiter
from tests.bookings.helpers import make_lot, park, reserve

from .conftest import AMELIA, Gate, put, states


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


# one confirmation per booking and minute ----------------------------------------------------


def test_200_extensions_are_two_mails_and_the_last_state_counts(app, alice, carol, sink):
    lot = make_lot(carol)
    booking = park(alice, lot)
    delivery.deliver_due()
    for _ in range(200):
        service.extend(booking["id"], alice.id, minutes=1)
    assert delivery.deliver_due().sent == 0, "the minute is not over"
    clock.travel(60)
    assert delivery.deliver_due().sent == 1
    last = rows(kind="booking_confirmation")
    assert len(last) == 2
    assert last[1].facts["booking"]["sequence"] == 200
    assert last[1].facts["booking"]["held_until"] == service.get(booking["id"], alice.id)["held_until"]
    assert "Updated" in str(sink.accepted[1].message["Subject"])


def test_extensions_over_ten_minutes_are_one_mail_a_minute(app, alice, carol, sink):
    booking = park(alice, make_lot(carol))
    for _ in range(60):
        delivery.deliver_due()
        service.extend(booking["id"], alice.id, minutes=1)
        clock.travel(10)
    clock.travel(60)
    delivery.deliver_due()
    assert 10 <= len(sink.accepted) <= 12
    times = [row.sent_at for row in rows(kind="booking_confirmation")]
    assert all(later - earlier >= timedelta(seconds=60) for earlier, later in itertools.pairwise(times))


def test_a_booking_changed_before_its_first_mail_went_out_is_told_as_new(app, alice, carol, sink):
    booking = reserve(alice, make_lot(carol), timedelta(hours=2), timedelta(hours=1))
    service.extend(booking["id"], alice.id, minutes=30)
    service.extend(booking["id"], alice.id, minutes=30)
    [row] = rows(kind="booking_confirmation")
    assert row.last_reply == queue.REPLACED
    assert delivery.deliver_due().sent == 1
    subject = str(sink.accepted[0].message["Subject"])
    assert subject.startswith("Reserved")
    invitation = next(part for part in sink.accepted[0].message.walk() if part.get_content_type() == "text/calendar")
    assert "SEQUENCE:2" in invitation.get_payload(decode=True).decode()


def test_a_mail_that_failed_once_takes_the_new_state_along_under_a_new_name(app, alice, carol, sink):
    booking = park(alice, make_lot(carol))
    sink.on_data = lambda delivery: "451 later"
    delivery.deliver_due()
    before = rows()[0].message_id
    service.extend(booking["id"], alice.id, minutes=30)
    [row] = rows()
    assert row.state == "retrying"
    assert row.message_id != before, "the server may have taken the first one after all"
    sink.on_data = lambda delivery: None
    clock.travel(120)
    assert delivery.deliver_due().sent == 1


def test_a_change_while_the_mail_is_being_sent_goes_out_on_its_own(app, alice, carol, sink):
    booking = park(alice, make_lot(carol))
    gate = Gate()
    sink.on_data = gate
    worker = threading.Thread(target=contextvars.copy_context().run, args=(_deliver, app))
    worker.start()
    assert gate.reached.wait(120)
    service.extend(booking["id"], alice.id, minutes=30)
    service.extend(booking["id"], alice.id, minutes=30)
    gate.go_on.set()
    worker.join(120)
    sink.on_data = lambda delivery: None
    clock.travel(61)
    assert delivery.deliver_due().sent == 1
    assert [row.facts["booking"]["sequence"] for row in rows(state="sent")] == [0, 2]


def _deliver(app):
    with app.app_context():
        delivery.deliver_due()
        db.session.remove()


def test_a_worker_that_takes_the_mail_between_look_and_update_loses_no_state(app, alice, carol, monkeypatch):
    """The UPDATE asks for the state again; without that the newer state would vanish in a mail that is on its way."""
    booking = park(alice, make_lot(carol))
    merge = confirmation.merge_confirmations

    def lease_meanwhile(waiting, new):
        db.session.execute(
            OutboxMail.__table__.update()
            .where(OutboxMail.booking_id == booking["id"])
            .values(state="sending", lease="another worker", due_at=clock.now() + entries.LEASE)
        )
        return merge(waiting, new)

    monkeypatch.setattr(confirmation, "merge_confirmations", lease_meanwhile)
    service.extend(booking["id"], alice.id, minutes=30)
    old, new = rows(kind="booking_confirmation")
    assert (old.state, old.facts["booking"]["sequence"]) == ("sending", 0)
    assert (new.state, new.facts["booking"]["sequence"]) == ("queued", 1)


def test_the_end_of_a_booking_replaces_a_confirmation_that_was_put_off(app, alice, carol, sink):
    booking = park(alice, make_lot(carol))
    delivery.deliver_due()
    service.extend(booking["id"], alice.id, minutes=30)
    service.release(booking["id"], alice.id)
    clock.travel(120)
    delivery.deliver_due()
    assert [row.kind for row in rows(state="sent")] == ["booking_confirmation", "release_receipt"]
    [held_back] = rows(state="discarded")
    assert held_back.last_reply == "replaced by a newer mail: release_receipt"


def test_the_first_confirmation_is_never_replaced_by_the_end(app, alice, carol, sink):
    booking = park(alice, make_lot(carol))
    service.release(booking["id"], alice.id)
    delivery.deliver_due()
    assert [row.kind for row in rows(state="sent")] == ["booking_confirmation", "release_receipt"]


def test_two_bookings_do_not_share_a_mail(app, alice, carol):
    lot = make_lot(carol)
    for booking in (park(alice, lot), park(alice, lot)):
        service.extend(booking["id"], alice.id, minutes=30)
    assert len(rows(kind="booking_confirmation")) == 2


# addresses that nobody has confirmed --------------------------------------------------------


def reader(user, **more) -> mail.Recipient:
    return mail.Recipient(user.email, user.username, "en", "UTC", user.id, **more)


def test_an_unconfirmed_address_gets_thirty_mails_a_day_and_the_rest_say_why_not(limited, alice):
    for _ in range(40):
        put("release_receipt", reader(alice))
    assert states() == {"queued": 30, "suppressed": 10}
    assert rows(state="suppressed")[0].last_reply.startswith("not sent: nobody has confirmed this address, and 30")
    clock.travel(86_400)
    assert put("release_receipt", reader(alice)).state == "queued"


def test_notices_about_the_account_have_a_number_of_their_own(limited, alice):
    for _ in range(35):
        put("release_receipt", reader(alice))
    assert [put("password_changed", reader(alice)).state for _ in range(12)] == ["queued"] * 10 + ["suppressed"] * 2
    assert put("password_reset", reader(alice)).state == "queued", "the way to confirm it stays open"


def test_a_confirmed_address_and_the_timetable_are_not_counted(limited, alice):
    for _ in range(40):
        assert put("release_receipt", reader(alice, confirmed=True)).state == "queued"
    for _ in range(40):
        assert put("user_monthly_report", reader(alice)).state == "queued"
    assert db.session.query(MailToUnconfirmed).count() == 0


def test_a_new_account_with_the_same_address_does_not_begin_anew(limited, alice):
    for _ in range(30):
        put("release_receipt", reader(alice))
    with transaction() as session:
        mail.delete_user(session, alice.id)
    assert put("release_receipt", dataclasses.replace(reader(alice), email=alice.email.upper())).state == "suppressed"


def test_without_rate_limits_nothing_is_held_back(app, alice):
    for _ in range(40):
        assert put("release_receipt", reader(alice)).state == "queued"


def test_a_mail_that_is_rolled_back_is_not_counted(limited, alice):
    with suppress(RuntimeError), transaction() as session:
        mail.queue(session, "release_receipt", reader(alice), mail.TEMPLATES["release_receipt"].sample())
        raise RuntimeError
    assert db.session.query(MailToUnconfirmed).count() == 0


def test_what_counts_no_more_is_deleted(limited, alice):
    put("release_receipt", reader(alice))
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


# how often one may change things ------------------------------------------------------------


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


def test_put_still_works_without_a_booking(app):
    assert put("booking_confirmation", AMELIA).state == "queued"
