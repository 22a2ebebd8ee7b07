"""The runs of the retention, so that each day has one and the next run begins where the last one ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Text
from sqlalchemy.orm import Mapped, mapped_column

from parking.database import BigId, UTCDateTime, db


class RetentionRun(db.Model):  # type: ignore[name-defined]  # made at run time
    """One run. `day`: the operator's local day of a scheduled run; None for one that somebody started.

    `counts`: what was deleted, by kind. `cutoffs`: what is older than these was looked at (see rules.Cutoffs).
    """

    __tablename__ = "retention_run"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    day: Mapped[str | None] = mapped_column(Text, unique=True)
    started_at: Mapped[datetime] = mapped_column(UTCDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    counts: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    cutoffs: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
