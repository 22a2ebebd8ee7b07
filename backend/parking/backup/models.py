"""The backups that were made on the schedule, so that every machine knows the last one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text, text
from sqlalchemy.orm import Mapped, mapped_column

from parking.database import BigId, UTCDateTime, db

OPEN = text("finished_at IS NULL")


class BackupRun(db.Model):  # type: ignore[name-defined]  # made at run time
    """The backup of one period (`day`). A worker holds it until `held_until`; after a failure that is the next attempt.

    `error`: why the last attempt failed.
    """

    __tablename__ = "backup_run"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day: Mapped[str] = mapped_column(Text, unique=True)
    holder: Mapped[str | None] = mapped_column(Text)
    held_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    file: Mapped[str | None] = mapped_column(Text)
    size_bytes: Mapped[int | None] = mapped_column(BigId)
    error: Mapped[str | None] = mapped_column(Text)
