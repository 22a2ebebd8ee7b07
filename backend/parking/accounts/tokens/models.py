"""What is stored of API tokens: a hash of each, and what it may be used for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from parking.database import BigId, UTCDateTime, Words, db


class ApiToken(db.Model):  # type: ignore[name-defined]  # made at run time
    """A token of one account. Revoking one deletes its row; the audit log says that it existed."""

    __tablename__ = "api_token"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("app_user.id"))
    name: Mapped[str] = mapped_column(String(60))
    name_key: Mapped[str] = mapped_column(String(200))
    """The name as it is compared (text/names.py)."""
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[tuple[str, ...]] = mapped_column(Words)
    lot_ids: Mapped[list[int] | None] = mapped_column(JSON(none_as_null=True))
    """The lots to which it is limited; None: all that its owner may see."""
    as_admin: Mapped[bool]
    """Whether its owner was an administrator when it was created. It is dead once they are not."""
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """Written at most once an hour."""

    __table_args__ = (UniqueConstraint("user_id", "name_key", name="uq_api_token_user_id"),)
