"""The outbox, the preferences of users, and the state of the mail server's login."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from parking.database import BigId, UTCDateTime, db
from parking.database.derived_columns import derived
from parking.text import email_addresses, names

STATES = ("queued", "sending", "retrying", "sent", "failed", "suppressed", "discarded")
"""queued → sending → sent | retrying | failed. suppressed: the recipient has unsubscribed, or the address has had too
many mails. discarded: by an administrator, expired, or replaced by a newer mail."""

OPEN = text("state IN ('queued', 'retrying', 'sending')")
"""Mails that still have to go out. Literal, because SQLite uses a partial index only for its very words."""


def search_text(email: str, name: str, subject: str) -> str:
    """The text in which mails are searched: its recipient's address in both spellings and name, and its subject."""
    return names.search_text(email_addresses.spellings(email), name, subject)


class OutboxMail(db.Model):  # type: ignore[name-defined]  # made at run time
    """One mail to one recipient, with everything needed to render it.

    `kind` is the name of its template, `facts` the context. `due_at` is the next attempt of a waiting mail, or the
    end of the lease of one that is being sent (so the mail of a worker that died becomes due by itself). `lease`
    names the holder.
    """

    __tablename__ = "outbox_mail"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(12))
    user_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("app_user.id"), index=True)
    booking_id: Mapped[int | None] = mapped_column(BigId, index=True)
    email: Mapped[str] = mapped_column(String(320))
    name: Mapped[str] = mapped_column(String(200))
    locale: Mapped[str] = mapped_column(String(10))
    timezone: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(200))
    message_id: Mapped[str] = mapped_column(String(255), unique=True)
    dedupe_key: Mapped[str | None] = mapped_column(String(200), unique=True)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    attachments: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    due_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    first_attempt_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    attempts: Mapped[int]
    lost_leases: Mapped[int]
    lease: Mapped[str | None] = mapped_column(String(32))
    server_fault: Mapped[bool]
    last_reply: Mapped[str | None] = mapped_column(String(500))
    search_text: Mapped[str] = derived(search_text, "email", "name", "subject", deferred=True)

    @property
    def context(self) -> dict[str, Any]:
        """The data from which it is rendered."""
        return self.facts

    __table_args__ = (
        CheckConstraint(f"state IN {STATES}", name="state"),
        CheckConstraint("(state = 'sending') = (lease IS NOT NULL)", name="lease"),
        CheckConstraint("(state = 'sent') = (sent_at IS NOT NULL)", name="sent"),
        Index("ix_outbox_mail_due", due_at, id, sqlite_where=OPEN, postgresql_where=OPEN),
        # Not (state, id): SQLite would take that for the sweep and sort all that waits, at every claim.
        Index("ix_outbox_mail_state", id, state),
    )


class MailPreference(db.Model):  # type: ignore[name-defined]  # made at run time
    """Whether a user gets the mails of one template; without a row they do."""

    __tablename__ = "mail_preference"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("app_user.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    enabled: Mapped[bool]


class MailToUnconfirmed(db.Model):  # type: ignore[name-defined]  # made at run time
    """One mail to an address that nobody has confirmed. It holds the address as a hash and outlives the account, so
    that a new account with the same address does not begin anew."""

    __tablename__ = "mail_to_unconfirmed"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    address_hash: Mapped[str] = mapped_column(String(64))
    category: Mapped[str] = mapped_column(String(10))
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (Index("ix_mail_to_unconfirmed_address", address_hash, category, at),)


class MailServer(db.Model):  # type: ignore[name-defined]  # made at run time
    """One row: the server's replies to our login. `config_mark` tells whether they belong to the present settings."""

    __tablename__ = "mail_server"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    config_mark: Mapped[str] = mapped_column(String(64))
    login_failures: Mapped[int]
    paused_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    last_reply: Mapped[str | None] = mapped_column(String(500))


class MailCertificate(db.Model):  # type: ignore[name-defined]  # made at run time
    """One row: when the certificate ends that the mail server `host` gave at the last connection with TLS."""

    __tablename__ = "mail_certificate"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    host: Mapped[str] = mapped_column(String(255))
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime)


class MailHold(db.Model):  # type: ignore[name-defined]  # made at run time
    """One row while no mail is sent, because an outbox from a backup may hold mails that went out long ago."""

    __tablename__ = "mail_hold"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    since: Mapped[datetime] = mapped_column(UTCDateTime)
    backup_of: Mapped[datetime] = mapped_column(UTCDateTime)
    """When the backup was made that was restored."""
