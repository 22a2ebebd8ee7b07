"""How far the replicas of PostgreSQL are behind, as the primary sees them (pg_stat_replication)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from parking.database import is_sqlite

LATE_SECONDS = 60
# Of a replica that has replayed everything PostgreSQL shows no lag. A base backup that is being made is no replica.
_REPLICAS = text(
    "SELECT application_name AS name, state,"
    " CAST(CASE WHEN replay_lsn = sent_lsn THEN 0 ELSE extract(epoch FROM replay_lag) END AS float) AS lag"
    " FROM pg_stat_replication WHERE state IS DISTINCT FROM 'backup' ORDER BY application_name, pid"
)


def status(session: Session) -> dict[str, Any] | None:
    """The replicas that are connected now, each with its state and its lag in seconds. None: there are none.

    `visible`: the role of this program may read their state. A lag is None where it is not known (yet).
    """
    if is_sqlite():
        return None
    rows = session.execute(_REPLICAS).all()
    if not rows:
        return None
    replicas = [{"name": row.name, "state": row.state, "lag_seconds": row.lag} for row in rows]
    visible = all(row.state for row in rows)
    if not visible:
        role = session.scalar(text("SELECT quote_ident(current_user)"))
        detail = f"The database does not show them to this program: GRANT pg_read_all_stats TO {role}, as a superuser."
        return {"ok": True, "detail": detail, "visible": False, "replicas": replicas}
    problems = [problem for row in rows if (problem := _problem(row.name, row.state, row.lag))]
    return {"ok": not problems, "detail": " ".join(problems) or "They follow.", "visible": True, "replicas": replicas}


def _problem(name: str, state: str, lag: float | None) -> str | None:
    if state != "streaming":
        return f"{name} does not stream yet; its state is {state}."
    if lag is not None and lag > LATE_SECONDS:
        return f"{name} is {lag:.0f} s behind."
    return None
