"""Who works at which lot."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from parking.database import BigId, UTCDateTime, db
from parking.staff.roles import ROLES


class LotStaff(db.Model):  # type: ignore[name-defined]  # made at run time
    """The role of one user in one lot. It rests while the lot is deleted, and comes back with it."""

    __tablename__ = "lot_staff"

    lot_id: Mapped[int] = mapped_column(BigId, ForeignKey("parking_lot.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("app_user.id"), primary_key=True)
    role: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    """When the user joined the lot's staff."""

    __table_args__ = (CheckConstraint(f"role IN {ROLES}", name="role"), Index("ix_lot_staff_user_id", "user_id"))
