"""The table of notices."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from parking.database import BigId, UTCDateTime, db

OPEN = text("dismissed_at IS NULL")
"""Literal, because SQLite uses a partial index only for its very words."""


class Notice(db.Model):  # type: ignore[name-defined]  # made at run time
    """One event that one user is told of.

    `kind` is the template of the mail of the same event, or `mail_failed`; `context` is that mail's context. `key`
    names the event, so that it is told once.
    """

    __tablename__ = "notice"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("app_user.id"))
    booking_id: Mapped[int | None] = mapped_column(BigId)
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(200), unique=True)
    context: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
    dismissed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        Index("ix_notice_open", user_id, id, sqlite_where=OPEN, postgresql_where=OPEN),
        # All of a user's, open or not: for the file of their data and the deletion of their account.
        Index("ix_notice_user_id", user_id),
    )
