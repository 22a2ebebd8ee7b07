"""Queueing: in the caller's transaction, once, and about a booking one confirmation a minute with its latest state."""

import contextvars
import itertools
import threading
from datetime import timedelta

import pytest
from sqlalchemy import text

from parking import clock, mail
from parking.bookings import service
from parking.bookings.emails import confirmation
from parking.database import db, transaction
from parking.mail.models import OutboxMail
from parking.mail.outbox import delivery, entries, replies
from tests.bookings.helpers import make_lot, park, reserve
from tests.mail.conftest import AMELIA, Gate, put, states


def test_a_second_mail_with_the_same_dedupe_key_is_not_queued(app):
    assert put(dedupe_key="confirmation:1") is not None
    assert put(dedupe_key="confirmation:1") is None
    assert put(dedupe_key="confirmation:2") is not None
    assert states() == {"queued": 2}


def test_a_queued_mail_does_not_change_with_its_booking(app, sink):
    """Facts are kept as they were; what changes later in the booking changes no mail."""
    context = mail.TEMPLATES["booking_confirmation"].sample()
    with transaction() as session:
        mail.queue(session, "booking_confirmation", AMELIA, context)
    context["booking"]["spot_number"] = 99
    delivery.deliver_due()
    assert "spot 17" in str(sink.accepted[0].message["Subject"])


def test_a_wrong_context_is_refused_when_it_is_queued(app):
    naive = mail.TEMPLATES["booking_confirmation"].sample()
    naive["booking"]["reserved_start"] = "2026-01-01T10:00"
    for context in ({"booking": {}}, {"nothing": 1}, naive):
        with pytest.raises((KeyError, ValueError)):
            put(context=context)
    assert states() == {}


def test_a_subscription_needs_a_user_id(app):
    with pytest.raises(ValueError, match="user_id"):
        put("inactivity_reminder")


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


def rows(**fields) -> list[OutboxMail]:
    db.session.rollback()
    return list(db.session.query(OutboxMail).filter_by(**fields).order_by(OutboxMail.id).populate_existing())


def test_200_extensions_within_a_minute_are_two_mails(app, alice, carol, sink):
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


def test_a_booking_changed_before_its_first_mail_is_confirmed_as_new(app, alice, carol, sink):
    booking = reserve(alice, make_lot(carol), timedelta(hours=2), timedelta(hours=1))
    service.extend(booking["id"], alice.id, minutes=30)
    service.extend(booking["id"], alice.id, minutes=30)
    [row] = rows(kind="booking_confirmation")
    assert row.last_reply == replies.REPLACED
    assert delivery.deliver_due().sent == 1
    subject = str(sink.accepted[0].message["Subject"])
    assert subject.startswith("Reserved")
    invitation = next(part for part in sink.accepted[0].message.walk() if part.get_content_type() == "text/calendar")
    assert "SEQUENCE:2" in invitation.get_payload(decode=True).decode()


def test_a_retried_mail_gets_the_new_state_and_a_new_message_id(app, alice, carol, sink):
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


def test_a_change_while_the_mail_is_being_sent_is_a_second_mail(app, alice, carol, sink):
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


def test_a_worker_that_leases_the_mail_before_the_update_loses_no_state(app, alice, carol, monkeypatch):
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


def test_a_receipt_replaces_a_postponed_confirmation(app, alice, carol, sink):
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


def test_a_confirmation_can_be_queued_without_a_booking_id(app):
    assert put("booking_confirmation", AMELIA).state == "queued"
