"""Who may sign in: users, their roles, and the browser sessions that refresh their tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask_security.core import RoleMixin, UserMixin
from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, Text, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from parking import clock
from parking.database import Base, BigId, UTCDateTime, Words, db
from parking.database.derived_columns import Unique, derived
from parking.text import email_addresses, names

user_roles = Table(
    "app_user_role",
    Base.metadata,
    Column("user_id", BigId, ForeignKey("app_user.id"), primary_key=True),
    Column("role_id", BigId, ForeignKey("role.id"), primary_key=True),
)


class Role(db.Model, RoleMixin):  # type: ignore[name-defined]  # made at run time
    """`user` drives, `admin` runs lots and users."""

    __tablename__ = "role"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)
    description: Mapped[str | None] = mapped_column(String(200))


def search_text(username: str, email: str) -> str:
    """What an administrator may search an account by: its name, and its address in both spellings."""
    return names.search_text(username, email_addresses.spellings(email))


class User(db.Model, UserMixin):  # type: ignore[name-defined]  # made at run time
    """An account. Deleting one makes it anonymous: its bookings stay in the sums."""

    __tablename__ = "app_user"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    email: Mapped[str] = mapped_column(String(255))
    username: Mapped[str] = mapped_column(String(80))
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    """Stands in every token; a new one ends every session of this user at once."""
    timezone: Mapped[str | None] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(10), default="en")
    theme: Mapped[str] = mapped_column(String(10), default="system")
    csv_format: Mapped[str] = mapped_column(String(10), default="auto", server_default="auto")
    """How the account's CSV files are written, one of csv_writer.FORMATS."""
    plates: Mapped[list[str]] = mapped_column(JSON, default=list)
    needs: Mapped[tuple[str, ...]] = mapped_column(Words, default=(), server_default="")
    """The features of a spot that the driver usually needs; pages begin with them, a booking names its own."""
    confirmed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    placeholder: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Nobody's account: it stands for the person of old bookings (parking/retention)."""

    email_key: Mapped[str] = derived(
        email_addresses.key, "email", unique=Unique(duplicate_key=email_addresses.duplicate_key), deferred=True
    )
    username_key: Mapped[str] = derived(names.key, "username", unique=Unique(), deferred=True)
    search_text: Mapped[str] = derived(search_text, "username", "email", deferred=True)

    roles: Mapped[list[Any]] = relationship(Role, secondary=user_roles, lazy="selectin")

    __table_args__ = (
        Index("uq_app_user_email_key", email_key, unique=True),
        Index("uq_app_user_username_key", username_key, unique=True),
    )


class LoginSession(db.Model):  # type: ignore[name-defined]  # made at run time
    """One signed-in browser: a family of refresh tokens of which only the newest is good.

    The cookie holds the secret, the row its hash. An older one that comes back was stolen or replayed and ends the
    whole family (RFC 9700 §4.14.2).
    """

    __tablename__ = "login_session"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("app_user.id"), index=True)
    family: Mapped[str] = mapped_column(String(64), unique=True)
    token_hash: Mapped[str] = mapped_column(String(64))
    previous_hash: Mapped[str | None] = mapped_column(String(64))
    rotated_at: Mapped[datetime] = mapped_column(UTCDateTime)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    last_used_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    factor_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    """When a code of the second factor last came in this session."""
    user_agent: Mapped[str | None] = mapped_column(Text)
    ip: Mapped[str | None] = mapped_column(String(45))


class SingleUse(db.Model):  # type: ignore[name-defined]  # made at run time
    """A one-time secret that was sent out (first-administrator link, password reset, address change), as its hash."""

    __tablename__ = "single_use"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    purpose: Mapped[str] = mapped_column(String(30))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("app_user.id"), index=True)
    context: Mapped[dict[str, Any]] = mapped_column("facts", JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
