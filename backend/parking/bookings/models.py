"""Bookings. Each holds one spot over [start_time, held_until); the database keeps live bookings of a spot apart
(constraint and triggers: parking/database/constraints.py)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from parking import clock
from parking.bookings.rules.lifecycle import LIVE
from parking.database import BigId, UTCDateTime, Words, db
from parking.database.derived_columns import derived
from parking.text import email_addresses, names

RETIRED = "retired"
OUT_OF_SERVICE = "out of service"
"""The `reference` of a block: the capacity went down, or an administrator took the spot out of service."""

LIVE_SQL = f"status IN {LIVE!r}"
"""The predicate of the partial indexes; SQLite uses them only for a query that repeats it to the letter."""

HELD_SQL = "claim_by IS NOT NULL AND status = 'Reserved'"
"""The predicate of the index of the holds that nobody has claimed."""
NAMED_VISITOR_SQL = "visitor_name > ''"
"""The predicate of the partial index of visitors whose name is not deleted yet, to the letter as above."""

LONG = {"booking_long": 22 * 3600, "booking_longer": 4 * 86_400, "booking_longest": 30 * 86_400}
"""Small indexes of the bookings that lasted longer than so many seconds. A booking that covers a whole local day and
ended well after it is in the first; so the bookings that touch a day long past are read without reading every one
that ended since."""


def longer_than(seconds: int, *, sqlite: bool) -> str:
    """The predicate of those indexes, to the letter (else they are not used)."""
    return f"end_time - start_time > {seconds}" if sqlite else f"(end_time - start_time) > interval '{seconds} seconds'"


def visitor_search(name: str | None, email: str | None) -> str | None:
    """The text in which a visitor is searched: the name, and the address in both spellings."""
    return names.search_text(name, email_addresses.spellings(email or "")) if name else None


class Booking(db.Model):  # type: ignore[name-defined]  # made at run time
    """A stay (instant or reserved), a block that keeps a spot out of use, or a hold that keeps one for a person who may
    claim it. Never deleted."""

    __tablename__ = "booking"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str] = mapped_column(Text)
    lot_id: Mapped[int] = mapped_column(BigId)
    spot_id: Mapped[int] = mapped_column(BigId)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("app_user.id"))
    tariff_id: Mapped[int | None] = mapped_column(BigId)
    booking_type: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    start_time: Mapped[datetime] = mapped_column(UTCDateTime)
    held_until: Mapped[datetime] = mapped_column(UTCDateTime)
    end_time: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reserved_start: Mapped[datetime | None] = mapped_column(UTCDateTime)
    reserved_end: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """The window: of a reservation, and of a block or hold that has one."""
    claim_by: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """Only of a hold: from this instant on it has lapsed, unless it was claimed."""
    checked_in_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    checkin_grace_s: Mapped[int | None] = mapped_column(BigId)
    """Seconds after reserved_start in which the driver must check in; None = no check-in needed. The lot's rule
    when the booking was made."""
    total_cost_minor: Mapped[int | None] = mapped_column(BigId)
    vehicle_plate: Mapped[str | None] = mapped_column(Text)
    plate_key: Mapped[str | None] = derived(names.plate_key, "vehicle_plate", nullable=True)
    needs: Mapped[tuple[str, ...]] = mapped_column(Words, default=(), server_default="")
    """The features that the driver asked for: the spot that a move finds must have them too."""
    series_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("booking_series.id"))
    """The series of which this booking is one date."""
    visitor_name: Mapped[str | None] = mapped_column(Text)
    """Of a booking for a visitor, who has no account: their name; empty once it was deleted (parking/retention)."""
    visitor_email: Mapped[str | None] = mapped_column(Text)
    visitor_locale: Mapped[str | None] = mapped_column(Text)
    """The language of the visitor's mails."""
    visitor_search: Mapped[str | None] = derived(visitor_search, "visitor_name", "visitor_email", nullable=True)
    reason: Mapped[str | None] = mapped_column(Text)
    ended_by: Mapped[str | None] = mapped_column(Text)
    sequence: Mapped[int] = mapped_column(BigId, default=0)
    """Rises with every change that a calendar must hear of (RFC 5545 SEQUENCE)."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)

    __table_args__ = (
        ForeignKeyConstraint(["lot_id", "spot_id"], ["parking_spot.lot_id", "parking_spot.id"]),
        ForeignKeyConstraint(["lot_id", "tariff_id"], ["tariff.lot_id", "tariff.id"]),
        CheckConstraint("booking_type IN ('instant', 'reserved', 'block', 'hold')", name="type"),
        CheckConstraint(
            "status IN ('Reserved', 'Active', 'Completed', 'Cancelled', 'No-show', 'Lapsed')", name="status"
        ),
        CheckConstraint(
            f"CASE WHEN {LIVE_SQL} THEN held_until > start_time AND end_time IS NULL ELSE end_time IS NOT NULL END",
            name="claim",
        ),
        CheckConstraint(
            "(booking_type <> 'reserved' OR reserved_start IS NOT NULL)"
            " AND (booking_type <> 'instant' OR reserved_start IS NULL)"
            " AND (reserved_start IS NULL) = (reserved_end IS NULL)",
            name="window",
        ),
        CheckConstraint("reserved_end > reserved_start", name="window_order"),
        CheckConstraint("status <> 'Active' OR checked_in_at IS NOT NULL", name="checked_in"),
        CheckConstraint("checked_in_at IS NULL OR end_time IS NULL OR end_time >= checked_in_at", name="stay"),
        CheckConstraint("status <> 'Reserved' OR booking_type = 'hold' OR reserved_start IS NOT NULL", name="reserved"),
        CheckConstraint("(tariff_id IS NULL) = (booking_type = 'block')", name="tariff"),
        CheckConstraint("ended_by IN ('user', 'admin', 'system')", name="ended_by"),
        CheckConstraint("total_cost_minor >= 0", name="cost"),
        CheckConstraint(
            "booking_type NOT IN ('block', 'hold') OR coalesce(total_cost_minor, 0) = 0 AND status <> 'No-show'",
            name="free",
        ),
        CheckConstraint(
            "(booking_type = 'hold') = (claim_by IS NOT NULL)"
            " AND (booking_type <> 'hold' OR status IN ('Reserved', 'Cancelled', 'Lapsed'))"
            " AND (booking_type = 'hold' OR status <> 'Lapsed')",
            name="hold",
        ),
        Index(
            "booking_one_active",
            "lot_id",
            "spot_id",
            unique=True,
            sqlite_where=text("status = 'Active'"),
            postgresql_where=text("status = 'Active'"),
        ),
        Index(
            "booking_live",
            "lot_id",
            "spot_id",
            "start_time",
            "held_until",
            sqlite_where=text(LIVE_SQL),
            postgresql_where=text(LIVE_SQL),
        ),
        # Lists come by their start, the newest first (bookings/reading/pages.py): all, and of one user, lot or spot.
        Index("booking_start", "start_time", "id"),
        Index("booking_user", "user_id", "start_time", "id"),
        Index("booking_started", "lot_id", "start_time", "id"),
        Index("booking_spot", "lot_id", "spot_id", "start_time", "id"),
        Index("booking_end", "end_time", "id"),
        Index("booking_ended", "lot_id", "end_time", "id"),
        Index("booking_reference", "reference", postgresql_ops={"reference": "text_pattern_ops"}),
        Index(
            "booking_visitor",
            "end_time",
            "id",
            sqlite_where=text(NAMED_VISITOR_SQL),
            postgresql_where=text(NAMED_VISITOR_SQL),
        ),
        Index("booking_plate", "plate_key", postgresql_ops={"plate_key": "text_pattern_ops"}),
        # No date of a series is booked twice, also when the job that books them is killed and runs again.
        Index(
            "booking_of_series",
            "series_id",
            "reserved_start",
            unique=True,
            sqlite_where=text("series_id IS NOT NULL"),
            postgresql_where=text("series_id IS NOT NULL"),
        ),
        Index(
            "booking_due_start",
            "start_time",
            sqlite_where=text("status = 'Reserved'"),
            postgresql_where=text("status = 'Reserved'"),
        ),
        Index(
            "booking_due_end",
            "held_until",
            sqlite_where=text("status = 'Active'"),
            postgresql_where=text("status = 'Active'"),
        ),
        Index("booking_due_claim", "claim_by", sqlite_where=text(HELD_SQL), postgresql_where=text(HELD_SQL)),
        {"sqlite_strict": True, "postgresql_with": {"fillfactor": 90}},
    )


for _name, _seconds in LONG.items():
    Index(
        _name,
        Booking.lot_id,
        Booking.end_time,
        Booking.start_time,
        sqlite_where=text(longer_than(_seconds, sqlite=True)),
        postgresql_where=text(longer_than(_seconds, sqlite=False)),
    )
