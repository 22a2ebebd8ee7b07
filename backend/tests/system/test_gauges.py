"""The state of the system as metrics: each follows what it measures, and each has a line with an alert in the docs."""

from __future__ import annotations

import dataclasses
import re
import shutil
from datetime import timedelta

from sqlalchemy import text

import config
from parking import clock, mail
from parking.backup.models import BackupRun
from parking.database import database_folder, transaction
from parking.jobs import heartbeat
from parking.mail.smtp import certificate
from parking.system import health, replication
from parking.text.email_addresses import DUPLICATE_PREFIX


def metrics(client) -> dict[str, float]:
    lines = [line for line in client.get("/metrics").text.splitlines() if line.startswith("parking_")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


def test_the_disk(app, client):
    now = metrics(client)
    assert 0 < now["parking_disk_free_bytes"] <= now["parking_disk_total_bytes"]


def test_the_disk_is_one_that_something_can_fill(app, client, monkeypatch):
    """In Compose DATA_DIR lies in memory and is small: that is no alarm. A full disk of the exports is one."""
    real, configured, small = shutil.disk_usage, app.extensions["settings"], []

    def usage(folder):
        return real(folder)._replace(total=2**27, free=2**26) if folder in small else real(folder)._replace(free=2**40)

    monkeypatch.setattr(health.shutil, "disk_usage", usage)
    small[:] = [configured.data_dir]
    assert (health.disk()["ok"], metrics(client)["parking_disk_free_bytes"]) == (True, 2**40)
    for folder in filter(None, (configured.export_dir, database_folder())):
        small[:] = [folder]
        assert (health.disk()["ok"], metrics(client)["parking_disk_free_bytes"]) == (False, 2**26)


def test_the_age_of_the_last_scheduled_backup(app, client):
    assert "parking_backup_age_seconds" not in metrics(client)
    with transaction() as session:
        for day, hours in (("2026-03-01", 30), ("2026-03-02", 6)):
            session.add(BackupRun(day=day, finished_at=clock.now() - timedelta(hours=hours), file="x", size_bytes=1))
        session.add(BackupRun(day="2026-03-03", error="no space left"))
    assert metrics(client)["parking_backup_age_seconds"] == 6 * 3600


def test_the_time_since_mail_is_held(app, client):
    assert metrics(client)["parking_mail_held_seconds"] == 0
    with transaction() as session:
        mail.hold(session, clock.now() - timedelta(minutes=5), clock.now() - timedelta(days=1))
    assert metrics(client)["parking_mail_held_seconds"] == 300


def with_mail_server(app) -> None:
    changes = {"smtp_host": "mail.example.com", "smtp_tls": "starttls"}
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], **changes)


def test_the_time_until_the_certificate_ends_and_since(app, client):
    with_mail_server(app)
    assert "parking_smtp_certificate_expiry_seconds" not in metrics(client)
    for left in (timedelta(days=9), timedelta(hours=-1)):
        with transaction() as session:
            certificate.store(session, "mail.example.com", clock.now() + left)
        assert metrics(client)["parking_smtp_certificate_expiry_seconds"] == left.total_seconds()


def test_names_that_are_taken_twice(app, client, alice):
    assert metrics(client)["parking_names_taken_twice"] == 0
    with transaction() as session:
        key = {"key": f"{DUPLICATE_PREFIX}{alice.id} alice"}
        session.execute(text("UPDATE app_user SET username_key = :key"), key)
    assert metrics(client)["parking_names_taken_twice"] == 1


def test_each_has_a_line_with_an_alert_in_the_docs(app, client, monkeypatch):
    """All of them at once, so that none is missing from the comparison."""
    with_mail_server(app)
    heartbeat.sign("worker")
    with transaction() as session:
        certificate.store(session, "mail.example.com", clock.now())
        session.add(BackupRun(day="2026-03-01", finished_at=clock.now(), file="x", size_bytes=1))
    rows = [{"name": "reports", "state": "streaming", "lag_seconds": 1.0}]
    monkeypatch.setattr(replication, "status", lambda session: {"replicas": rows})
    now = {name.split("{")[0] for name in metrics(client)}
    document = (config.ROOT / "docs" / "operations.md").read_text()
    documented = re.findall(r"^\| `(parking_\w+)[^|]*\|[^|]+\|[^|]*\1[^|]*\|$", document, re.MULTILINE)
    assert now == set(documented)
