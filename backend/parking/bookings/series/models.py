"""Series: reservations of a driver at the same wall times of a lot, on some days of the week."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, Integer, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from parking import clock
from parking.database import BigId, UTCDateTime, Words, db

REMAINING_SQL = "next_day IS NOT NULL"
"""The predicate of the index of series with dates to be booked; SQLite uses it only for a query that repeats it."""


class Series(db.Model):  # type: ignore[name-defined]  # made at run time
    """What the dates of a series have in common, and which of them is to be booked next. Its bookings name it in their
    `series_id`; the dates that are near enough to be booked were booked with it."""

    __tablename__ = "booking_series"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("app_user.id"), index=True)
    lot_id: Mapped[int] = mapped_column(BigId, ForeignKey("parking_lot.id"))
    start_time: Mapped[str] = mapped_column(String(5))
    """Like `end_time` a wall time of the lot, "08:00". An end that is not later is on the next day."""
    end_time: Mapped[str] = mapped_column(String(5))
    days: Mapped[tuple[str, ...]] = mapped_column(Words)
    every_weeks: Mapped[int] = mapped_column(Integer)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    omitted: Mapped[tuple[str, ...]] = mapped_column(Words, default=(), server_default="")
    """The dates (2026-12-24) between the two that the driver did not take."""
    next_day: Mapped[date | None] = mapped_column(Date)
    """The first date that is not dealt with: it lies too far ahead to be booked. None: there is none."""
    spot_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("parking_spot.id"))
    """The spot that the driver named."""
    needs: Mapped[tuple[str, ...]] = mapped_column(Words, default=(), server_default="")
    vehicle_plate: Mapped[str | None] = mapped_column(Text)
    """Like the needs only until the last date is booked: the bookings have their own."""
    wait_if_full: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the driver wants to wait where no spot is free on a date that is booked later."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When the driver gave up what was still to come, or the lot had closed."""

    __table_args__ = (
        CheckConstraint("every_weeks > 0", name="every_weeks"),
        CheckConstraint(f"{REMAINING_SQL} OR (vehicle_plate IS NULL AND needs = '')", name="remaining"),
        Index(
            "booking_series_due",
            "id",
            sqlite_where=text(REMAINING_SQL),
            postgresql_where=text(REMAINING_SQL),
        ),
    )
