"""The price lists of lots."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from parking import clock
from parking.database import BigId, UTCDateTime, db


class Tariff(db.Model):  # type: ignore[name-defined]  # made at run time
    """A price list that never changes: a new price is a new row, and a booking keeps the one of its time."""

    __tablename__ = "tariff"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    lot_id: Mapped[int] = mapped_column(BigId, ForeignKey("parking_lot.id"))
    currency: Mapped[str] = mapped_column(Text)
    hourly_minor: Mapped[int] = mapped_column(BigId)
    step_s: Mapped[int] = mapped_column(BigId, default=1)
    free_s: Mapped[int] = mapped_column(BigId, default=0)
    day_cap_minor: Mapped[int | None] = mapped_column(BigId)
    cap_day: Mapped[str] = mapped_column(Text, default="rolling")
    timezone: Mapped[str] = mapped_column(Text)
    """The lot's zone when the price was set: a calendar day of the cap is a day there."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (
        UniqueConstraint("lot_id", "id"),
        CheckConstraint("hourly_minor >= 0", name="price"),
        CheckConstraint("step_s > 0 AND free_s >= 0", name="steps"),
        CheckConstraint("day_cap_minor >= 0", name="cap"),
        CheckConstraint("cap_day IN ('rolling', 'calendar')", name="cap_day"),
        {"sqlite_strict": True},
    )
