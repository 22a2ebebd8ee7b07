"""What people call lots, spots, tariffs and bookings in the audit log."""

from __future__ import annotations

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from parking import audit
from parking.bookings.models import Booking
from parking.bookings.reading import lookup
from parking.bookings.series.models import Series
from parking.database.functions import contains
from parking.lots import Lot, Spot
from parking.money import plain_text
from parking.pricing import Tariff


def register() -> None:
    """Tells the audit log."""
    audit.register_names("lot", _lots, _lots_named)
    audit.register_names("spot", _spots)
    audit.register_names("tariff", _tariffs)
    audit.register_names("booking", _bookings, lookup.ids_by_reference)
    audit.register_names("series", _series)


def _lots(session: Session, ids: set[int]) -> dict[int, str]:
    return dict(session.execute(select(Lot.id, Lot.name).where(Lot.id.in_(ids))).all())


def _lots_named(session: Session, text: str) -> set[int]:
    part = contains(Lot.search_text, text)
    return set(session.scalars(select(Lot.id).where(part).limit(lookup.MOST_READ)))


def _spots(session: Session, ids: set[int]) -> dict[int, str]:
    """ "Harbour · 12"."""
    rows = select(Spot.id, Lot.name, Spot.spot_number).join(Lot, Lot.id == Spot.lot_id).where(Spot.id.in_(ids))
    return {one: f"{lot} · {number}" for one, lot, number in session.execute(rows)}


def _tariffs(session: Session, ids: set[int]) -> dict[int, str]:
    """ "2.50 EUR", "300 JPY"."""
    rows = select(Tariff.id, Tariff.hourly_minor, Tariff.currency).where(Tariff.id.in_(ids))
    return {one: f"{plain_text(minor, currency)} {currency}" for one, minor, currency in session.execute(rows)}


def _series(session: Session, ids: set[int]) -> dict[int, str]:
    """ "Harbour · mo we · 08:00–17:30"."""
    columns = Series.id, Lot.name, Series.days, Series.start_time, Series.end_time
    rows = select(*columns).join(Lot, Lot.id == Series.lot_id).where(Series.id.in_(ids))
    return {one: f"{lot} · {' '.join(days)} · {start}–{end}" for one, lot, days, start, end in session.execute(rows)}


def _bookings(session: Session, ids: set[int]) -> dict[int, str]:
    """ "H7K2-M4QX · Harbour · 12"."""
    rows = (
        select(Booking.id, Booking.reference, Lot.name, Spot.spot_number)
        .join(Lot, Lot.id == Booking.lot_id)
        .join(Spot, and_(Spot.lot_id == Booking.lot_id, Spot.id == Booking.spot_id))
        .where(Booking.id.in_(ids))
    )
    return {one: f"{reference} · {lot} · {number}" for one, reference, lot, number in session.execute(rows)}
