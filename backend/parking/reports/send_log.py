"""The send log: which report went to whom for which period. Each row is written once."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking import clock
from parking.database import upsert
from parking.reports.models import ReportBatch, ReportRun
from parking.reports.periods import Period


def open_batch(
    session: Session, kind: str, period: Period, *, state: str = "open", attempt: str = "", by: int | None = None
) -> int | None:
    """Inserts a batch and returns its id. None when it exists already."""
    return session.scalar(
        upsert.insert(ReportBatch)
        .values(
            kind=kind,
            period=period.key,
            attempt=attempt,
            since=period.since.isoformat() if period.since else None,
            state=state,
            cursor=0,
            queued=0,
            opened_at=clock.now(),
            opened_by=by,
        )
        .on_conflict_do_nothing(index_elements=["kind", "period", "attempt"])
        .returning(ReportBatch.id)
    )


def record(session: Session, kind: str, runs: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """Writes (name of the run, user) rows and returns those that did not exist. The others were sent before."""
    rows = [{"kind": kind, "period": run, "recipient": user_id, "at": clock.now()} for run, user_id in sorted(runs)]
    inserted = session.execute(
        upsert.insert(ReportRun).values(rows).on_conflict_do_nothing().returning(ReportRun.period, ReportRun.recipient)
    )
    return {(run, user_id) for run, user_id in inserted}  # not the row count: PostgreSQL's driver may not know it


def recorded(session: Session, kind: str, runs: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
    """The (name of the run, user) rows that were sent already; possibly with others of the same names and users."""
    if not runs:
        return set()
    query = select(ReportRun.period, ReportRun.recipient).where(
        ReportRun.kind == kind,
        ReportRun.period.in_({run for run, _ in runs}),
        ReportRun.recipient.in_([user_id for _, user_id in runs]),
    )
    return {(run, user_id) for run, user_id in session.execute(query)}


def names_of(session: Session, ids: set[int]) -> dict[int, str]:
    """Returns batch -> its period, for the audit log (which report it is stands in the change)."""
    return dict(session.execute(select(ReportBatch.id, ReportBatch.period).where(ReportBatch.id.in_(ids))).all())
