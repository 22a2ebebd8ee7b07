"""What time alone does, and that doing it twice, at once or late changes nothing twice."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from parking import clock
from parking.audit import AuditEntry
from parking.audit import service as audit
from parking.bookings import expiry, service
from parking.bookings.models import Booking
from parking.database import db, transaction
from parking.errors import Conflict
from parking.lot_admin import service as lots
from parking.lots.models import Spot
from parking.mail.models import OutboxMail
from tests.bookings.helpers import identity_of, make_lot, park, reserve, row
from tests.threads import at_once

H = timedelta(hours=1)


def count(model, *where):
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model).where(*where))


def mails(kind):
    return count(OutboxMail, OutboxMail.kind == kind)


@pytest.fixture
def lot(carol):
    return make_lot(carol)


def test_a_reservation_begins_and_ends_by_itself(alice, lot):
    booking = reserve(alice, lot, H, 2 * H)
    assert expiry.apply_all_due_transitions() == 0
    clock.travel(3600)
    assert expiry.apply_all_due_transitions() == 1
    stored = row(booking["id"])
    assert (stored.status, stored.checked_in_at) == ("Active", stored.reserved_start)
    clock.travel(2 * 3600 + 25)
    assert expiry.apply_all_due_transitions() == 1
    stored = row(booking["id"])
    assert (stored.status, stored.end_time, stored.total_cost_minor) == ("Completed", stored.reserved_end, 400)
    assert mails("release_receipt") == 1


def test_a_late_run_completes_a_reservation_at_its_end(alice, lot):
    booking = reserve(alice, lot, H, 2 * H)
    clock.travel(9 * 3600)
    expiry.apply_all_due_transitions()
    stored = row(booking["id"])
    assert (stored.status, stored.end_time, stored.total_cost_minor) == ("Completed", stored.reserved_end, 400)


def test_a_missed_reservation_becomes_a_no_show_with_a_mail(alice, carol):
    lot = make_lot(carol, require_checkin=True, checkin_grace_minutes=10)
    booking = reserve(alice, lot, H, 2 * H)
    clock.travel(3600 + 599)
    assert expiry.apply_all_due_transitions() == 0
    clock.travel(1)
    assert expiry.apply_all_due_transitions() == 1
    stored = row(booking["id"])
    assert (stored.status, stored.total_cost_minor) == ("No-show", 0)
    assert mails("booking_no_show") == 1


def test_an_instant_hold_is_renewed_while_the_car_stays(alice, lot):
    booking = park(alice, lot)
    before = row(booking["id"]).held_until
    clock.travel(600)
    assert expiry.apply_all_due_transitions() == 0
    clock.travel(600)
    assert expiry.apply_all_due_transitions() == 1
    assert row(booking["id"]).held_until == before + timedelta(minutes=20)


def test_a_renewed_hold_ends_where_the_next_reservation_begins(alice, bob, carol):
    lot = make_lot(carol, capacity=1)
    booking = park(alice, lot)
    theirs = reserve(bob, lot, 5 * H, H)
    for _ in range(4):
        clock.travel(3600)
        expiry.apply_all_due_transitions()
    assert row(booking["id"]).held_until == row(theirs["id"]).reserved_start


@pytest.mark.parametrize("checkin", [False, True])
def test_an_overstay_moves_the_reservation_instead_of_breaking_it(alice, bob, carol, checkin):
    lot = make_lot(carol, capacity=2, require_checkin=checkin)
    park(alice, lot)
    promised = reserve(bob, lot, 5 * H, H, spot_id=row(1).spot_id)
    other = reserve(bob, lot, 5 * H, H)
    assert promised["spot_number"] == 1
    service.cancel(other["id"], bob.id)
    clock.travel(5 * 3600)
    expiry.apply_all_due_transitions()
    expiry.apply_all_due_transitions()
    stored = row(promised["id"])
    assert stored.spot_id != row(1).spot_id
    assert stored.status == ("Reserved" if checkin else "Active")
    assert mails("booking_moved") == 1


def test_one_overstay_without_a_free_spot_does_not_stop_the_others(alice, bob, carol):
    full, fine = make_lot(carol, "Full", capacity=1), make_lot(carol, "Fine", capacity=1)
    parked = park(alice, full)
    stuck, begins = reserve(bob, full, 5 * H, H), reserve(bob, fine, 5 * H, H)
    clock.travel(5 * 3600)
    expiry.apply_all_due_transitions()
    assert row(stuck["id"]).status == "Reserved"
    assert row(begins["id"]).status == "Active"
    service.release(parked["id"], alice.id)
    expiry.apply_all_due_transitions()
    assert row(stuck["id"]).status == "Active"


def test_a_reservation_whose_spot_was_never_free_costs_nothing(alice, bob, carol):
    lot = make_lot(carol, capacity=1)
    park(alice, lot)
    broken = reserve(bob, lot, 5 * H, H)
    clock.travel(6 * 3600)
    expiry.apply_all_due_transitions()
    stored = row(broken["id"])
    assert (stored.status, stored.total_cost_minor, stored.ended_by) == ("Cancelled", 0, "system")
    assert mails("booking_cancelled") == 1


def test_concurrent_runs_apply_a_transition_once(app, alice, carol):
    lot = make_lot(carol, capacity=40)
    for n in range(40):
        reserve(alice, lot, H, (1 + n % 2) * H)
    clock.travel(2 * 3600)
    at_once([expiry.apply_all_due_transitions] * 6)
    assert count(Booking, Booking.status == "Completed") == 20
    assert count(Booking, Booking.status == "Active") == 20
    assert count(AuditEntry, AuditEntry.action == "booking.released") == 20
    assert count(AuditEntry, AuditEntry.action == "booking.started") == 20
    assert mails("release_receipt") == 20
    assert expiry.apply_all_due_transitions() == 0


def test_a_run_that_dies_leaves_its_batch_unchanged(alice, lot, monkeypatch):
    first, second = reserve(alice, lot, H, H), reserve(alice, lot, H, H)
    clock.travel(2 * 3600)
    done = []

    def dies(session, booking, *rest, **more):
        if done:
            raise KeyboardInterrupt
        done.append(booking)
        return whole(session, booking, *rest, **more)

    whole = expiry.transitions.complete
    with monkeypatch.context() as patched:
        patched.setattr(expiry.transitions, "complete", dies)
        with pytest.raises(KeyboardInterrupt):
            expiry.apply_all_due_transitions()
    assert {row(b["id"]).status for b in (first, second)} == {"Reserved"}
    assert mails("release_receipt") == 0
    assert expiry.apply_all_due_transitions() == 2
    assert mails("release_receipt") == 2


def test_a_lot_is_full_only_when_no_spot_is_free(alice, bob, carol):
    """A finished reservation that no sweep has closed yet does not make the lot full."""
    lot = make_lot(carol, capacity=1)
    reserve(alice, lot, H, H)
    clock.travel(3600)
    expiry.apply_all_due_transitions()
    clock.travel(3600)
    assert park(bob, lot)["spot_number"] == 1


def test_a_batch_is_one_transaction_and_all_batches_are_done(alice, carol, monkeypatch):
    monkeypatch.setattr(expiry, "BATCH", 3)
    lot = make_lot(carol, capacity=10)
    for _ in range(10):
        reserve(alice, lot, H, H)
    clock.travel(3600)
    assert expiry.apply_all_due_transitions() == 10
    with transaction() as session:
        assert session.scalar(select(func.count()).where(Booking.status == "Active")) == 10


def test_stays_of_a_spot_never_overlap_even_when_all_are_late(alice, bob, carol):
    """The car before left during the reservation, and no sweep ran: the stay begins when it had gone."""
    lot = make_lot(carol, capacity=1)
    parked = park(alice, lot)
    promised = reserve(bob, lot, 5 * H, H)
    clock.travel(5 * 3600 + 600)
    service.release(parked["id"], alice.id)
    clock.travel(600)
    expiry.apply_all_due_transitions()
    assert row(promised["id"]).checked_in_at == row(parked["id"]).end_time
    clock.travel(3600)
    assert service.release(promised["id"], bob.id)["total_cost"] == 2


def test_releasing_a_reservation_whose_spot_was_never_free_costs_nothing(alice, bob, carol):
    lot = make_lot(carol, capacity=1)
    park(alice, lot)
    promised = reserve(bob, lot, 5 * H, H)
    clock.travel(5 * 3600 + 60)
    answer = service.release(promised["id"], bob.id)
    assert (answer["total_cost"], answer["booking"]["status"]) == (0, "Cancelled")
    assert answer["message"] == "Your spot was not free in time, so the booking was cancelled. It costs nothing."


def test_a_due_transition_has_no_user_as_its_actor(client, auth, alice, bob, carol):
    """Bob only asks while Alice's reservation begins, is missed or ends: the log names neither him nor his request,
    and his file has nothing of her bookings."""
    lot = make_lot(carol, capacity=1)
    strict = make_lot(carol, "Strict", capacity=1, require_checkin=True, checkin_grace_minutes=10)
    begun, missed = reserve(alice, lot, H, 2 * H), reserve(alice, strict, H, 2 * H)
    clock.travel(3600 + 700)
    for place in (lot, strict):
        client.post("/api/book", json={"lot_id": place["id"], "booking_type": "instant"}, headers=auth(bob))
    clock.travel(2 * 3600)
    client.post(f"/api/bookings/{begun['id']}/extend", json={"minutes": 5}, headers=auth(alice))
    entries = client.get("/api/admin/audit?entity=booking", headers=auth(carol)).json["entries"]
    by_clock = [e for e in entries if e["action"] in ("booking.started", "booking.no_show", "booking.released")]
    assert {(e["action"], e["entity_id"]) for e in by_clock} == {
        ("booking.started", begun["id"]),
        ("booking.released", begun["id"]),
        ("booking.no_show", missed["id"]),
    }
    assert {(e["actor_id"], e["request_id"]) for e in by_clock} == {(None, None)}
    ips = db.session.scalars(select(AuditEntry.ip).where(AuditEntry.id.in_([e["id"] for e in by_clock])))
    assert set(ips) == {None}
    with transaction() as session:  # as an older version wrote it
        audit.record(session, "booking.started", "booking", begun["id"], actor_id=bob.id)
    file = client.get("/api/me/data", headers=auth(bob)).json
    theirs = {begun["id"], missed["id"]}
    assert not [e for e in file["log_by_you"] if e["entity"] == "booking" and e["entity_id"] in theirs]


def test_a_reservation_that_could_not_begin_is_cancelled_by_the_system(client, auth, alice, bob, carol):
    lot = make_lot(carol, capacity=1)
    car = park(bob, lot)
    booking = reserve(alice, lot, 5 * H, H)
    clock.travel(5 * 3600 + 60)
    answer = client.post(f"/api/release/{booking['id']}", headers=auth(alice))
    assert answer.status_code == 200, answer.json
    query = select(AuditEntry).where(AuditEntry.entity_id == booking["id"], AuditEntry.action == "booking.cancelled")
    entry = db.session.scalars(query).one()
    assert (entry.actor_id, entry.request_id, entry.ip) == (None, None, None)
    assert row(car["id"]).status == "Active"


@pytest.fixture
def spot_in_use(app):
    """Locks a spot like a booking that is being made on it, and lets it go after a while; PostgreSQL alone."""
    if db.engine.dialect.name == "sqlite":
        pytest.skip("SQLite has one writer at a time: nothing is passed over")
    with db.engine.connect() as other:

        def lock(spot_id: int) -> None:
            other.execute(select(Spot.id).where(Spot.id == spot_id).with_for_update(key_share=True))

        yield lock, other.rollback


def test_a_stay_is_charged_even_when_its_spot_was_locked(app, alice, lot, spot_in_use):
    """A sweep passes over a locked spot. The release waits for it then, and charges for the stay."""
    lock, unlock = spot_in_use
    booking, answers = reserve(alice, lot, H, 2 * H), []
    at = clock.travel(2 * 3600)
    lock(booking["spot_id"])

    def release() -> None:
        with app.app_context(), clock.set_to(at):
            answers.append(service.release(booking["id"], alice.id))

    thread = threading.Thread(target=release)
    thread.start()
    thread.join(1)  # without the wait it has answered by now
    unlock()
    thread.join()
    assert answers[0]["booking"]["status"] == "Completed"
    assert answers[0]["total_cost"] == 4


def test_deleting_a_lot_does_not_cancel_a_reservation_that_has_begun(alice, carol, lot, spot_in_use):
    lock, _ = spot_in_use
    booking = reserve(alice, lot, H, 2 * H)
    clock.travel(2 * 3600)
    lock(booking["spot_id"])
    with pytest.raises(Conflict) as refusal:
        lots.delete(lot["id"], identity_of(carol), f'"{lot["version"]}"', cancel_reservations=True)
    assert refusal.value.code == "lot_in_use"
    assert row(booking["id"]).status == "Reserved"
