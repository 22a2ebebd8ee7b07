"""Who waits for a spot, since when, and what became of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from parking.database import BigId, UTCDateTime, db
from parking.spot_features import FEATURES, Needs
from parking.waitlist.rules import STATUSES, STORED_REASONS

WAITING_SQL, OFFERED_SQL = "status = 'Waiting'", "status = 'Offered'"
"""The predicates of the partial indexes; SQLite uses them only for a query that repeats them to the letter."""
_WAITING, _OFFERED, _IN_QUEUE = text(WAITING_SQL), text(OFFERED_SQL), text("is_waiting")
_OF_SERIES = text("series_id IS NOT NULL")


class WaitlistEntry(db.Model):  # type: ignore[name-defined]  # made at run time
    """One person's wait for one spot. The queue is in the order of `created_at`, then `id`."""

    __tablename__ = "waitlist_entry"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("app_user.id"))
    """None once the person was taken off an entry that has ended."""
    status: Mapped[str] = mapped_column(Text)
    booking_type: Mapped[str] = mapped_column(Text)
    reserved_start: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reserved_end: Mapped[datetime | None] = mapped_column(UTCDateTime)
    waits_until: Mapped[datetime] = mapped_column(UTCDateTime)
    """From this instant on nothing is offered: the start of the window, or as long as the person wanted to wait."""
    accessible: Mapped[bool] = mapped_column(default=False)
    ev: Mapped[bool] = mapped_column(default=False)
    covered: Mapped[bool] = mapped_column(default=False)
    vehicle_plate: Mapped[str | None] = mapped_column(Text)
    series_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("booking_series.id"))
    """The series of which this is a date; the booking that is claimed belongs to it."""
    booking_id: Mapped[int | None] = mapped_column(BigId)
    """The hold of the last offer; of a claimed entry, the booking."""
    offer_lot_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("parking_lot.id"))
    """The lot of the last offer."""
    offered_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    told_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When the person was told of a free spot without a hold."""
    reason: Mapped[str | None] = mapped_column(Text)
    """Why it ended or lost its last offer, where the status does not say that (rules.reason_at)."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    @property
    def needs(self) -> Needs:
        return tuple(name for name in FEATURES if getattr(self, name))

    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status"),
        CheckConstraint("booking_type IN ('instant', 'reserved')", name="type"),
        CheckConstraint(
            "(booking_type = 'reserved') = (reserved_start IS NOT NULL)"
            " AND (reserved_start IS NULL) = (reserved_end IS NULL)",
            name="window",
        ),
        CheckConstraint("reserved_end > reserved_start", name="window_order"),
        CheckConstraint("status NOT IN ('Offered', 'Claimed', 'Lapsed') OR booking_id IS NOT NULL", name="offer"),
        CheckConstraint("(booking_id IS NULL) = (offer_lot_id IS NULL)", name="offer_lot"),
        CheckConstraint("(status IN ('Waiting', 'Offered')) = (ended_at IS NULL)", name="ended"),
        CheckConstraint(f"reason IN {STORED_REASONS}", name="reason"),
        CheckConstraint("ended_at IS NOT NULL OR user_id IS NOT NULL", name="person"),
        Index("waitlist_one_offer", "user_id", unique=True, sqlite_where=_OFFERED, postgresql_where=_OFFERED),
        Index("waitlist_of_person", "user_id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("waitlist_due", "waits_until", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("waitlist_of_series", "series_id", sqlite_where=_OF_SERIES, postgresql_where=_OF_SERIES),
        Index("ix_waitlist_entry_user_id", "user_id", "id"),
        Index("ix_waitlist_entry_booking_id", "booking_id"),
        Index("ix_waitlist_entry_created_at", "created_at"),
        Index("ix_waitlist_entry_ended_at", "ended_at"),
    )


class WaitlistLot(db.Model):  # type: ignore[name-defined]  # made at run time
    """One of the lots for which an entry waits."""

    __tablename__ = "waitlist_lot"

    entry_id: Mapped[int] = mapped_column(BigId, ForeignKey("waitlist_entry.id"), primary_key=True)
    lot_id: Mapped[int] = mapped_column(BigId, ForeignKey("parking_lot.id"), primary_key=True)
    is_waiting: Mapped[bool]
    """Whether the entry is waiting and the lot is open: every booking that ends asks this of its lot."""

    __table_args__ = (
        Index("waitlist_queue", "lot_id", sqlite_where=_IN_QUEUE, postgresql_where=_IN_QUEUE),
        Index("ix_waitlist_lot_lot_id", "lot_id", "entry_id"),
    )
