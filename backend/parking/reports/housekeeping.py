"""The deletion of old files and rows as a line of the schedule. Each day has one closed batch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking import clock
from parking.database import db, upsert
from parking.reports.models import ReportBatch

KIND = "housekeeping"
EVERY = timedelta(hours=1)


def record(session: Session, deleted: int) -> None:
    """Records that old data was deleted now, and the number of files."""
    now = clock.now()
    today = {"kind": KIND, "period": f"{now:%Y-%m-%d}", "attempt": "", "state": "closed", "opened_at": now, "cursor": 0}
    session.execute(
        upsert.insert(ReportBatch)
        .values(**today, closed_at=now, queued=deleted)
        .on_conflict_do_update(
            index_elements=["kind", "period", "attempt"],
            set_={"closed_at": now, "queued": ReportBatch.queued + deleted},
        )
    )


def view() -> dict[str, Any]:
    """Its line of the schedule. It sends no mails, so it has no count."""
    newest = select(ReportBatch).where(ReportBatch.kind == KIND).order_by(ReportBatch.id.desc()).limit(1)
    last = db.session.scalars(newest).one_or_none()
    return {
        "kind": KIND,
        "description": "Deletes old export files, sent mails and expired rows",
        "every": None,
        "time": None,
        "timezone": None,
        "running": False,
        "last_period": last.period if last else None,
        "last_run": last.closed_at if last else None,
        "last_count": None,
        "next_run": last.closed_at + EVERY if last and last.closed_at else None,
    }
