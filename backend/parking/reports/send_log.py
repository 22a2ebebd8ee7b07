"""The ledger of the timetable. Not the alarm clock but these rows decide whether a report goes out: each is there
once, so two clocks, a lost schedule file or a machine that was off can neither repeat a report nor drop one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from parking.database import BigId, UTCDateTime, db

OPEN = text("state = 'open'")


class ReportBatch(db.Model):  # type: ignore[name-defined]  # made at run time
    """One report over one period, to all who get it. Worked off in the order of their ids; `cursor` is how far.

    state: `open` (recipients are left), `closed`, or `start` (the period before this installation began: nothing was
    sent for it). `attempt` is empty but for a batch that an administrator forced. `since` is the first day of a
    digest. `lease_until` keeps a second worker from doing the same work meanwhile.
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
    """One report to one person, written in the transaction that puts its mail into the outbox.

    `period` names what must not come twice: the day or month, the episode of inactivity and its step, the booking.
    """

    __tablename__ = "report_run"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    period: Mapped[str] = mapped_column(String(60), primary_key=True)
    recipient: Mapped[int] = mapped_column(BigId, ForeignKey("app_user.id"), primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UTCDateTime)

    __table_args__ = (Index("ix_report_run_recipient", "recipient", "kind"), Index("ix_report_run_at", "kind", "at"))
