"""Export jobs: the request, the progress, the file and its expiry."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from parking.database import BigId, UTCDateTime, db

KINDS = ("bookings", "lot_bookings", "all_data")
STATES = ("queued", "running", "done", "failed", "cancelled", "expired")
OPEN = text("state IN ('queued', 'running')")
"""Jobs that have to be built. A literal, because SQLite uses a partial index only for exactly its condition."""


class ExportJob(db.Model):  # type: ignore[name-defined]  # made at run time
    """One export of one user. `bookings`: the owner's bookings; `lot_bookings`: everybody's, of the lots in
    `filters` (none named: of all), for staff and administrators; `all_data`: everything, for an administrator.

    A worker holds a job by its `lease` until `lease_until` (parking/jobs/lease.py). `file` is a path relative to
    EXPORT_DIR, named by the server; `files` has name, rows and size of the files in it.
    """

    __tablename__ = "export_job"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("app_user.id"))
    kind: Mapped[str] = mapped_column(String(20))
    filters: Mapped[dict[str, Any]] = mapped_column(JSON)
    format: Mapped[str] = mapped_column(String(10), default="machine", server_default="machine")
    """How the file is written (csv_writer.FORMATS without `auto`); its headings are in the owner's language."""
    fingerprint: Mapped[str] = mapped_column(String(64))
    """Hash of kind, filters and format: the same request returns the same job while that is open."""
    state: Mapped[str] = mapped_column(String(12))
    rows_done: Mapped[int] = mapped_column(BigId, default=0)
    rows_total: Mapped[int | None] = mapped_column(BigId)
    size_bytes: Mapped[int | None] = mapped_column(BigId)
    file: Mapped[str | None] = mapped_column(String(200))
    files: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    error: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        CheckConstraint(f"kind IN {KINDS}", name="kind"),
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("(state = 'running') = (lease IS NOT NULL)", name="lease"),
        CheckConstraint("state <> 'done' OR file IS NOT NULL", name="file"),
        Index("ix_export_job_user_id", "user_id", "id"),
        Index("ix_export_job_expires_at", "expires_at"),
        Index(
            "uq_export_job_open",
            "user_id",
            "fingerprint",
            unique=True,
            sqlite_where=OPEN,
            postgresql_where=OPEN,
        ),
    )
