"""Lots and their spots."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Float, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from parking import clock
from parking.database import BigId, UTCDateTime, db
from parking.database.derived_columns import Unique, derived
from parking.pricing import Tariff
from parking.text import names


def search_text(name: str, address: str | None) -> str:
    """Returns the text for searches: name and address."""
    return names.search_text(name, address or "")


class Lot(db.Model):  # type: ignore[name-defined]  # made at run time
    """A lot. `capacity` counts the spots in use, numbered from 1; a deleted lot keeps its history."""

    __tablename__ = "parking_lot"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    capacity: Mapped[int]
    timezone: Mapped[str] = mapped_column(String(64))
    calendar: Mapped[str] = mapped_column(Text, default=lambda row: row.get_current_parameters()["timezone"])
    """`timezone`, after the zones it was in before (parking/lot_calendar.py): for days of the past."""
    address: Mapped[str | None] = mapped_column(String(255))
    latitude: Mapped[float | None] = mapped_column(Float)
    longitude: Mapped[float | None] = mapped_column(Float)
    description: Mapped[str | None] = mapped_column(Text)
    tariff_id: Mapped[int | None] = mapped_column(BigId)
    instant_hold_s: Mapped[int] = mapped_column(default=4 * 3600)
    """How long an instant booking holds its spot; the hold is renewed while the car stays."""
    checkin_grace_s: Mapped[int] = mapped_column(default=900)
    require_checkin: Mapped[bool] = mapped_column(default=False)
    shorten_running: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether a reservation that has begun may be ended earlier than it was booked for."""
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    name_key: Mapped[str] = derived(names.key, "name", unique=Unique(unless="deleted_at"))
    sort_key: Mapped[str] = derived(names.sort_key, "name")
    """For the order of lists, and for searches by the name alone."""
    search_text: Mapped[str] = derived(search_text, "name", "address", deferred=True)

    tariff: Mapped[Tariff] = relationship(
        Tariff,
        primaryjoin="and_(foreign(Lot.tariff_id) == Tariff.id, foreign(Lot.id) == Tariff.lot_id)",
        viewonly=True,
        lazy="joined",
    )

    __table_args__ = (
        CheckConstraint("capacity >= 0", name="capacity"),
        CheckConstraint("instant_hold_s > 0 AND checkin_grace_s >= 0", name="holds"),
        Index(
            "uq_parking_lot_name_key",
            name_key,
            unique=True,
            sqlite_where=deleted_at.is_(None),
            postgresql_where=deleted_at.is_(None),
        ),
    )


class Spot(db.Model):  # type: ignore[name-defined]  # made at run time
    """One place for one car. Its status is never stored: it follows from the bookings and the time."""

    __tablename__ = "parking_spot"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lot_id: Mapped[int] = mapped_column(BigId, ForeignKey("parking_lot.id"))
    spot_number: Mapped[int]
    level: Mapped[str | None] = mapped_column(String(20))
    ev: Mapped[bool] = mapped_column(default=False)
    accessible: Mapped[bool] = mapped_column(default=False)
    covered: Mapped[bool] = mapped_column(default=False)
    retired_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """Set when the capacity went down; an endless block booking keeps everyone off it."""
    created_at: Mapped[datetime | None] = mapped_column(UTCDateTime, default=clock.now)
    """Since when it counts as capacity; None = since the lot was created."""

    __table_args__ = (
        UniqueConstraint("lot_id", "spot_number"),
        UniqueConstraint("lot_id", "id"),
        CheckConstraint("spot_number > 0", name="number"),
        # In the order in which spots are given out: bookings/allocation.py takes the first free one.
        Index("parking_spot_order", "lot_id", "accessible", "ev", "covered", "spot_number"),
        Index("parking_spot_since", "lot_id", "created_at"),  # the figures count a lot's capacity from it alone
        {"postgresql_with": {"fillfactor": 80}},
    )
