"""Finds a free spot and holds it with a booking, in one attempt that is one transaction.

One statement locks the first spot that has what the driver needs and that no live booking covers, skipping those that
others are taking (PostgreSQL), and inserts the booking. Plain spots are given out first, then covered ones, those with
EV charging and accessible ones, each by number: what some drivers depend on is left for them as long as it can be.

The statement does not see what is committed while it runs; then the constraint decides, and it inserts nothing. Nobody
waits for one spot while they have locked another. SQLite: there is one writer.

The constraint keeps live bookings apart, and knows nothing of a stay that has ended. A request that took the time and
was then held up could get the spot of a car that left meanwhile, from a moment on at which that car was still there. So
a spot whose last stay ended after the start of the new booking is left out, and the caller tries again with the time of
then.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection
from sqlalchemy.sql.dml import ReturningInsert

from parking.accounts import User
from parking.bookings.holds import freed, hooks
from parking.bookings.matching import has_needs
from parking.bookings.models import Booking, visitor_search
from parking.bookings.new_booking import NewBooking, new_reference
from parking.bookings.status_sql import is_active, is_live
from parking.database import Prepared, Read, UTCDateTime, Words, is_sqlite, plus_seconds, upsert
from parking.lots import Lot, Spot
from parking.spot_features import FEATURES, Needs, ordered, required
from parking.text import names

BOOKING: Any = Booking.__table__
SPOT: Any = Spot.__table__
LOT: Any = Lot.__table__
USER: Any = User.__table__
"""The tables: a statement on them runs in a third of the time of one on the mapped classes."""
spot_order = (SPOT.c.accessible, SPOT.c.ev, SPOT.c.covered, SPOT.c.spot_number)
"""The order in which spots are given out; with the lot before it, an index (lots/models.py)."""


def may_book(user: Any) -> ColumnElement[bool]:
    """Condition on the table of accounts: it is open, or it is that of the visitors (accounts.visitors_account)."""
    return or_(and_(user.c.deleted_at.is_(None), user.c.active.is_(True)), user.c.placeholder.is_(True))


def _overlapping() -> tuple[Any, ...]:
    """Conditions for live bookings of the lot that overlap [start_time, held_until)."""
    start, until = bindparam("start_time", type_=UTCDateTime()), bindparam("held_until", type_=UTCDateTime())
    return is_live, BOOKING.c.lot_id == bindparam("lot_id"), BOOKING.c.start_time < until, BOOKING.c.held_until > start


def _free_spots(*, for_a_car_now: bool) -> Select[Any]:
    """Selects the lot's spots without such a booking, in the order in which they are given out; for a car that comes
    now, also without an overstaying car."""
    live, of_lot, starts_before, ends_after = _overlapping()
    covered = or_(ends_after, is_active) if for_a_car_now else ends_after
    taken = select(BOOKING.c.spot_id).where(live, of_lot, starts_before, covered)
    return (
        select(SPOT.c.id, SPOT.c.spot_number)
        .where(SPOT.c.lot_id == bindparam("lot_id"), SPOT.c.retired_at.is_(None), SPOT.c.id.not_in(taken))
        .order_by(*spot_order)
    )


_ANY = {kind: _free_spots(for_a_car_now=kind == "instant") for kind in ("instant", "reserved")}
_FREE = {k: q.where(*has_needs()) for k, q in _ANY.items()}
_OF_SPOT = {k: q.where(SPOT.c.id == bindparam("spot_id")) for k, q in _ANY.items()}
_ELSEWHERE = {k: q.where(SPOT.c.id.not_in(bindparam("closed", expanding=True))) for k, q in _FREE.items()}
_FREE_FIRST = {k: Read(q.limit(1)) for k, q in _FREE.items()}
_FREE_THIS = {k: Read(q) for k, q in _OF_SPOT.items()}
_FREE_LIST = Read(_FREE["reserved"].add_columns(*(SPOT.c[name] for name in FEATURES)).limit(bindparam("number")))
_ENDS_AFTER = BOOKING.c.held_until > bindparam("start_time", type_=UTCDateTime())
_FIRST_HOLD = Read(
    select(BOOKING.c.booking_type, BOOKING.c.start_time, BOOKING.c.held_until)
    .where(is_live, BOOKING.c.lot_id == bindparam("lot_id"), BOOKING.c.spot_id == bindparam("spot_id"))
    .where(BOOKING.c.start_time < bindparam("held_until", type_=UTCDateTime()), or_(_ENDS_AFTER, is_active))
    .order_by(_ENDS_AFTER.desc(), BOOKING.c.start_time)
    .limit(1)
)
_LEFT_LATER = (
    select(BOOKING.c.spot_id)
    .where(BOOKING.c.lot_id == bindparam("lot_id"), BOOKING.c.checked_in_at.is_not(None))
    .where(BOOKING.c.end_time > bindparam("start_time", type_=UTCDateTime()))
)
"""The spots of stays that ended after the start of the new booking: none, unless the request was held up."""
_UNLOCKED = {k: q.limit(1).with_for_update(key_share=True, skip_locked=True, of=SPOT) for k, q in _FREE.items()}
_WAITING = {k: q.limit(1).with_for_update(key_share=True, of=SPOT) for k, q in _FREE.items()}
_THIS = {k: q.with_for_update(key_share=True, of=SPOT) for k, q in _OF_SPOT.items()}
_THE_SPOT = select(SPOT.c.id).where(SPOT.c.id == bindparam("spot_id"))
_SPOT_ALONE = _THE_SPOT.with_for_update(key_share=True)
_SPOT_AT_ONCE = _THE_SPOT.with_for_update(key_share=True, skip_locked=True)
_TYPES: dict[str, Any] = {
    "lot_id": BigInteger(),
    "user_id": BigInteger(),
    "tariff_id": BigInteger(),
    "checkin_grace_s": BigInteger(),
    "sequence": Integer(),
    "series_id": BigInteger(),
}
_COLUMNS = [
    *("lot_id", "spot_id", "user_id", "tariff_id", "booking_type", "status", "start_time", "held_until"),
    *("reserved_start", "reserved_end", "checked_in_at", "checkin_grace_s", "vehicle_plate", "plate_key"),
    *("needs", "series_id", "visitor_name", "visitor_email", "visitor_locale", "visitor_search"),
    *("reference", "reason", "sequence", "created_at", "claim_by"),
]


def _parameter(name: str) -> ColumnElement[Any]:
    """The parameter of a column, of the column's type where the program converts its values."""
    if isinstance(own := BOOKING.c[name].type, UTCDateTime | Words):
        return cast(bindparam(name, type_=own), own)
    return cast(bindparam(name), _TYPES.get(name, Text()))


def _insert_on(spots: Select[Any], dialect: str) -> ReturningInsert[Any]:
    """INSERT … SELECT of the parameters with the spot that the query selects and locks, if the lot is open with this
    tariff still and the account, which is locked too, is not deleted."""
    driver = (
        select(USER.c.id)
        .where(USER.c.id == bindparam("user_id"), may_book(USER))
        .with_for_update(read=True, key_share=True)
        .cte("driver")
    )
    same_lot = exists().where(
        LOT.c.id == bindparam("lot_id"), LOT.c.tariff_id == bindparam("tariff_id"), LOT.c.deleted_at.is_(None)
    )
    spot = spots.where(exists(select(driver.c.id)), same_lot).cte("spot")
    values = [spot.c.id if name == "spot_id" else _parameter(name) for name in _COLUMNS]
    number = select(SPOT.c.spot_number).where(SPOT.c.id == literal_column("booking.spot_id")).scalar_subquery()
    source = select(*values).select_from(spot)
    if dialect == "sqlite":
        statement: Any = insert(BOOKING).from_select(_COLUMNS, source, include_defaults=False)
    else:
        statement = (
            upsert.insert(BOOKING, dialect)
            .from_select(_COLUMNS, source, include_defaults=False)
            .on_conflict_do_nothing()
        )
    return statement.returning(*BOOKING.c, number.label("spot_number"), freed.lot_is_awaited.label("lot_is_awaited"))


_HOLD = {
    (dialect, way, kind, overlapping): Prepared(
        _insert_on(query if overlapping else query.where(SPOT.c.id.not_in(_LEFT_LATER)), dialect)
    )
    for dialect in ("sqlite", "postgresql")
    for way, queries in (("first", _UNLOCKED), ("patient", _WAITING), ("this", _THIS))
    for kind, query in queries.items()
    for overlapping in (False, True)
}


@dataclass(frozen=True, slots=True)
class HeldSpot:
    """A new booking (a row of the table, with the attributes of Booking) and the number of its spot."""

    booking: Any
    spot_number: int


class SpotAwaited(Exception):
    """Somebody waits for a spot that was held: the transaction may not be committed (holds/turns.py)."""

    def __init__(self, lot_id: int) -> None:
        super().__init__(lot_id)
        self.lot_id = lot_id


def hold(
    session: Session,
    new: NewBooking,
    spot_id: int | None = None,
    *,
    patient: bool = False,
    overlapping: bool = False,
) -> HeldSpot | None:
    """Holds a spot with the booking, in one statement: this one, or the first free one with the booking's needs.

    None: the spot is taken, or another transaction is taking it (`patient` waits for that one instead of skipping the
    spot), or a car left it after the booking's start (`overlapping` takes it all the same), or the lot or the account
    has changed since it was read. Raises SpotAwaited where it is somebody else's turn.
    """
    way = "this" if spot_id is not None else "patient" if patient else "first"
    statement = _HOLD["sqlite" if is_sqlite() else "postgresql", way, new.kind, overlapping]
    rows = statement.run(session, **insert_values(new), **required(new.needs), spot_id=spot_id)
    if not rows:
        return None
    booking = rows[0]
    if booking.lot_is_awaited and new.booking_type != "hold" and hooks.waitlist.is_in_line(session, booking):
        raise SpotAwaited(new.lot_id)
    return HeldSpot(booking, booking.spot_number)


def free_for_a_car(now: Any, spot_id: Any = None) -> ColumnElement[bool]:
    """Whether a car that comes now could have a spot of the lot with the needs of the parameters (matching.has_needs),
    or this one: a column of a SELECT from the lots."""
    until = plus_seconds(now, LOT.c.instant_hold_s)
    taken = select(BOOKING.c.spot_id).where(
        is_live, BOOKING.c.lot_id == LOT.c.id, BOOKING.c.start_time < until, or_(BOOKING.c.held_until > now, is_active)
    )
    spots = select(SPOT.c.id).where(SPOT.c.lot_id == LOT.c.id, SPOT.c.retired_at.is_(None), SPOT.c.id.not_in(taken))
    return exists(spots.where(*has_needs()) if spot_id is None else spots.where(SPOT.c.id == spot_id))


def is_free(connection: PoolProxiedConnection, new: NewBooking, spot_id: int | None = None) -> bool:
    """Whether a spot with the booking's needs, or this one, could be held with it; read without a lock."""
    query = _FREE_FIRST if spot_id is None else _FREE_THIS
    return bool(query[new.kind].rows(connection, **_parameters(new), spot_id=spot_id))


def first_free_spot(connection: PoolProxiedConnection, new: NewBooking) -> Any | None:
    """Returns the first spot (id, spot_number) that could be held with the booking, read without a lock."""
    return next(iter(_FREE_FIRST[new.kind].rows(connection, **_parameters(new))), None)


def free_spots(connection: PoolProxiedConnection, new: NewBooking, limit: int) -> list[Any]:
    """Returns spots (id, spot_number and their features) that could be held with the reservation, in the order in which
    they are given out, read without a lock."""
    return _FREE_LIST.rows(connection, **_parameters(new), number=limit)


def _parameters(new: NewBooking) -> dict[str, Any]:
    return _free_over(new.lot_id, new.start_time, new.held_until, new.needs)


def _free_over(lot_id: int, start: datetime, until: datetime, needs: Needs) -> dict[str, Any]:
    return {"lot_id": lot_id, "start_time": start, "held_until": until, **required(needs)}


def spot_to_move_to(session: Session, booking: Booking) -> Row[Any] | None:
    """Returns and locks a spot (id, spot_number) with the booking's needs that is free over its hold; never waits."""
    needs = ordered(booking.needs)
    parameters = _free_over(booking.lot_id, booking.start_time, booking.held_until, needs)
    return session.execute(_UNLOCKED["instant"], parameters).one_or_none()


def spots_elsewhere(
    session: Session, booking: Booking, closed: Collection[int], now: datetime, limit: int
) -> Sequence[Row[Any]]:
    """Returns spots (id, spot_number), without the `closed` ones, to which the booking could be moved, in the order in
    which they are given out; read without a lock."""
    kind, parameters = _elsewhere(booking, closed, now)
    return session.execute(_ELSEWHERE[kind].limit(limit), parameters).all()


def take_elsewhere(session: Session, booking: Booking, closed: Collection[int], now: datetime) -> Row[Any] | None:
    """Returns and locks the first of these spots that nobody else is taking; never waits."""
    kind, parameters = _elsewhere(booking, closed, now)
    lock = _ELSEWHERE[kind].limit(1).with_for_update(key_share=True, skip_locked=True, of=SPOT)
    while spot := session.execute(lock, parameters).one_or_none():
        # Somebody may have taken it after this statement had begun and before it was locked; now nobody can.
        if session.execute(_OF_SPOT[kind], {**parameters, "spot_id": spot.id}).one_or_none():
            return spot
        parameters["closed"].append(spot.id)
    return None


def _elsewhere(booking: Booking, closed: Collection[int], now: datetime) -> tuple[str, dict[str, Any]]:
    """A booking that is due needs a spot without a car on it, as a car that comes now does."""
    parameters = _free_over(booking.lot_id, booking.start_time, booking.held_until, ordered(booking.needs))
    return "instant" if booking.start_time <= now else "reserved", {**parameters, "closed": list(closed)}


def next_hold_start(session: Session, booking: Booking, after: datetime) -> datetime | None:
    """Returns the start of the next live booking of the booking's spot, `after` or later; None if there is none."""
    return session.scalar(
        select(func.min(Booking.start_time)).where(
            is_live,
            Booking.lot_id == booking.lot_id,
            Booking.spot_id == booking.spot_id,
            Booking.start_time >= after,
            Booking.id != booking.id,
        )
    )


def first_hold(
    connection: PoolProxiedConnection, lot_id: int, spot_id: int, start: datetime, until: datetime
) -> Any | None:
    """Returns the type and the hold of the first live booking of the spot that prevents one over [start, until).

    A car that has stayed past its hold prevents it too, and is returned where no hold overlaps.
    """
    rows = _FIRST_HOLD.rows(connection, lot_id=lot_id, spot_id=spot_id, start_time=start, held_until=until)
    return next(iter(rows), None)


def left_at(session: Session, booking: Booking) -> datetime:
    """Returns the instant from which the booking's spot was free for it: its start, or when the car before it left.

    A car that came after the booking's hold had ended was in nobody's way, however late this is asked.
    """
    last = session.scalar(
        select(func.max(Booking.end_time)).where(
            Booking.lot_id == booking.lot_id,
            Booking.spot_id == booking.spot_id,
            Booking.end_time > booking.start_time,
            Booking.start_time < booking.held_until,
            Booking.checked_in_at.is_not(None),
            Booking.id != booking.id,
        )
    )
    return max(booking.start_time, last) if last else booking.start_time


def free_since(session: Session, booking: Any, now: datetime) -> datetime:
    """Returns now, or the later moment at which the car before left the booking's spot (a clock may be behind)."""
    last = session.scalar(
        select(func.max(BOOKING.c.end_time)).where(
            BOOKING.c.lot_id == booking.lot_id,
            BOOKING.c.end_time > now,
            BOOKING.c.spot_id == booking.spot_id,
            BOOKING.c.checked_in_at.is_not(None),
        )
    )
    return last or now


def take_spot(session: Session, spot_id: int) -> bool:
    """Locks the spot until the end of this transaction, unless another one has it; never waits."""
    return session.execute(_SPOT_AT_ONCE, {"spot_id": spot_id}).one_or_none() is not None


def lock_spot(session: Session, lot_id: int, spot_id: int) -> None:
    """Waits for the transaction that is taking this spot, and locks it until the end of this one."""
    session.execute(_SPOT_ALONE, {"spot_id": spot_id})


def insert_values(new: NewBooking) -> dict[str, Any]:
    values = {name: getattr(new, name) for name in new.__slots__}
    values["plate_key"] = names.plate_key(new.vehicle_plate)
    values["visitor_search"] = visitor_search(new.visitor_name, new.visitor_email)
    values["reference"] = new.reference or new_reference()
    values["created_at"] = new.created_at or new.start_time
    return values


def free_spot_ids(
    session: Session,
    lot_id: int,
    start: datetime,
    until: datetime,
    *,
    needs: Needs = (),
    kind: str = "reserved",
    limit: int = 10_000,
) -> list[int]:
    """Returns the spots with these needs that a booking of this type could hold over [start, until), in the order in
    which they are given out, read without a lock."""
    parameters = _free_over(lot_id, start, until, needs)
    return [spot.id for spot in session.execute(_FREE[kind].limit(limit), parameters)]


def lock_lot(session: Session, lot_id: int) -> None:
    """Makes other transactions that call this for the lot wait until the end of this one (PostgreSQL)."""
    if not is_sqlite():
        session.execute(select(func.pg_advisory_xact_lock(lot_id)))
