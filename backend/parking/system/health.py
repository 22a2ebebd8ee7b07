"""The status of each part of the system, from measurements."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from parking import backup, clock, jobs, mail, realtime, settings
from parking.accounts import describe_duplicates
from parking.database import database_folder, db, duplicates, is_sqlite, outages, schema

LOW_DISK_BYTES = 500 * 1024 * 1024
STARTS = {
    "worker": "It is part of `make run`; alone: `celery -A celery_worker.celery worker`.",
    "beat": "It is part of `make run`; alone: `celery -A celery_worker.celery beat`.",
}


def unready() -> list[str]:
    """Why no request can be served now, one sentence each. Empty: ready."""
    try:
        return schema.problems()
    except SQLAlchemyError:
        return ["the database does not answer"]


def warnings() -> list[str]:
    """What is wrong although requests are served, one sentence each."""
    folder = database_folder()
    if folder is not None and outages.is_full(folder):
        return ["the disk is full: reading works, changes are refused"]
    return []


def statuses(version: str) -> dict[str, Any]:
    """Every part with `ok`, a sentence, and its measurements."""
    seen = jobs.last_seen()
    return {
        "database": database(),
        "redis": redis(),
        "worker": program("worker", seen),
        "beat": program("beat", seen),
        "outbox": outbox(),
        "disk": disk(settings.current().data_dir),
        "names": names(),
        "backup": backup.status(db.session(), clock.now()),
        "version": version,
    }


def database() -> dict[str, Any]:
    kind = "sqlite" if is_sqlite() else "postgresql"
    problems = unready()
    query = "SELECT sqlite_version()" if kind == "sqlite" else "SHOW server_version"
    return {
        "ok": not problems,
        "detail": "; ".join(problems) or "Answers, and its schema is up to date.",
        "kind": kind,
        "version": str(db.session.scalar(text(query))),
    }


def redis() -> dict[str, Any]:
    states = {
        "up": (True, "Answers."),
        "down": (False, "Does not answer. Bookings work; emails, live updates and exports are delayed."),
        "none": (False, "Not configured: set REDIS_URL, or use `make run`, which brings its own."),
    }
    ok, detail = states[realtime.redis_state()]
    return {"ok": ok, "detail": detail}


def program(name: str, seen: dict[str, Any]) -> dict[str, Any]:
    """A program with a heartbeat every few seconds. Without one for a minute it counts as dead."""
    at = seen.get(name)
    if at is None:
        return {"ok": False, "detail": f"Has never reported. {STARTS[name]}", "last_seen": None}
    age = int((clock.now() - at).total_seconds())
    ok = age <= jobs.SILENT_SECONDS
    detail = f"Last seen {age} s ago." if ok else f"Silent for {age} s. {STARTS[name]}"
    return {"ok": ok, "detail": detail, "last_seen": at}


def outbox() -> dict[str, Any]:
    return mail.health(db.session())


def names() -> dict[str, Any]:
    """Names and addresses that an account or lot shares with an earlier one (parking/database/duplicates.py)."""
    number = duplicates.count(db.session())
    advice = f"{describe_duplicates(number)} See `flask names duplicates`." if number else describe_duplicates(0)
    return {"ok": number == 0, "detail": advice, "count": number}


def disk(folder: Path) -> dict[str, Any]:
    """The disk that holds DATA_DIR."""
    used = shutil.disk_usage(folder)
    ok = used.free >= LOW_DISK_BYTES
    detail = "Enough space." if ok else "Less than 500 MB are free: exports are refused, and bookings may soon be."
    if outages.is_full(folder):
        detail = "The disk is full: reading works, changes are refused. Free some space."
    return {"ok": ok, "detail": detail, "free_bytes": used.free, "total_bytes": used.total}
