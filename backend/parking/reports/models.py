"""The tables of the reports. Their rows decide whether a report goes out, not the scheduler: each row exists once, so
two schedulers, a lost schedule file or a machine that was off can neither repeat a report nor drop one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from parking.database import BigId, UTCDateTime, db

OPEN = text("state = 'open'")


class ReportBatch(db.Model):  # type: ignore[name-defined]  # made at run time
    """One report over one period, to all its recipients. Batches are processed in the order of their ids; `cursor` is
    the id of the last user who was processed.

    state: `open` (recipients remain), `closed`, or `start` (the period before this installation began, for which
    nothing was sent). `attempt` is empty unless an administrator started the batch by hand. `since` is the first day
    of a digest. A worker holds the batch until `lease_until` (parking/jobs/lease.py).
    """

    __tablename__ = "report_batch"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    period: Mapped[str] = mapped_column(String(10))
    attempt: Mapped[str] = mapped_column(String(40), default="")
    since: Mapped[str | None] = mapped_column(String(10))
    state: Mapped[str] = mapped_column(String(8))
    cursor: Mapped[int] = mapped_column(BigId, default=0)
    queued: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime] = mapped_column(UTCDateTime)
    opened_by: Mapped[int | None] = mapped_column(BigId, ForeignKey("app_user.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    lease_until: Mapped[datetime | None] = mapped_column(UTCDateTime)

    __table_args__ = (
        UniqueConstraint("kind", "period", "attempt"),
        CheckConstraint("state IN ('open', 'closed', 'start')", name="state"),
        Index("ix_report_batch_open", "id", sqlite_where=OPEN, postgresql_where=OPEN),
    )


class ReportRun(db.Model):  # type: ignore[name-defined]  # made at run time
    """One report to one user, written in the transaction that puts its mail into the outbox.

    `period` names what must not be sent twice: the day or month, the inactivity and its step, the booking.
    """

    __tablename__ = "report_run"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    period: Mapped[str] = mapped_column(String(60), primary_key=True)
    recipient: Mapped[int] = mapped_column(BigId, ForeignKey("app_user.id"), primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (Index("ix_report_run_recipient", "recipient", "kind"), Index("ix_report_run_at", "kind", "at"))
