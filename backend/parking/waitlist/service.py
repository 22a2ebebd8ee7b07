"""Join the waitlist, leave it, claim or decline an offer. Each function that writes is one transaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from parking import audit, clock, idempotency
from parking.accounts import User, get_user, keep_accounts
from parking.bookings import (
    BookingRow,
    NewBooking,
    apply_due_transitions,
    check_limit,
    check_proven,
    claim_hold,
    free_spot_ids,
    locked_hold,
    read_window,
    row_view,
    transitions_due,
    withdraw_hold,
)
from parking.database import db, read_connection, transaction
from parking.errors import Conflict, Invalid, NotFound, Problem, Unavailable
from parking.lots import Lot, open_lot
from parking.spot_features import Needs, required, spots_with
from parking.text.counting import counted
from parking.timestamps import to_rfc3339
from parking.waitlist import emails, events, listing, offers, queries, rules
from parking.waitlist.models import WaitlistEntry, WaitlistLot
from parking.waitlist.views import entry_view, entry_views


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """A person's wish to wait. Times as sent (read in the zone of the first lot); `for_minutes`: for a spot from the
    moment on at which one is free, instead of a window."""

    user_id: int
    lot_ids: tuple[int, ...]
    reserved_start: str | None = None
    reserved_end: str | None = None
    for_minutes: int | None = None
    needs: Needs = ()
    vehicle_plate: str | None = None
    series_id: int | None = None


def join(request: JoinRequest) -> dict[str, Any]:
    """Puts a person on the waitlist. Returns the answer of POST /api/waitlist.

    Raises NotFound (no such lot), Invalid (the window; needs that no spot has), Forbidden (address not confirmed),
    Conflict: `spot_free`, `already_waiting` with the entry, `too_many_entries`.
    """
    _settle(request.lot_ids)
    with transaction() as session:
        record = idempotency.begin(session)
        user, lots, entry = _entry_for(session, request)
        view = _add(session, entry, lots)
        emails.joined(session, user, entry, lots, view["position"])
        answer = {"message": f"You are on the waitlist of {' or '.join(lot.name for lot in lots)}.", "entry": view}
        if record:
            record.store(201, answer)
        return answer


def wait_for(session: Session, new: NewBooking) -> dict[str, Any] | None:
    """Puts the driver of a reservation, for which the caller has not found a spot, on the waitlist in the caller's
    transaction, which also tells them so. Returns `position` and `entry_id`.

    None: they cannot join, since they wait for this already or for as much as they may, their address is not confirmed,
    or it begins too soon. Raises Conflict (`spot_free`) where a spot has become free.
    """
    request = JoinRequest(
        user_id=new.user_id,
        lot_ids=(new.lot_id,),
        reserved_start=to_rfc3339(new.reserved_start),
        reserved_end=to_rfc3339(new.reserved_end),
        needs=new.needs,
        vehicle_plate=new.vehicle_plate,
        series_id=new.series_id,
    )
    try:
        _, lots, entry = _entry_for(session, request)
    except Problem:
        return None
    view = _add(session, entry, lots, by_system=True)
    return {"position": view["position"], "entry_id": entry.id}


def _entry_for(session: Session, request: JoinRequest) -> tuple[User, list[Lot], WaitlistEntry]:
    """Locks the person's place, and returns them, the lots and the entry that they may have. Raises what `join` raises,
    but for `spot_free`."""
    queries.lock_person(session, request.user_id)
    keep_accounts(session, [request.user_id])  # one that is just being deleted would leave the entry behind
    user = get_user(session, request.user_id)
    check_proven(user)
    lots = [open_lot(session, lot_id) for lot_id in request.lot_ids]
    _check_needs(session, request.needs, lots)
    entry = _new_entry(request, lots[0], clock.now())
    _check_entries(session, entry, lots)
    return user, lots, entry


def _add(session: Session, entry: WaitlistEntry, lots: list[Lot], *, by_system: bool = False) -> dict[str, Any]:
    """Puts the entry into the queues of the lots, and returns its view. Raises Conflict (`spot_free`)."""
    _check_full(session, entry, lots)
    session.add(entry)
    session.flush()
    session.add_all(WaitlistLot(entry_id=entry.id, lot_id=lot.id, is_waiting=True) for lot in lots)
    session.flush()
    after = {"lot_ids": [lot.id for lot in lots], **_window(entry)}
    audit.record(session, "waitlist.joined", "waitlist_entry", entry.id, after=after, by_system=by_system)
    events.publish(entry)
    return entry_view(session, entry, entry.created_at)


def _new_entry(request: JoinRequest, lot: Lot, now: datetime) -> WaitlistEntry:
    """Returns the entry that the request asks for. Raises Invalid for an impossible window."""
    entry = WaitlistEntry(
        user_id=request.user_id,
        status="Waiting",
        booking_type="instant",
        vehicle_plate=request.vehicle_plate,
        series_id=request.series_id,
        created_at=now,
        **required(request.needs),
    )
    if request.for_minutes is not None:
        entry.waits_until = now + timedelta(minutes=request.for_minutes)
        return entry
    start, end = read_window(lot, request.reserved_start, request.reserved_end, now)
    if start < now + rules.SHORTEST_HOLD:
        minutes = int(rules.SHORTEST_HOLD.total_seconds() // 60)
        raise Invalid.field("reserved_start", f"You can wait for a time that begins in {minutes} minutes or later.")
    entry.booking_type = "reserved"
    entry.reserved_start, entry.reserved_end, entry.waits_until = start, end, start
    return entry


def _window(entry: WaitlistEntry) -> dict[str, Any]:
    names = ("reserved_start", "reserved_end", "waits_until")
    return {name: to_rfc3339(value) for name in names if (value := getattr(entry, name)) is not None}


def _check_needs(session: Session, needs: Needs, lots: list[Lot]) -> None:
    """Raises Invalid where no spot of the lots has the features, free or not: nobody could ever be offered one."""
    if needs and not queries.has_spot_with(session, [lot.id for lot in lots], needs):
        verb = "has" if len(lots) == 1 else "have"
        raise Invalid.field("needs", f"{' and '.join(lot.name for lot in lots)} {verb} {spots_with(needs, 0)}.")


def _check_entries(session: Session, entry: WaitlistEntry, lots: list[Lot]) -> None:
    """Raises Conflict for a person who waits for this already, or for too much."""
    own = WaitlistEntry.user_id == entry.user_id, queries.is_live_at(entry.created_at)
    others = session.scalars(select(WaitlistEntry).where(*own).order_by(WaitlistEntry.id)).all()
    places = select(WaitlistLot.entry_id).where(WaitlistLot.lot_id.in_([lot.id for lot in lots]))
    here = set(session.scalars(places.where(WaitlistLot.entry_id.in_([other.id for other in others]))))
    for other in others:
        if other.id in here and _overlap(entry, other):
            raise Conflict("You are waiting for this already.", code="already_waiting", entry_id=other.id)
    if len(others) >= rules.MOST_ENTRIES:
        sentence = f"You can wait for at most {counted(rules.MOST_ENTRIES, 'spot')} at a time."
        raise Conflict(sentence, code="too_many_entries")


def _overlap(one: WaitlistEntry, other: WaitlistEntry) -> bool:
    if one.reserved_start is None or other.reserved_start is None:
        return one.reserved_start is other.reserved_start
    assert one.reserved_end is not None
    assert other.reserved_end is not None
    return one.reserved_start < other.reserved_end and other.reserved_start < one.reserved_end


def _check_full(session: Session, entry: WaitlistEntry, lots: list[Lot]) -> None:
    """Raises Conflict `spot_free` where there is a spot to be booked. What is freed after this is offered."""
    longest = max(lot.instant_hold_s for lot in lots)
    start = entry.reserved_start or entry.created_at
    until = entry.reserved_end or start + timedelta(seconds=longest)
    queries.lock_what_may_end(session, [lot.id for lot in lots], start, until)
    for lot in lots:
        until = entry.reserved_end or start + timedelta(seconds=lot.instant_hold_s)
        if free_spot_ids(session, lot.id, start, until, needs=entry.needs, kind=entry.booking_type, limit=1):
            sentence = f"{lot.name} has a free spot for this. Please book it."
            raise Conflict(sentence, code="spot_free", lot_id=lot.id, lot_name=lot.name)


# what the person does with an entry --------------------------------------------------------


def claim(entry_id: int, user_id: int) -> dict[str, Any]:
    """Turns an offer into the booking; a second time returns the same again.

    Raises NotFound, Forbidden (address not confirmed), Conflict: `offer_lapsed`, `no_offer`, `too_many_bookings`.
    """
    _settle(listing.lots_of_entry(entry_id, user_id))
    with transaction() as session:
        record = idempotency.begin(session)
        queries.lock_person(session, user_id)
        entry, hold = _locked(session, entry_id, user_id)
        now = clock.now()
        if entry.status != "Claimed":
            hold = _require_offer(session, entry, hold, now)
            check_proven(get_user(session, user_id))
            check_limit(session.connection().connection, user_id)
            plate, needs, series_id = entry.vehicle_plate, entry.needs, entry.series_id
            row = claim_hold(session, hold, now, plate=plate, needs=needs, series_id=series_id)
            offers.end(session, entry, "Claimed", now)
        else:
            row = listing.booking_of(session, entry, user_id)
        answer = {
            "message": f"Spot {row.spot_number} at {row.lot.name} is yours.",
            "booking": row_view(row, now),
            "entry": entry_view(session, entry, now),
        }
        if record:
            record.store(200, answer)
        return answer


def decline(entry_id: int, user_id: int) -> dict[str, Any]:
    """Gives an offer up; it goes to the next. A second time returns the same again. Raises NotFound, Conflict as
    `claim` does."""
    _settle(listing.lots_of_entry(entry_id, user_id))
    with transaction() as session:
        entry, hold = _locked(session, entry_id, user_id)
        now = clock.now()
        if entry.status != "Declined":
            withdraw_hold(session, _require_offer(session, entry, hold, now), now, by="user")
            offers.end(session, entry, "Declined", now)
        return {"message": "You have declined the offer.", "entry": entry_view(session, entry, now)}


def leave(entry_id: int, user_id: int) -> dict[str, Any]:
    """Takes a person off the waitlist; a spot that is held for them goes to the next. One that has ended stays as it
    is. Raises NotFound."""
    _settle(listing.lots_of_entry(entry_id, user_id))
    with transaction() as session:
        entry, hold = _locked(session, entry_id, user_id)
        now = clock.now()
        if _is_live(entry, hold, now):
            _leave(session, entry, hold, now)
        return {"message": "You are not on this waitlist any more.", "entry": entry_view(session, entry, now)}


def _is_live(entry: WaitlistEntry, hold: BookingRow | None, now: datetime) -> bool:
    """Whether the entry, locked with its hold, waits or has an offer by the clock."""
    claim_by = hold.booking.claim_by if hold is not None else None
    status: rules.Status = entry.status  # type: ignore[assignment]  # a CHECK
    return rules.status_at(status, entry.waits_until, claim_by, now) in rules.LIVE


def _leave(
    session: Session,
    entry: WaitlistEntry,
    hold: BookingRow | None,
    now: datetime,
    reason: rules.StoredReason | None = None,
) -> None:
    if hold is not None:
        withdraw_hold(session, hold, now, by="user")
    offers.end(session, entry, "Left", now, reason)


def leave_series(session: Session, series_id: int, user_id: int, start: datetime) -> None:
    """Ends a person's waits for the dates of their series that begin at `start` or later, which they have given up. In
    the caller's transaction, which has locked their place."""
    entry, now = WaitlistEntry, clock.now()
    waits = entry.series_id == series_id, entry.reserved_start >= start, queries.is_live_at(now)
    for entry_id in session.scalars(select(entry.id).where(*waits).order_by(entry.id)).all():
        one, hold = _locked(session, entry_id, user_id)
        if _is_live(one, hold, now):
            _leave(session, one, hold, now, "series_ended")


def leave_within(
    session: Session, user_id: int, within: Callable[[datetime, str], bool], *, dry_run: bool
) -> list[dict[str, Any]]:
    """Takes a person off the waits for windows that begin within this time in each of their lots: they are away then.
    Returns what they were; with `dry_run` that alone. In the caller's transaction, which has locked their place."""
    now, views = clock.now(), []
    entries = listing.windows_of(session, user_id, now)
    for entry, view in zip(entries, entry_views(session, entries, now), strict=True):
        assert entry.reserved_start is not None
        lots = view["lots"]
        if not all(within(entry.reserved_start, lot["timezone"]) for lot in lots):
            continue
        if not dry_run:
            entry, hold = _locked(session, entry.id, user_id)
            if not _is_live(entry, hold, now):  # ended since it was read
                continue
            _leave(session, entry, hold, now)
        window = {name: view[name] for name in ("reserved_start", "reserved_end")}
        names = ", ".join(lot["name"] for lot in lots)
        views.append({"entry_id": entry.id, "lot_name": names, "lot_timezone": lots[0]["timezone"], **window})
    return sorted(views, key=lambda view: (view["reserved_start"], view["entry_id"]))


def leave_all(session: Session, user_id: int) -> None:
    """Takes a person off every waitlist: their account is being deleted."""
    live = or_(queries.is_waiting, queries.is_offered)
    ids = select(WaitlistEntry.id).where(WaitlistEntry.user_id == user_id, live).order_by(WaitlistEntry.id)
    for entry_id in session.scalars(ids).all():
        entry, hold = _locked(session, entry_id, user_id)
        if entry.status in rules.LIVE:
            _leave(session, entry, hold, clock.now(), "account_deleted")


def _locked(session: Session, entry_id: int, user_id: int) -> tuple[WaitlistEntry, BookingRow | None]:
    """Locks the entry of the user, and before it their account and the hold of its offer, and returns the entry and the
    hold. Raises NotFound."""
    keep_accounts(session, [user_id])
    own = WaitlistEntry.id == entry_id, WaitlistEntry.user_id == user_id
    for _ in range(3):
        booking_id = session.scalar(select(WaitlistEntry.booking_id).where(*own, queries.is_offered))
        hold = locked_hold(session, booking_id) if booking_id is not None else None
        query = select(WaitlistEntry).where(*own).with_for_update().execution_options(populate_existing=True)
        entry = session.scalar(query)
        if entry is None:
            raise NotFound("There is no such entry on your waitlist.")
        if entry.status != "Offered" or (hold is not None and hold.booking.id == entry.booking_id):
            return entry, hold
    raise Unavailable("This offer is changing at the moment. Please try again.")


def _require_offer(session: Session, entry: WaitlistEntry, hold: BookingRow | None, now: datetime) -> BookingRow:
    """Raises Conflict unless the entry has an offer that still stands."""
    if entry.status == "Offered" and hold is not None and now < hold.booking.claim_by:
        return hold
    view = entry_view(session, entry, now)
    if view["status"] == "Lapsed":
        raise Conflict("This offer has lapsed: the spot goes to the next person.", code="offer_lapsed", entry=view)
    raise Conflict("There is no offer to answer at the moment.", code="no_offer", entry=view)


# reading -----------------------------------------------------------------------------------


def own(user_id: int) -> dict[str, Any]:
    """Returns the answer of GET /api/waitlist. What is due by the clock in the lots of the user's entries is written
    first: where no worker runs, whoever looks brings the next offer about."""
    _settle(listing.lots_of_person(user_id))
    now = clock.now()
    return {"entries": listing.own(db.session(), user_id, now), "server_time": to_rfc3339(now)}


def one(entry_id: int, user_id: int) -> dict[str, Any]:
    """Returns one entry of the user. Raises NotFound."""
    _settle(listing.lots_of_entry(entry_id, user_id))
    session, now = db.session(), clock.now()
    query = select(WaitlistEntry).where(WaitlistEntry.id == entry_id, WaitlistEntry.user_id == user_id)
    entry = session.scalar(query)
    if entry is None:
        raise NotFound("There is no such entry on your waitlist.")
    return {"entry": entry_view(session, entry, now), "server_time": to_rfc3339(now)}


def _settle(lot_ids: Any) -> None:
    """Writes what is due by the clock in these lots."""
    db.session.close()
    now = clock.now()
    with read_connection() as connection:
        due = [lot_id for lot_id in lot_ids if transitions_due(connection, lot_id, now)]
    for lot_id in due:
        apply_due_transitions(lot_id)
