"""Reads the waitlist: who is next for a free spot, and how many stand before whom."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    literal_column,
    or_,
    select,
    tuple_,
)
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from parking import settings
from parking.accounts import User
from parking.bookings import Booking, is_active, is_live, is_stay, spot_order
from parking.database import Read, UTCDateTime, is_sqlite, plus_seconds, read_once
from parking.lots import Lot, Spot
from parking.spot_features import FEATURES, Needs
from parking.waitlist.models import OFFERED_SQL, WAITING_SQL, WaitlistEntry, WaitlistLot
from parking.waitlist.rules import LIVE, SHORTEST_HOLD, Status

ENTRY: Any = WaitlistEntry.__table__
PLACE: Any = WaitlistLot.__table__
_LOT: Any = Lot.__table__
_SPOT: Any = Spot.__table__
_USER: Any = User.__table__
_BOOKING: Any = Booking.__table__

# Literals, not parameters: SQLite takes a partial index only for its predicate to the letter.
is_waiting: ColumnElement[bool] = literal_column(f"waitlist_entry.{WAITING_SQL}", Boolean)
is_offered: ColumnElement[bool] = literal_column(f"waitlist_entry.{OFFERED_SQL}", Boolean)
in_queue: ColumnElement[bool] = literal_column("waitlist_lot.is_waiting", Boolean)
_NOW = bindparam("now", type_=UTCDateTime())


# by the clock: the same cases as rules.status_at --------------------------------------------


def _ends(now: datetime) -> dict[Status, tuple[ColumnElement[bool], ColumnElement[datetime]]]:
    """Status -> whether an entry has it by the clock and not in its row (never NULL), and since when."""
    at = literal(now, UTCDateTime())
    claim_by = select(_BOOKING.c.claim_by).where(_BOOKING.c.id == ENTRY.c.booking_id).correlate(ENTRY)
    return {
        "Lapsed": (and_(is_offered, claim_by.where(_BOOKING.c.claim_by <= at).exists()), claim_by.scalar_subquery()),
        "Expired": (and_(is_waiting, ENTRY.c.waits_until <= at), ENTRY.c.waits_until),
    }


def status_at(now: datetime) -> ColumnElement[str]:
    """The status at `now`, as a value."""
    return case(*((ends, status) for status, (ends, _) in _ends(now).items()), else_=ENTRY.c.status)


def ended_at(now: datetime) -> ColumnElement[datetime | None]:
    """When an entry ended that has ended by `now`, as a value."""
    return case(*_ends(now).values(), else_=ENTRY.c.ended_at)


def status_is(status: Status, now: datetime) -> ColumnElement[bool]:
    """Whether this is the status at `now`, in a form for which an index of the stored status can be used."""
    ends = {name: condition for name, (condition, _) in _ends(now).items()}
    stored: dict[str, ColumnElement[bool]] = {
        "Waiting": and_(is_waiting, ~ends["Expired"]),
        "Offered": and_(is_offered, ~ends["Lapsed"]),
    }
    written = stored.get(status, ENTRY.c.status == status)
    return or_(written, ends[status]) if status in ends else written


def is_live_at(now: datetime) -> ColumnElement[bool]:
    """Whether the entry waits or is offered a spot at `now`."""
    return or_(*(status_is(status, now) for status in LIVE))


def has_ended(start: datetime, until: datetime | None, now: datetime) -> ColumnElement[bool]:
    """Whether the entry ended in [start, until) and by `now`. Each part has its index."""
    parts = [(ENTRY.c.ended_at.is_not(None), ENTRY.c.ended_at), *_ends(now).values()]
    return or_(*(and_(ends, at >= start, *(() if until is None else (at < until,))) for ends, at in parts))


# who is next --------------------------------------------------------------------------------

_in_turn = (ENTRY.c.created_at, ENTRY.c.id)


class Candidate(NamedTuple):
    """The next entry for which a spot is free, and that spot."""

    id: int
    user_id: int
    spot_id: int
    reserved_start: datetime | None
    reserved_end: datetime | None


def next_in_line(
    session: Session,
    lot_id: int,
    spot_ids: Collection[int] | None,
    now: datetime,
    passed_over: Collection[int],
    *,
    soon: bool = False,
) -> Candidate | None:
    """Returns the first entry that waits for the lot, whose person may book, and for whose whole window one of these
    spots (None: any) is free; without those `passed_over`. With `soon`, among those whose window begins so soon that
    nothing is held for them, and who were not told yet."""
    query, values = _first(lot_id, spot_ids, now, passed_over, soon=soon)
    row = session.execute(query, values).one_or_none()
    if row is None:
        return None
    return Candidate(row.id, row.user_id, row.spot_id, row.reserved_start, row.reserved_end)


def has_candidate(lot_id: int, now: datetime) -> bool:
    """Whether there is such an entry; read without a transaction."""
    return any(read_once(*_first(lot_id, None, now, (), soon=soon)) for soon in (False, True))


def _first(
    lot_id: int,
    spot_ids: Collection[int] | None,
    now: datetime,
    passed_over: Collection[int],
    *,
    soon: bool,
    without_user: int = 0,
) -> tuple[Select[Any], dict[str, Any]]:
    query = _CANDIDATES[spot_ids is None, soon].where(*_may_book(), ENTRY.c.id.not_in(list(passed_over)))
    if without_user:
        query = query.where(ENTRY.c.user_id != without_user)
    fits = query.subquery()
    first = select(fits).where(fits.c.spot_id.is_not(None)).order_by(fits.c.created_at, fits.c.id).limit(1)
    latest, spots = now + SHORTEST_HOLD, list(spot_ids or ())
    return first, {"lot_id": lot_id, "now": now, "latest": latest, "spot_ids": spots, "without": 0}


def is_in_line(session: Session, booking: Any, now: datetime, *, beside: bool = False) -> bool:
    """Whether somebody else than its driver waits who could have the booking's spot if that booking were not there, or
    `beside` it."""
    query, values = _first(booking.lot_id, [booking.spot_id], now, (), soon=False, without_user=booking.user_id)
    without = 0 if beside else booking.id
    return session.execute(query, values | {"without": without}).one_or_none() is not None


def _free_spot(*, any_spot: bool) -> Any:
    """The first spot of the lot, in the order in which they are given out, that has what the entry needs and is free
    over its whole window; for a car that comes now, as long as such a car has it, and without another car on it."""
    start = func.coalesce(ENTRY.c.reserved_start, _NOW)
    until = func.coalesce(ENTRY.c.reserved_end, plus_seconds(_NOW, _LOT.c.instant_hold_s))
    taken = (
        select(_BOOKING.c.id)
        .where(is_live, _BOOKING.c.lot_id == _SPOT.c.lot_id, _BOOKING.c.spot_id == _SPOT.c.id)
        .where(_BOOKING.c.start_time < until)
        .where(or_(_BOOKING.c.held_until > start, and_(ENTRY.c.reserved_start.is_(None), is_active)))
        .where(_BOOKING.c.id != bindparam("without"))
        .correlate(_SPOT, ENTRY, _LOT)
    )
    named = () if any_spot else (_SPOT.c.id.in_(bindparam("spot_ids", expanding=True)),)
    features = (_SPOT.c[name] >= ENTRY.c[name] for name in FEATURES)
    return (
        select(_SPOT.c.id)
        .where(_SPOT.c.lot_id == _LOT.c.id, _SPOT.c.retired_at.is_(None), *features, ~taken.exists(), *named)
        .order_by(*spot_order)
        .limit(1)
        .correlate(ENTRY, _LOT)
        .scalar_subquery()
    )


def _candidates(*, any_spot: bool, soon: bool) -> Select[Any]:
    """Selects the entries of the lot that can be served, each with its free spot or NULL."""
    time = (
        (ENTRY.c.reserved_start > _NOW, ENTRY.c.reserved_start < bindparam("latest", type_=UTCDateTime()))
        if soon
        else (
            ENTRY.c.waits_until > _NOW,
            or_(ENTRY.c.reserved_start.is_(None), ENTRY.c.reserved_start >= bindparam("latest", type_=UTCDateTime())),
        )
    )
    columns = (ENTRY.c[name] for name in ("id", "user_id", "created_at", "reserved_start", "reserved_end"))
    query = (
        select(*columns, _free_spot(any_spot=any_spot).label("spot_id"))
        .select_from(PLACE)
        .join(ENTRY, ENTRY.c.id == PLACE.c.entry_id)
        .join(_LOT, _LOT.c.id == PLACE.c.lot_id)
        .join(_USER, _USER.c.id == ENTRY.c.user_id)
        .where(in_queue, PLACE.c.lot_id == bindparam("lot_id"), is_waiting, _LOT.c.deleted_at.is_(None), *time)
    )
    return query.where(ENTRY.c.told_at.is_(None)) if soon else query


_CANDIDATES = {
    (any_spot, soon): _candidates(any_spot=any_spot, soon=soon) for any_spot in (True, False) for soon in (True, False)
}


def _may_book() -> list[ColumnElement[bool]]:
    """Conditions for people who could book now, and have no other offer that waits for their answer. The others keep
    their place."""
    configured = settings.current()
    other = ENTRY.alias("other")
    offered = select(other.c.id).where(other.c.user_id == ENTRY.c.user_id, literal_column(f"other.{OFFERED_SQL}"))
    conditions = [_USER.c.active.is_(True), _USER.c.deleted_at.is_(None), ~offered.correlate(ENTRY).exists()]
    if configured.email_proof:
        conditions.append(_USER.c.confirmed_at.is_not(None))
    if configured.max_open_bookings_per_user:
        own = select(func.count()).where(is_live, is_stay, _BOOKING.c.user_id == ENTRY.c.user_id).correlate(ENTRY)
        conditions.append(own.scalar_subquery() < configured.max_open_bookings_per_user)
    return conditions


def secure(session: Session, candidate: Candidate, *, wait: bool = False) -> bool:
    """Locks the candidate's place until the end of the transaction. False: somebody else is at it, or it has changed
    since it was read. `wait`: waits for somebody else; only where the transaction has locked nothing else. (SQLite has
    one writer.)"""
    if is_sqlite():
        return True
    if wait:
        lock_person(session, candidate.user_id)
    elif not session.scalar(select(func.pg_try_advisory_xact_lock(-candidate.user_id))):
        return False
    person = select(_USER.c.id).where(_USER.c.id == candidate.user_id, _USER.c.deleted_at.is_(None))
    if session.scalar(person.with_for_update(read=True, key_share=True, skip_locked=not wait)) is None:
        return False
    other = ENTRY.alias("other")
    offered = exists().where(other.c.user_id == candidate.user_id, literal_column(f"other.{OFFERED_SQL}"))
    own = select(ENTRY.c.id).where(ENTRY.c.id == candidate.id, is_waiting, ~offered)
    return session.scalar(own.with_for_update(of=ENTRY, skip_locked=not wait)) is not None


def lock_person(session: Session, user_id: int) -> None:
    """Lets one transaction of a person at a time join the waitlist, claim, or be offered a spot (PostgreSQL)."""
    if not is_sqlite():
        session.execute(select(func.pg_advisory_xact_lock(-user_id)))


def lock_what_may_end(session: Session, lot_ids: Collection[int], start: datetime, until: datetime) -> None:
    """Waits for the transactions that are ending bookings of the lots in this time, and makes others wait: what they
    free is then seen by whoever joins the waitlist, or they see that somebody waits."""
    if is_sqlite():
        return
    lots = select(_LOT.c.id).where(_LOT.c.id.in_(list(lot_ids))).order_by(_LOT.c.id)
    session.execute(lots.with_for_update(read=True))
    overlaps = _BOOKING.c.start_time < until, or_(_BOOKING.c.held_until > start, is_active)
    bookings = select(_BOOKING.c.id).where(is_live, _BOOKING.c.lot_id.in_(list(lot_ids)), *overlaps)
    in_order = bookings.order_by(_BOOKING.c.spot_id, _BOOKING.c.start_time, _BOOKING.c.id)
    session.execute(in_order.with_for_update(read=True, of=_BOOKING))


def lots_waited_for(session: Session, user_ids: Collection[int]) -> list[int]:
    """Returns the lots for which these people wait."""
    query = select(PLACE.c.lot_id).distinct().join_from(PLACE, ENTRY, ENTRY.c.id == PLACE.c.entry_id)
    return list(session.scalars(query.where(is_waiting, ENTRY.c.user_id.in_(list(user_ids))).order_by(PLACE.c.lot_id)))


def has_spot_with(session: Session, lot_ids: Collection[int], needs: Needs) -> bool:
    """Whether one of the lots has a spot with these features, free or not."""
    features = (_SPOT.c[name].is_(True) for name in needs)
    spots = select(_SPOT.c.id).where(_SPOT.c.lot_id.in_(list(lot_ids)), _SPOT.c.retired_at.is_(None), *features)
    return session.scalar(spots.limit(1)) is not None


# the place in the queue --------------------------------------------------------------------


def _compete(start: Any, until: Any, entry: Any, hold_s: Any, now: Any) -> tuple[ColumnElement[bool], ...]:
    """Whether an entry's window and this one overlap; a car that comes now has the time that the lot holds for it."""
    own_until = func.coalesce(entry.c.reserved_end, plus_seconds(now, hold_s))
    return func.coalesce(entry.c.reserved_start, now) < until, own_until > start


def _place_for() -> Read:
    """The caller's place in the queue of the parameter `lot_id`, among the entries that compete for the time: that of
    their own entry, or of one that they would make now. Their entry that has an offer for this time is named, too."""
    start, until = bindparam("start", type_=UTCDateTime()), bindparam("until", type_=UTCDateTime())
    joined = PLACE.join(ENTRY, ENTRY.c.id == PLACE.c.entry_id).join(_LOT, _LOT.c.id == PLACE.c.lot_id)
    queue = (
        select(ENTRY.c.id, ENTRY.c.user_id, func.row_number().over(order_by=_in_turn).label("place"))
        .select_from(joined)
        .where(in_queue, PLACE.c.lot_id == bindparam("lot_id"), is_waiting, ENTRY.c.waits_until > _NOW)
        .where(*_compete(start, until, ENTRY, _LOT.c.instant_hold_s, _NOW))
        .subquery()
    )
    is_own = queue.c.user_id == bindparam("user_id")
    theirs, place = ENTRY.alias("theirs"), PLACE.alias("place_of_theirs")
    offered = (
        select(theirs.c.id)
        .join_from(theirs, place, place.c.entry_id == theirs.c.id)
        .join(_BOOKING, _BOOKING.c.id == theirs.c.booking_id)
        .where(theirs.c.user_id == bindparam("user_id"), literal_column(f"theirs.{OFFERED_SQL}"))
        .where(place.c.lot_id == bindparam("lot_id"), _BOOKING.c.claim_by > _NOW)
        .where(_BOOKING.c.start_time < until, _BOOKING.c.held_until > start)
        .scalar_subquery()
    )
    return Read(
        select(
            func.coalesce(func.min(case((is_own, queue.c.place))), func.count() + 1).label("position"),
            func.min(case((is_own, queue.c.id))).label("own"),
            offered.label("offered"),
        ).select_from(queue)
    )


_PLACE_FOR = _place_for()


def place_for(
    connection: PoolProxiedConnection | None, lot_id: int, user_id: int, start: datetime, until: datetime, now: datetime
) -> tuple[int, int | None, int | None]:
    """Returns the user's place in the queue of the lot for this time, or the one that they would have; their own entry
    if it is in that queue, and their entry that has an offer for it."""
    rows = _PLACE_FOR.rows(connection, lot_id=lot_id, user_id=user_id, start=start, until=until, now=now)
    return rows[0].position, rows[0].own, rows[0].offered


def positions(session: Session, entry_ids: Sequence[int], now: datetime) -> dict[tuple[int, int], int]:
    """Returns (entry, lot) -> its place in the queue of the lot, among those who compete for the same time; 1 is
    next."""
    other, of_other = ENTRY.alias("other"), PLACE.alias("of_other")
    start = func.coalesce(ENTRY.c.reserved_start, _NOW)
    until = func.coalesce(ENTRY.c.reserved_end, plus_seconds(_NOW, _LOT.c.instant_hold_s))
    ahead = (
        select(func.count())
        .select_from(of_other.join(other, other.c.id == of_other.c.entry_id))
        .where(literal_column("of_other.is_waiting"), of_other.c.lot_id == PLACE.c.lot_id)
        .where(literal_column(f"other.{WAITING_SQL}"), other.c.waits_until > _NOW)
        .where(tuple_(other.c.created_at, other.c.id) < tuple_(*_in_turn))
        .where(*_compete(start, until, other, _LOT.c.instant_hold_s, _NOW))
        .correlate(ENTRY, PLACE, _LOT)
        .scalar_subquery()
    )
    rows = (
        select(PLACE.c.entry_id, PLACE.c.lot_id, ahead)
        .join_from(PLACE, ENTRY, ENTRY.c.id == PLACE.c.entry_id)
        .join(_LOT, _LOT.c.id == PLACE.c.lot_id)
        .where(PLACE.c.entry_id.in_(list(entry_ids)), in_queue)
    )
    return {(entry_id, lot_id): number + 1 for entry_id, lot_id, number in session.execute(rows, {"now": now})}
