"""The stored statistics: sums per lot and day and per lot and month, and the log of changed days.

All of it can be computed again from the bookings at any time.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Date, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from parking.accounts import User
from parking.database import BigId, UTCDateTime, db

ALL_LOTS = 0
"""The `lot_id` of the rows that hold the sums over every lot."""

Index("app_user_created", User.created_at)


class _Sums:
    """The columns of a roll-up row."""

    bookings: Mapped[int] = mapped_column(BigId, default=0)
    instant: Mapped[int] = mapped_column(BigId, default=0)
    reserved: Mapped[int] = mapped_column(BigId, default=0)
    visits: Mapped[int] = mapped_column(BigId, default=0)
    completed: Mapped[int] = mapped_column(BigId, default=0)
    cancelled: Mapped[int] = mapped_column(BigId, default=0)
    no_shows: Mapped[int] = mapped_column(BigId, default=0)
    revenue_minor: Mapped[int] = mapped_column(BigId, default=0)
    stays: Mapped[int] = mapped_column(BigId, default=0)
    stay_s: Mapped[int] = mapped_column(BigId, default=0)
    occupied_s: Mapped[int] = mapped_column(BigId, default=0)
    reserved_s: Mapped[int] = mapped_column(BigId, default=0)
    available_s: Mapped[int] = mapped_column(BigId, default=0)
    drivers: Mapped[int | None] = mapped_column(BigId)
    """Distinct; does not add up (None in the row over all lots of a day; the detail row has their ids)."""
    peak_cars: Mapped[int] = mapped_column(BigId, default=0)
    """The most cars at one moment (for all lots: of one lot)."""


class LotDay(_Sums, db.Model):  # type: ignore[name-defined]  # made at run time
    """One local day of one lot (or of all lots: lot_id 0). The present day is stored as if nothing changed until its
    end (LotRolled has the state to subtract). A day with only zeros has no row."""

    __tablename__ = "lot_day"

    lot_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)

    # The lots of a period by their revenue come from the index alone.
    __table_args__ = (Index("ix_lot_day_day", "day", "lot_id", "revenue_minor", "visits"),)


class LotDayDetail(db.Model):  # type: ignore[name-defined]  # made at run time
    """The data of the charts of a day; a table of its own, so that sums over many lots read narrow rows."""

    __tablename__ = "lot_day_detail"

    lot_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    occupied: Mapped[list[int]] = mapped_column(JSON)
    """Occupied spot-seconds of each local hour 0..23 (an hour that comes twice holds both)."""
    available: Mapped[list[int]] = mapped_column(JSON)
    stay_minutes: Mapped[dict[str, int]] = mapped_column(JSON)
    """Whole minutes stayed -> number of stays that ended on the day."""
    drivers: Mapped[list[int] | str | None] = mapped_column(JSON)
    """Their ids in the short form of driver_sets.pack, from which the union over several days is computed."""

    __table_args__ = (Index("ix_lot_day_detail_day", "day", "lot_id"),)


class LotMonth(_Sums, db.Model):  # type: ignore[name-defined]  # made at run time
    """One closed month of one lot (or of all lots): the sums of its days, and its distinct drivers."""

    __tablename__ = "lot_month"

    lot_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    month: Mapped[date] = mapped_column(Date, primary_key=True)
    """Its first day."""
    stale: Mapped[bool] = mapped_column(default=False)
    """A day of it has changed since it was summed; readers ignore the row until it is summed again."""

    __table_args__ = (
        Index("ix_lot_month_month", "month", "lot_id", "revenue_minor", "visits"),
        Index("ix_lot_month_stale", "month", sqlite_where=text("stale"), postgresql_where=text("stale")),
    )


class MonthDetail(db.Model):  # type: ignore[name-defined]  # made at run time
    """The data of the charts of a closed month over all lots, so that a year is read as 12 rows instead of 365. Valid
    while the month's sums are (LotMonth.stale)."""

    __tablename__ = "month_detail"

    month: Mapped[date] = mapped_column(Date, primary_key=True)
    """Its first day."""
    occupied: Mapped[list[list[int]]] = mapped_column(JSON)
    """Occupied spot-seconds by [weekday][local hour], Monday first."""
    available: Mapped[list[list[int]]] = mapped_column(JSON)
    stay_minutes: Mapped[dict[str, int]] = mapped_column(JSON)
    busiest: Mapped[list[int] | None] = mapped_column(JSON)
    """The hour with the highest occupancy: [occupied, available, day of the month, hour]."""
    drivers: Mapped[list[int] | str] = mapped_column(JSON)


class LotRolled(db.Model):  # type: ignore[name-defined]  # made at run time
    """How far a lot has been rolled up: every day from first_day to last_day, by this calendar (lot_calendar.py).

    `holds_until` None: last_day had ended. Otherwise last_day was the present day and its row is projected to its end;
    that is true until this moment unless a change is logged. `cars`, `held` and `spots` are the state until then."""

    __tablename__ = "lot_rolled"

    lot_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    timezone: Mapped[str] = mapped_column(Text)
    first_day: Mapped[date] = mapped_column(Date)
    last_day: Mapped[date] = mapped_column(Date)
    rolled_at: Mapped[datetime] = mapped_column(UTCDateTime)
    version: Mapped[int] = mapped_column(BigId, default=0)
    """Increases with every pass, so that a slower pass sees that it was overtaken."""
    holds_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    cars: Mapped[int] = mapped_column(BigId, default=0)
    held: Mapped[int] = mapped_column(BigId, default=0)
    spots: Mapped[int] = mapped_column(BigId, default=0)


class StatsChange(db.Model):  # type: ignore[name-defined]  # made at run time
    """One row of the change log: the sums of a lot may have changed over [from_quarter, to_quarter] (quarters of an
    hour since 1970; NULL: until now). Triggers write it in the transaction that changes a booking (parking/database/
    change_log.py). Rows are only inserted, so that no two bookings wait for each other."""

    __tablename__ = "stats_change"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lot_id: Mapped[int] = mapped_column(BigId)
    from_quarter: Mapped[int] = mapped_column(BigId)
    to_quarter: Mapped[int | None] = mapped_column(BigId)

    __table_args__ = ({"sqlite_autoincrement": True},)
