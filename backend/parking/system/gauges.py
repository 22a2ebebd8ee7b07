"""The state of the system as metrics, read at the moment of the scrape: the same from every process, but for the disk,
which is that of the machine. A metric whose value is not known is absent. docs/operations.md has an alert for each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from parking import clock, jobs
from parking.system import health


class Gauges:
    """A collector of prometheus_client."""

    def collect(self) -> Iterator[Any]:
        yield from _mail()
        yield from _certificate()
        yield from _programs()
        yield from _disk()
        yield from _backup()
        yield from _replicas()
        number = health.names()["count"]
        yield _gauge("parking_names_taken_twice", "Accounts and lots that share a name or address.", number)


def _mail() -> Iterator[Any]:
    outbox = health.outbox()
    by_state = {state: outbox[state] for state in ("queued", "failed")}
    yield _labelled("parking_outbox_mails", "Mails by state.", "state", by_state)
    oldest = outbox["oldest_unsent_seconds"] or 0
    yield _gauge("parking_outbox_oldest_unsent_seconds", "Age of the oldest mail that waits.", oldest)
    held = _age(outbox["hold"]["since"]) if outbox["hold"] else 0
    yield _gauge("parking_mail_held_seconds", "Time since mail is held after a restore; 0 while it is sent.", held)


def _certificate() -> Iterator[Any]:
    certificate = health.mail_certificate()
    if certificate and certificate["expires_at"]:
        left = -_age(certificate["expires_at"])
        yield _gauge("parking_smtp_certificate_expiry_seconds", "Time until the mail server's certificate ends.", left)


def _programs() -> Iterator[Any]:
    meaning = "Time since any worker, and any Beat, gave a sign of life; absent before the first."
    ages = {program: _age(at) for program, at in jobs.last_seen().items()}
    yield _labelled("parking_heartbeat_age_seconds", meaning, "program", ages)


def _disk() -> Iterator[Any]:
    disk = health.disk()
    yield _gauge("parking_disk_free_bytes", "Free space of the disk of SQLite or of the exports.", disk["free_bytes"])
    yield _gauge("parking_disk_total_bytes", "Size of that disk.", disk["total_bytes"])


def _backup() -> Iterator[Any]:
    last = health.scheduled_backup()["last_at"]
    if last:
        yield _gauge("parking_backup_age_seconds", "Time since the last scheduled backup was made.", _age(last))


def _replicas() -> Iterator[Any]:
    """Replicas may have the same name, and a metric has one value for each: then it is that of the slowest."""
    lags: dict[str, float] = {}
    for replica in (health.replicas() or {"replicas": []})["replicas"]:
        if replica["lag_seconds"] is not None:
            lags[replica["name"]] = max(replica["lag_seconds"], lags.get(replica["name"], 0))
    if lags:
        yield _labelled("parking_replica_lag_seconds", "How far a replica of PostgreSQL is behind.", "replica", lags)


def _age(moment: datetime) -> float:
    return (clock.now() - moment).total_seconds()


def _gauge(name: str, meaning: str, value: float) -> Any:
    from prometheus_client.core import GaugeMetricFamily

    return GaugeMetricFamily(name, meaning, value=value)


def _labelled(name: str, meaning: str, label: str, values: dict[str, float]) -> Any:
    from prometheus_client.core import GaugeMetricFamily

    family = GaugeMetricFamily(name, meaning, labels=[label])
    for one, value in values.items():
        family.add_metric([one], value)
    return family
