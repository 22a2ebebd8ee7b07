"""Answers kept under a client's key, so that a retried request is answered again and done once."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from parking.database import BigId, UTCDateTime, db


class IdempotencyKey(db.Model):  # type: ignore[name-defined]  # made at run time
    """Written in the same transaction as the change it answers for; kept 24 h."""

    __tablename__ = "idempotency_key"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("app_user.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)
