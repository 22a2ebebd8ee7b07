"""Applies the transitions that are due by the clock: begin, end, miss; and renews the time of cars that stay. Blocks
with a window begin and end here, too (closures/by_clock.py), and holds that nobody claimed lapse (holds/by_clock.py).

Celery beat calls `apply_all_due_transitions` every few seconds; a request that finds a lot full calls
`apply_due_transitions` for that lot. Each batch is one transaction over rows that nobody else has locked (SKIP LOCKED),
and each step reads the state of the row, so that running twice, side by side or after a kill changes nothing twice. No
step waits for a lock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    bindparam,
    case,
    exists,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from parking import clock
from parking.bookings import allocation, transitions
from parking.bookings.closures import by_clock
from parking.bookings.holds import by_clock as holds
from parking.bookings.models import Booking
from parking.bookings.reading import queries
from parking.bookings.reading.queries import BookingRow
from parking.bookings.reading.views import state_of
from parking.bookings.rules import lifecycle, reasons
from parking.bookings.status_sql import is_active, is_reserved, is_stay
from parking.database import Read, UTCDateTime, plus_seconds, read_once, transaction
from parking.lots import Lot, Spot

BATCH = 500
RENEW_EVERY = timedelta(minutes=15)
"""The hold of an instant booking is renewed when so much of it has passed, or a quarter of a short one."""


Step = Callable[[Session, Sequence[BookingRow], datetime], list[BookingRow]]
"""Applies what is due and returns the bookings that it changed."""


def apply_all_due_transitions() -> int:
    """Applies everything that is due, batch by batch. Returns the number of bookings changed."""
    return sum(_in_batches(query, step, None) for query, step in _TRANSITIONS)


def apply_due_transitions(lot_id: int) -> int:
    """Applies what is due in one lot, but renews no holds. Returns the number of bookings changed."""
    return sum(_in_batches(query, step, lot_id) for query, step in _TRANSITIONS[:-1])


def is_due(connection: PoolProxiedConnection, lot_id: int, now: datetime) -> bool:
    """Whether something is due in the lot (`apply_due_transitions`); read without a lock."""
    return bool(_IS_DUE.rows(connection, lot_id=lot_id, now=now)[0].due)


def apply_due_transition(session: Session, row: BookingRow, now: datetime) -> BookingRow:
    """Applies the due transition of one booking that the caller has locked together with its spot, and returns it."""
    if row.booking.status == "Active":
        return _end(session, [row], now)[0]
    return _begin_one(session, row, now, _parked(session, [row], now, wait=True)) or row


def end_blocks_of(session: Session, spot_id: int, now: datetime) -> None:
    """Ends the block of the spot, which the caller has locked, if its window has passed."""
    due = by_clock.ending(now).where(Booking.spot_id == spot_id).with_for_update(of=Booking)
    by_clock.end(session, queries.read(session, due), now)


def _in_batches(query: Callable[[datetime], Select[Any]], step: Step, lot_id: int | None) -> int:
    changed = 0
    seen: set[int] = set()
    if not _any_due(query, lot_id):
        return 0
    while True:
        with transaction() as session:
            now = clock.now()
            due = query(now).limit(BATCH).with_for_update(of=[Booking, Spot], key_share=True, skip_locked=True)
            if lot_id is not None:
                due = due.where(Booking.lot_id == lot_id)
            if seen:  # a reservation that could not be moved stays due: not again in this run
                due = due.where(Booking.id.not_in(seen))
            rows = queries.read(session, due)
            changed += len(step(session, rows, now))
            seen = {row.booking.id for row in rows} if len(rows) == BATCH else set()
        if not seen:
            return changed


def _any_due(query: Callable[[datetime], Select[Any]], lot_id: int | None) -> bool:
    """Looks without a write transaction: most sweeps find nothing, and on SQLite a writer makes the others wait."""
    first = query(clock.now()).with_only_columns(Booking.id, maintain_column_froms=True).order_by(None).limit(1)
    if lot_id is not None:
        first = first.where(Booking.lot_id == lot_id)
    return bool(read_once(first, {}))


def _rows(*where: Any) -> Select[Any]:
    return queries.select_bookings().where(*where).order_by(Booking.id)


def _ending(now: datetime) -> Select[Any]:
    return _rows(*_ends(now))


def _ends(now: Any) -> tuple[ColumnElement[bool], ...]:
    """Conditions for running blocks and reservations without check-in whose window has ended."""
    by_itself: ColumnElement[bool] = literal_column("booking.reserved_end IS NOT NULL")
    return is_active, Booking.held_until <= now, by_itself, Booking.checkin_grace_s.is_(None)


def _end(session: Session, rows: Sequence[BookingRow], now: datetime) -> list[BookingRow]:
    return [transitions.complete(session, row, now, by="system") for row in rows]


def _beginning(now: datetime) -> Select[Any]:
    return _rows(*_begins(now))


def _begins(now: Any) -> tuple[ColumnElement[bool], ...]:
    """Conditions for reservations that are due: all without check-in that have begun; of the others those that were
    missed or have a car on their spot."""
    deadline = plus_seconds(Booking.reserved_start, Booking.checkin_grace_s)
    car = _car_on_spot().exists()
    return is_reserved, is_stay, Booking.start_time <= now, or_(Booking.checkin_grace_s.is_(None), deadline <= now, car)


# Made once: an alias has a copy of every column, and a sweep begins with this.
_OTHER: Any = Booking.__table__.alias("other")


def _car_on_spot() -> Select[Any]:
    return (
        select(_OTHER.c.id)
        .where(_OTHER.c.lot_id == Booking.lot_id, _OTHER.c.spot_id == Booking.spot_id)
        .where(literal_column("other.status = 'Active'"))
        .correlate(Booking)
    )


def _begin(session: Session, rows: Sequence[BookingRow], now: datetime) -> list[BookingRow]:
    parked = _parked(session, rows, now)
    changed = []
    for row in rows:
        begun = _begin_one(session, row, now, parked)
        if begun:
            changed.append(begun)
            if begun.booking.status == "Active":
                parked[begun.booking.spot_id] = begun.booking.start_time
    return changed


def _parked(
    session: Session, rows: Sequence[BookingRow], now: datetime, *, wait: bool = False
) -> dict[int, datetime | None]:
    """Returns when the stay of the car on each of the bookings' spots began; None for a car that is leaving.

    What a release has not committed yet is not known: its car may have left long ago, because the request took the
    time and was then held up. Nor does a car stand there whose window has ended, if only that is not written yet. With
    `wait` this waits for the release, and writes the end.
    """
    spots = [row.booking.spot_id for row in rows]
    if wait:
        for ending, end in ((_ending, _end), (by_clock.ending, by_clock.end)):
            end(session, queries.read(session, ending(now).where(_on(spots)).with_for_update(of=Booking)), now)
    query = select(Booking.spot_id, Booking.start_time).where(is_active, _on(spots))
    stays = query.where(~and_(*_ends(now))).with_for_update(read=True, skip_locked=not wait)
    certain = session.execute(stays).all()
    leaving = () if wait else session.execute(query).all()
    return {one.spot_id: None for one in leaving} | {one.spot_id: one.start_time for one in certain}


def _on(spots: list[int]) -> ColumnElement[bool]:
    return Booking.spot_id.in_(spots)


def _begin_one(
    session: Session, row: BookingRow, now: datetime, parked: dict[int, datetime | None]
) -> BookingRow | None:
    booking = row.booking
    status = lifecycle.status_at(state_of(booking), now)
    if status == "No-show":
        return transitions.miss(session, row, now)
    occupied, car = booking.spot_id in parked, parked.get(booking.spot_id)
    if occupied and car is None:
        return None
    since = allocation.left_at(session, booking)
    if status == "Completed":
        never_free = since >= booking.held_until or (car is not None and car < booking.held_until)
        if never_free:
            return transitions.cancel(session, row, now, by="system", reason=reasons.NOT_FREE)
        return transitions.complete(session, row, now, by="system", checked_in_at=since)
    if occupied:
        return _move(session, row)
    return transitions.start(session, row, since) if status == "Active" else None


def _move(session: Session, row: BookingRow) -> BookingRow | None:
    """Moves the reservation to a spot without a car that has its needs, if there is one. It begins in the next run."""
    other = allocation.spot_to_move_to(session, row.booking)
    return transitions.move(session, row, other.id, other.spot_number) if other else None


def _renewable(now: datetime) -> Select[Any]:
    """Selects cars whose hold is to be renewed: for as long as the lot grants, or up to the next hold of the spot. A
    reservation has its window until that is over: what comes after it is free for others."""
    quarter = Lot.instant_hold_s // 4
    margin = case((quarter < RENEW_EVERY.total_seconds(), quarter), else_=int(RENEW_EVERY.total_seconds()))
    window_over = and_(Booking.checkin_grace_s.is_not(None), Booking.reserved_end <= now)
    stays = or_(literal_column("booking.booking_type = 'instant'"), window_over)
    short = Booking.held_until < plus_seconds(literal(now, UTCDateTime()), Lot.instant_hold_s - margin)
    return _rows(is_active, stays, short)


def _renew(session: Session, rows: Sequence[BookingRow], now: datetime) -> list[BookingRow]:
    changed = []
    for row in rows:
        booking = row.booking
        full = now + timedelta(seconds=row.lot.instant_hold_s)
        following = allocation.next_hold_start(session, booking, booking.start_time)
        until = min(full, following) if following else full
        if until > booking.held_until:  # no mail: the calendar learns the end from the receipt
            sequence = booking.sequence + 1
            changed.append(transitions.update_booking(session, row, held_until=until, sequence=sequence))
    return changed


_TRANSITIONS: tuple[tuple[Callable[[datetime], Select[Any]], Step], ...] = (
    (_ending, _end),
    (by_clock.ending, by_clock.end),
    (holds.lapsing, holds.lapse),
    (_beginning, _begin),
    (by_clock.beginning, by_clock.begin),
    (_renewable, _renew),
)


def _is_due() -> Read:
    now, in_lot = bindparam("now", type_=UTCDateTime()), Booking.lot_id == bindparam("lot_id")
    due = (exists(select(Booking.id).where(in_lot, *one)) for one in (_ends(now), _begins(now), holds.lapses(now)))
    return Read(select(or_(*due).label("due")))


_IS_DUE = _is_due()
