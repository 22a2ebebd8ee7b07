"""Creates, edits, resizes, deletes and restores lots, and edits their spots.

A spot is taken out of use by a booking of its own type (a block), so the constraint that keeps two cars apart decides
whether a spot may go. That is why this room lies above bookings.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking import audit, clock, idempotency, waitlist
from parking.availability import etag_matches, lot_views, spot_views
from parking.bookings import (
    OUT_OF_SERVICE,
    RETIRED,
    Booking,
    Window,
    apply_due_transitions,
    block,
    cancel_reservation,
    is_active,
    is_hold,
    is_live,
    is_reserved,
    is_stay,
    lock_lot,
    note_freed,
    occupants,
    publish_lot_event,
    publish_spot_event,
    publish_spot_events,
    read_bookings,
    select_bookings,
    state_of,
    status_at,
    unblock,
    withdraw,
)
from parking.database import db, transaction
from parking.errors import Conflict, Invalid, NotFound, PreconditionFailed
from parking.lot_admin import closures, edit, lot_names, zone_change
from parking.lot_admin.blockers import MAX_BLOCKERS, blocking_view
from parking.lot_admin.edit import LotChanges
from parking.lots import Lot, Resize, Spot, SpotState, open_lot, resize
from parking.text import names
from parking.text.counting import counted
from parking.timestamps import to_rfc3339
from parking.web import Identity

create_many = edit.create_many


def taken_names() -> frozenset[str]:
    """The keys of the names that open lots have."""
    return lot_names.taken_keys(db.session())


def created(number: int, *, dry_run: bool) -> str:
    """The message of an import of so many lots."""
    if dry_run:
        return f"{counted(number, 'lot')} would be created."
    return f"{counted(number, 'lot was', 'lots were')} created."


def create(changes: LotChanges, who: Identity) -> dict[str, Any]:
    """Creates a lot with the spots 1..capacity. Raises Conflict when the name is taken."""
    with lot_names.unique_names() as session:
        record = idempotency.begin(session)
        lot = edit.add(session, changes, who.id)
        answer = {"message": f"{lot.name} was created.", "lot": _lot_view(session, lot)}
        if record:
            record.store(201, answer)
        return answer


def update_lot(
    lot_id: int, changes: LotChanges, who: Identity, if_match: str | None, *, confirm_timezone: bool = False
) -> dict[str, Any]:
    """Changes a lot; `removed_spots` of the answer are the numbers that a smaller capacity took.

    `confirm_timezone`: also its time zone while reservations are to come or somebody waits for one; they get a mail.

    Raises NotFound, PreconditionFailed (stale `if_match`), Conflict (name taken; too few spots can be removed, with
    what blocks it; `timezone_confirm` with the reservations that another zone would make read differently).
    """
    if "capacity" in changes.fields or "timezone" in changes.fields:
        apply_due_transitions(lot_id)
    with lot_names.unique_names() as session:
        lot = _locked_lot(session, lot_id, if_match)
        before, now, removed = edit.audited(lot), clock.now(), list[int]()
        if names.key(changes.get("name", lot.name)) != names.key(lot.name):
            lot_names.require_free(session, changes.fields["name"])
        capacity = changes.get("capacity", lot.capacity)
        if capacity != lot.capacity:
            edit.check_capacity(capacity)
            removed = _resize(session, lot, capacity, who, now)
        old = lot.tariff
        if changes.get("timezone", lot.timezone) != lot.timezone:
            zone_change.change_zone(session, lot, changes.fields["timezone"], now, confirmed=confirm_timezone)
        edit.apply(lot, changes)
        edit.set_tariff(session, lot, old, changes, now)
        note_freed(session, lot.id)
        _touch(session, lot, now)
        after = edit.audited(lot)
        changed = {name for name in after if after[name] != before[name]}
        audit.record(
            session,
            "lot.updated",
            "lot",
            lot.id,
            before={name: before[name] for name in changed},
            after={name: after[name] for name in changed},
        )
        return {"message": f"{lot.name} was saved.", "lot": _lot_view(session, lot), "removed_spots": removed}


def delete(lot_id: int, who: Identity, if_match: str | None, *, cancel_reservations: bool) -> dict[str, Any]:
    """Deletes a lot; its history stays. Raises NotFound, PreconditionFailed, Conflict (cars on it; reservations to
    come, unless they are to be cancelled, which sends their owners a mail)."""
    apply_due_transitions(lot_id)
    with lot_names.unique_names() as session:
        lot, now = _locked_lot(session, lot_id, if_match), clock.now()
        _check_no_cars(session, lot)
        _clear_reservations(session, lot, now, cancel=cancel_reservations)
        spots = session.scalars(select(Spot.id).where(Spot.lot_id == lot.id, Spot.retired_at.is_(None))).all()
        waitlist.close_lot(session, lot, spots, now)
        block(session, lot.id, spots, kind=RETIRED, user_id=who.id, now=now)
        if occupants(session, lot.id, spots):
            raise Conflict("Somebody has just booked here. Please try again.", code="lot_in_use")
        lot.deleted_at = now
        _touch(session, lot, now)
        audit.record(
            session, "lot.deleted", "lot", lot.id, before={"deleted_at": None}, after={"deleted_at": to_rfc3339(now)}
        )
        return {"message": f"{lot.name} was deleted. Its bookings stay in the history."}


def restore(lot_id: int) -> dict[str, Any]:
    """Restores a deleted lot. Raises NotFound, Conflict (not deleted, or another lot has its name)."""
    with lot_names.unique_names() as session:
        lot = session.get(Lot, lot_id, with_for_update={"of": Lot})
        if lot is None:
            raise NotFound("There is no such lot.")
        if lot.deleted_at is None:
            raise Conflict(f"{lot.name} is not deleted.", code="not_deleted")
        lot_names.require_free(session, lot.name)
        now = clock.now()
        spots = session.scalars(select(Spot.id).where(Spot.lot_id == lot.id, Spot.retired_at.is_(None))).all()
        unblock(session, lot.id, spots, kind=RETIRED, now=now)
        waitlist.reopen_lot(session, lot)
        was, lot.deleted_at = lot.deleted_at, None
        lot.name_key = names.key(lot.name)
        _touch(session, lot, now)
        audit.record(
            session, "lot.restored", "lot", lot.id, before={"deleted_at": to_rfc3339(was)}, after={"deleted_at": None}
        )
        return {"message": f"{lot.name} is open again.", "lot": _lot_view(session, lot)}


def _locked_spot(session: Session, spot_id: int) -> tuple[Spot, Lot]:
    """Returns the spot, locked, and its lot. Raises NotFound."""
    spot = session.get(Spot, spot_id, with_for_update={"key_share": True})
    if spot is None or spot.retired_at is not None:
        raise NotFound("There is no such spot.")
    return spot, open_lot(session, spot.lot_id)


def update_spot(spot_id: int, fields: dict[str, Any], who: Identity, *, move: bool = False) -> dict[str, Any]:
    """Edits a spot, takes it out of service, now or for a window, or back. `move`: moves the bookings in the way.

    Raises NotFound, Invalid (the window), Conflict (closures.close).
    """
    if fields.get("out_of_service") is not None:
        closures.settle(spot_id)
    with transaction() as session:
        (spot, lot), now = _locked_spot(session, spot_id), clock.now()
        before = {name: getattr(spot, name) for name in _DESCRIPTION}
        _describe([spot], fields)
        after: dict[str, Any] = {name: getattr(spot, name) for name in before}
        moved = 0
        if fields.get("out_of_service"):
            window, reason = closures.read_window(fields, lot, now), fields.get("reason")
            moved = closures.close(session, lot, [spot], window, reason, who, now, move=move)
            after |= closures.audited(window, reason)
        elif fields.get("out_of_service") is False:
            unblock(session, lot.id, [spot.id], kind=OUT_OF_SERVICE, now=now)
            after |= {"out_of_service": False}
        note_freed(session, lot.id, spot.id)
        audit.record(session, "spot.updated", "spot", spot.id, before=before, after=after)
        publish_spot_event(spot.lot_id, spot.id)
        session.flush()
        [view] = spot_views(session, lot.id, now, who, spot.id, with_drivers=True)
        return {"message": f"Spot {spot.spot_number} was saved.", "moved": moved, "spot": view}


def withdraw_closure(spot_id: int, closure_id: int, who: Identity) -> dict[str, Any]:
    """Withdraws one closure of a spot: one that runs ends now. Raises NotFound."""
    closures.settle(spot_id)
    with transaction() as session:
        (spot, lot), now = _locked_spot(session, spot_id), clock.now()
        closure = withdraw(session, spot, closure_id, now)
        if closure is None:
            raise NotFound("There is no such closure.")
        note_freed(session, lot.id, spot.id)
        before = closures.audited(Window(closure.start_time, closure.held_until), closure.reason)
        audit.record(session, "spot.closure_withdrawn", "spot", spot.id, before=before)
        publish_spot_event(lot.id, spot.id)
        [view] = spot_views(session, lot.id, now, who, spot.id, with_drivers=True)
        return {"message": f"The closure of spot {spot.spot_number} was withdrawn.", "moved": 0, "spot": view}


def update_spots(
    lot_id: int, numbers: Iterable[int], fields: dict[str, Any], who: Identity, *, move: bool = False
) -> dict[str, Any]:
    """Edits many spots of a lot, takes them out of service, now or for a window, or back: all of them or none.

    Raises NotFound, Invalid (an unknown number, the window), Conflict (closures.close).
    """
    if fields.get("out_of_service") is not None:
        apply_due_transitions(lot_id)
    with transaction() as session:
        lot, now = _locked_lot(session, lot_id, None), clock.now()
        spots = _numbered(session, lot, set(numbers))
        _describe(spots, fields)
        ids, moved, window = [spot.id for spot in spots], 0, None
        if fields.get("out_of_service"):
            window = closures.read_window(fields, lot, now)
            moved = closures.close(session, lot, spots, window, fields.get("reason"), who, now, move=move)
        elif fields.get("out_of_service") is False:
            unblock(session, lot.id, ids, kind=OUT_OF_SERVICE, now=now)
        note_freed(session, lot.id, *ids)
        changed = {"spots": [spot.spot_number for spot in spots], **fields, **closures.times(window)}
        audit.record(session, "lot.spots_updated", "lot", lot.id, after=changed)
        publish_spot_events(lot.id, ids)
        session.flush()
        message = f"{counted(len(spots), 'spot was', 'spots were')} saved."
        return {"message": message, "changed": len(spots), "moved": moved, "lot": _lot_view(session, lot)}


def _numbered(session: Session, lot: Lot, numbers: set[int]) -> list[Spot]:
    query = select(Spot).where(Spot.lot_id == lot.id, Spot.retired_at.is_(None), Spot.spot_number.in_(numbers))
    spots = list(session.scalars(query.order_by(Spot.spot_number)))
    if missing := numbers - {spot.spot_number for spot in spots}:
        raise Invalid.field("numbers", f"{lot.name} has no spot {min(missing)}.", missing=sorted(missing)[:20])
    return spots


_DESCRIPTION = ("level", "ev", "accessible", "covered")


def _describe(spots: Iterable[Spot], fields: dict[str, Any]) -> None:
    """Sets the fields of the request; only the level can be cleared."""
    for name in _DESCRIPTION:
        if name in fields and (fields[name] is not None or name == "level"):
            for spot in spots:
                setattr(spot, name, fields[name] or None if name == "level" else fields[name])


def blockers(session: Session, lot_id: int, spot_ids: Iterable[int]) -> list[dict[str, Any]]:
    """Returns the bookings of these spots for the administrator (the first twenty)."""
    query = select_bookings().where(is_live, Booking.lot_id == lot_id, Booking.spot_id.in_(list(spot_ids)))
    return [blocking_view(row) for row in read_bookings(session, query.order_by(Spot.spot_number).limit(MAX_BLOCKERS))]


def _locked_lot(session: Session, lot_id: int, if_match: str | None) -> Lot:
    """Locks the lot against other administrators and against bookings that queue for it.

    Raises NotFound, PreconditionFailed.
    """
    lock_lot(session, lot_id)
    lot = session.get(Lot, lot_id, with_for_update={"of": Lot})
    if lot is None or lot.deleted_at is not None:
        raise NotFound("There is no such lot.")
    if if_match and not etag_matches(if_match, lot.version):
        raise PreconditionFailed(
            f"{lot.name} was changed by somebody else in the meantime.", current=_lot_view(session, lot)
        )
    return lot


def _touch(session: Session, lot: Lot, now: datetime) -> None:
    lot.version, lot.updated_at = lot.version + 1, now
    session.flush()
    publish_lot_event(lot.id)


def _resize(session: Session, lot: Lot, capacity: int, who: Identity, now: datetime) -> list[int]:
    """Returns the numbers of the spots that were removed. Raises Conflict `capacity_blocked`."""
    spots = session.scalars(select(Spot).where(Spot.lot_id == lot.id).order_by(Spot.id).with_for_update(key_share=True))
    by_id = {spot.id: spot for spot in spots}
    plan = _plan(session, lot, by_id, capacity)
    if plan.short and (going := _offered(session, lot, by_id)[: plan.short]):
        waitlist.withdraw(session, lot, going, None, now)
        plan = _plan(session, lot, by_id, capacity)
    if plan.short:
        raise Conflict(
            f"The capacity cannot be {capacity}: "
            f"{counted(plan.short, 'spot too many is', 'spots too many are')} booked or out of service.",
            code="capacity_blocked",
            blocking=blockers(session, lot.id, plan.blocking),
        )
    _carry_out(session, lot, plan, by_id, who, now)
    lot.capacity = capacity
    return sorted(by_id[spot_id].spot_number for spot_id in plan.retire)


def _plan(session: Session, lot: Lot, spots: dict[int, Spot], capacity: int) -> Resize:
    booked = set(session.scalars(select(Booking.spot_id).where(is_live, Booking.lot_id == lot.id)))
    states = [SpotState(s.id, s.spot_number, s.retired_at, s.id not in booked) for s in spots.values()]
    return resize(states, capacity)


def _offered(session: Session, lot: Lot, spots: dict[int, Spot]) -> list[int]:
    """Returns the spots on which there are offers of the waitlist and nothing else, the highest number first."""
    of_lot = select(Booking.spot_id).where(is_live, Booking.lot_id == lot.id)
    taken = set(session.scalars(of_lot.where(~is_hold)))
    offered = set(session.scalars(of_lot.where(is_hold))) - taken
    return sorted(offered, key=lambda spot_id: -spots[spot_id].spot_number)


def _carry_out(session: Session, lot: Lot, plan: Resize, by_id: dict[int, Spot], who: Identity, now: datetime) -> None:
    if plan.retire:
        done = block(session, lot.id, plan.retire, kind=RETIRED, user_id=who.id, now=now)
        if len(done) < len(plan.retire):
            raise Conflict("Somebody has just booked one of these spots. Please try again.", code="capacity_blocked")
    if plan.restore:
        unblock(session, lot.id, plan.restore, kind=RETIRED, now=now)
    for spot_id in (*plan.retire, *plan.restore):
        by_id[spot_id].retired_at = now if spot_id in plan.retire else None
    edit.make_spots(session, [(lot.id, number) for number in plan.create], now)


def _check_no_cars(session: Session, lot: Lot) -> None:
    cars = select(Booking.spot_id).where(is_active, is_stay, Booking.lot_id == lot.id)
    if occupied := session.scalars(cars).all():
        raise Conflict(
            "Cannot delete lot with occupied spots", code="lot_occupied", blocking=blockers(session, lot.id, occupied)
        )


def _clear_reservations(session: Session, lot: Lot, now: datetime, *, cancel: bool) -> None:
    query = select_bookings().where(is_reserved, Booking.lot_id == lot.id)
    rows = read_bookings(session, query.order_by(Booking.id).with_for_update(of=Booking))
    if rows and not cancel:
        raise Conflict(
            f"This lot has {counted(len(rows), 'future reservation')}. Cancel all of them, or wait.",
            code="lot_reserved",
            blocking=blockers(session, lot.id, [row.booking.spot_id for row in rows]),
        )
    if any(status_at(state_of(row.booking), now) != "Reserved" for row in rows):
        raise Conflict("A reservation starts or ends here at this moment. Please try again.", code="lot_in_use")
    for row in rows:
        cancel_reservation(session, row, now, by="admin", lot_closed=True)
    session.flush()


def _lot_view(session: Session, lot: Lot) -> dict[str, Any]:
    session.flush()
    [view] = lot_views(session, clock.now(), [lot.id])
    return view
