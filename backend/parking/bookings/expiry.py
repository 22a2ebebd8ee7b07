"""What time alone does to bookings: they begin, end, are missed, and soft claims are renewed.

Beat calls `settle_all` every few seconds; whoever finds a lot full settles that lot first. Each batch is one
transaction over rows nobody else is working on (SKIP LOCKED), and each step looks at the row's state, so that running
twice, side by side or after a kill changes nothing twice. No step ever waits for a lock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, literal, literal_column, or_, select
from sqlalchemy.orm import Session

from parking import clock
from parking.bookings import allocation, transitions
from parking.bookings.models import Booking
from parking.bookings.reading import queries
from parking.bookings.reading.views import claim_of
from parking.bookings.rules import lifecycle
from parking.bookings.status_sql import is_active, is_block, is_reserved
from parking.database import UTCDateTime, plus_seconds, transaction
from parking.lots.models import Lot, Spot

BATCH = 500
RENEW_EVERY = timedelta(minutes=15)
"""A soft claim is renewed when it has lost this much, or a quarter of a short hold."""

NOT_FREE = "The spot was not free in time."

Step = Callable[[Session, Sequence[Row[Any]], datetime], int]


def settle_all() -> int:
    """Everything that is due, batch by batch; the number of bookings changed."""
    return sum(_until_done(query, step, None) for query, step in _WORK)


def settle(lot_id: int) -> int:
    """What is due in one lot (the soft claims can wait); the number of bookings changed."""
    return sum(_until_done(query, step, lot_id) for query, step in _WORK[:2])


def apply_due(session: Session, row: Row[Any], now: datetime) -> None:
    """What is due of one booking that the caller has locked together with its spot."""
    step = _end if row.Booking.status == "Active" else _begin
    step(session, [row], now)
    session.flush()


def _until_done(query: Callable[[datetime], Select[Any]], step: Step, lot_id: int | None) -> int:
    changed = 0
    seen: set[int] = set()
    while True:
        with transaction() as session:
            now = clock.now()
            due = query(now).limit(BATCH)
            if lot_id is not None:
                due = due.where(Booking.lot_id == lot_id)
            if seen:  # a reservation that could not be moved stays due: not again in this run
                due = due.where(Booking.id.not_in(seen))
            rows = session.execute(due).all()
            changed += step(session, rows, now)
            seen = {row.Booking.id for row in rows} if len(rows) == BATCH else set()
        if not seen:
            return changed


def _locked(*where: Any) -> Select[Any]:
    return (
        queries.bookings(with_user=True)
        .where(*where)
        .order_by(Booking.id)
        .with_for_update(of=[Booking, Spot], key_share=True, skip_locked=True)
    )


def _ending(now: datetime) -> Select[Any]:
    """Running reservations that end by themselves, and have."""
    by_itself: ColumnElement[bool] = literal_column("booking.booking_type = 'reserved'")
    return _locked(is_active, Booking.held_until <= now, by_itself, Booking.checkin_grace_s.is_(None))


def _end(session: Session, rows: Sequence[Row[Any]], now: datetime) -> int:
    for row in rows:
        transitions.complete(session, row, now, by="system")
    return len(rows)


def _beginning(now: datetime) -> Select[Any]:
    """Reservations whose time has come: all that begin by themselves; of the others those that are missed, or
    find a car on their spot."""
    deadline = plus_seconds(Booking.reserved_start, Booking.checkin_grace_s)
    car = _car_on_spot().exists()
    return _locked(is_reserved, Booking.start_time <= now, or_(Booking.checkin_grace_s.is_(None), deadline <= now, car))


def _car_on_spot() -> Select[Any]:
    other = Booking.__table__.alias("other")
    return (
        select(other.c.id)
        .where(other.c.lot_id == Booking.lot_id, other.c.spot_id == Booking.spot_id)
        .where(literal_column("other.status = 'Active'"))
        .correlate(Booking)
    )


def _begin(session: Session, rows: Sequence[Row[Any]], now: datetime) -> int:
    spots = [row.Booking.spot_id for row in rows]
    parked = set(session.scalars(select(Booking.spot_id).where(is_active, Booking.spot_id.in_(spots))))
    changed = 0
    for row in rows:
        occupied = row.Booking.spot_id in parked
        changed += _begin_one(session, row, now, occupied=occupied)
        session.flush()
        if row.Booking.status == "Active":
            parked.add(row.Booking.spot_id)
    return changed


def _begin_one(session: Session, row: Row[Any], now: datetime, *, occupied: bool) -> int:
    booking: Booking = row.Booking
    status = lifecycle.status_at(claim_of(booking), now)
    since = allocation.left_at(session, booking)
    if status == "No-show":
        transitions.miss(session, row, now)
    elif status == "Completed" and (occupied or since >= booking.held_until):
        transitions.cancel(session, row, now, by="system", reason=NOT_FREE)
    elif status == "Completed":
        booking.checked_in_at = since
        transitions.complete(session, row, now, by="system")
    elif occupied:
        return _move(session, row)
    elif status == "Active":
        transitions.start(session, row, since)
    else:
        return 0
    return 1


def _move(session: Session, row: Row[Any]) -> int:
    """Puts the reservation on a spot without a car, if there is one. Its beginning follows in the next run."""
    booking: Booking = row.Booking
    other = allocation.free_spot(session, booking.lot_id, booking.start_time, booking.held_until)
    if other is None:
        return 0
    transitions.move(session, row, other.id, other.spot_number)
    return 1


def _renewable(now: datetime) -> Select[Any]:
    """Cars that stay: their claim gets as long again as the lot grants, or up to the next claim on the spot."""
    quarter = Lot.instant_hold_s // 4
    margin = case((quarter < RENEW_EVERY.total_seconds(), quarter), else_=int(RENEW_EVERY.total_seconds()))
    stays = or_(literal_column("booking.booking_type = 'instant'"), Booking.checkin_grace_s.is_not(None))
    short = Booking.held_until < plus_seconds(literal(now, UTCDateTime()), Lot.instant_hold_s - margin)
    return _locked(is_active, and_(stays, ~is_block), short)


def _renew(session: Session, rows: Sequence[Row[Any]], now: datetime) -> int:
    changed = 0
    for row in rows:
        booking: Booking = row.Booking
        wanted = now + timedelta(seconds=row.Lot.instant_hold_s)
        following = allocation.next_claim_start(session, booking, booking.start_time)
        until = min(wanted, following) if following else wanted
        if until > booking.held_until:  # no mail: the receipt tells the diary when the stay has ended
            booking.held_until, booking.sequence = until, booking.sequence + 1
            changed += 1
    session.flush()
    return changed


_WORK: tuple[tuple[Callable[[datetime], Select[Any]], Step], ...] = (
    (_ending, _end),
    (_beginning, _begin),
    (_renewable, _renew),
)
