"""What is stored of second factors: no secret of an app, and no recovery code."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from parking.database import BigId, UTCDateTime, db


class SecondFactor(db.Model):  # type: ignore[name-defined]  # made at run time
    """The authenticator app of an account. Its key is computed from the seed and SECRET_KEY (signing.totp_key)."""

    __tablename__ = "second_factor"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("app_user.id"), primary_key=True)
    seed: Mapped[str] = mapped_column(String(64))
    last_step: Mapped[int] = mapped_column(BigInteger, default=0)
    """The time step of the last code that was used; a code of this step or an earlier one no longer counts."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """None: begun, but no code has come from the app yet, so nothing is asked for."""


class RecoveryCode(db.Model):  # type: ignore[name-defined]  # made at run time
    """A code that works once in place of one from the app, as its hash."""

    __tablename__ = "recovery_code"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("app_user.id"))
    code_hash: Mapped[str] = mapped_column(String(64))
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (UniqueConstraint("user_id", "code_hash", name="uq_recovery_code_user_id"),)
