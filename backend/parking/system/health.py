"""The status of each part of the system, from measurements."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Any

from flask import current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from network_settings import unencrypted
from parking import backup, clock, jobs, mail, realtime, settings
from parking.accounts import describe_duplicates
from parking.database import database_folder, db, duplicates, is_sqlite, outages, schema
from parking.system import replication

LOW_DISK_BYTES = 500 * 1024 * 1024
STARTS = {
    "worker": "It is part of `make run`; alone: `celery -A celery_worker.celery worker`.",
    "beat": "It is part of `make run`; alone: `celery -A celery_worker.celery beat`.",
}


_WAS_READY = "was_ready"


@dataclass(frozen=True)
class Readiness:
    """`problems`: why no request can be served now. `warnings`: what is wrong although requests are served. One
    sentence each."""

    problems: list[str]
    warnings: list[str]


def readiness() -> Readiness:
    """Whether requests can be served now.

    A process that was ready stays ready when a newer version upgrades the database: otherwise every server of the
    older version would be taken out of service at once, before one of the newer version runs. A process that starts on
    such a database is not ready.
    """
    try:
        problems = schema.problems()
        newer = schema.newer_migration() if problems and _WAS_READY in current_app.extensions else None
    except SQLAlchemyError:
        return Readiness(["the database does not answer"], [])
    if newer:
        return Readiness([], [f"a newer version has upgraded the database (migration {newer}): upgrade this one too"])
    if problems:
        return Readiness(problems, [])
    current_app.extensions[_WAS_READY] = True
    folder = database_folder()
    full = folder is not None and outages.is_full(folder)
    return Readiness([], ["the disk is full: reading works, changes are refused"] if full else [])


def statuses(version: str) -> dict[str, Any]:
    """Every part with `ok`, a sentence, and its measurements."""
    seen = jobs.last_seen()
    return {
        "database": database(),
        "redis": redis(),
        "worker": program("worker", seen),
        "beat": program("beat", seen),
        "outbox": outbox(),
        "disk": disk(),
        "names": names(),
        "backup": scheduled_backup(),
        "mail_certificate": mail_certificate(),
        "replicas": replicas(),
        "encryption": encryption(),
        "version": version,
    }


def database() -> dict[str, Any]:
    kind = "sqlite" if is_sqlite() else "postgresql"
    now = readiness()
    query = "SELECT sqlite_version()" if kind == "sqlite" else "SHOW server_version"
    return {
        "ok": not now.problems,
        "detail": "; ".join(now.problems + now.warnings) or "Answers, and its schema is up to date.",
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


def scheduled_backup() -> dict[str, Any]:
    return backup.status(db.session(), clock.now())


def mail_certificate() -> dict[str, Any] | None:
    return mail.certificate_health(db.session())


def replicas() -> dict[str, Any] | None:
    return replication.status(db.session())


def encryption() -> dict[str, Any]:
    """Whether every connection to another machine is encrypted, as the settings of this process say."""
    now = settings.current()
    plain = unencrypted(now.database_url, now.redis_url, now.smtp_host, now.smtp_tls)
    detail = "Every connection to another machine is encrypted, or there is none."
    if plain:
        why = "as PRIVATE_NETWORK=on allows" if now.private_network else "set sslmode=verify-full, rediss://, SMTP_TLS"
        detail = f"Not encrypted: {', '.join(plain)} ({why})."
    return {"ok": now.private_network or not plain, "detail": detail, "unencrypted": plain}


def names() -> dict[str, Any]:
    """Names and addresses that an account or lot shares with an earlier one (parking/database/duplicates.py)."""
    number = duplicates.count(db.session())
    advice = f"{describe_duplicates(number)} See `flask names duplicates`." if number else describe_duplicates(0)
    return {"ok": number == 0, "detail": advice, "count": number}


def disk() -> dict[str, Any]:
    """The disk that holds SQLite's file or the one that holds the exports: that with less free space. (DATA_DIR may lie
    in memory, as it does in a container.)"""
    folders = [folder for folder in (database_folder(), settings.current().export_dir) if folder]
    folder = min(folders, key=lambda one: shutil.disk_usage(one).free)
    used = shutil.disk_usage(folder)
    ok = used.free >= LOW_DISK_BYTES
    detail = "Enough space." if ok else "Less than 500 MB are free: exports are refused, and bookings may soon be."
    if outages.is_full(folder):
        detail = "The disk is full: reading works, changes are refused. Free some space."
    return {"ok": ok, "detail": detail, "free_bytes": used.free, "total_bytes": used.total}
