"""Health checks and metrics: each status changes with its part, and the metrics count what happened."""

from __future__ import annotations

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import text

from parking import clock, create_app
from parking.database import db, transaction
from parking.jobs import heartbeat
from parking.system import health
from tests.conftest import make_settings


def system(town) -> dict:
    answer = town.ask("GET", "/api/admin/system", "carol")
    assert answer.status_code == 200, answer.text
    return answer.json["system"]


def test_healthz_answers_without_a_database(plain, tmp_path):
    assert plain(database_url=f"sqlite:///{tmp_path}/none/none.db").get("/healthz").json == {"status": "ok"}


def test_readyz_says_what_is_missing(plain, tmp_path):
    empty = plain(database_url=f"sqlite:///{tmp_path / 'empty.db'}").get("/readyz")
    assert empty.status_code == 503
    assert "migration" in empty.json["detail"]
    assert empty.json["errors"]["database"]
    assert int(empty.headers["Retry-After"]) >= 1
    unreachable = plain(database_url="postgresql+psycopg://nobody@127.0.0.1:1/none").get("/readyz")
    assert unreachable.status_code == 503
    assert "does not answer" in unreachable.json["detail"]


def test_readyz_notices_a_lost_guard(town):
    assert town.ask("GET", "/readyz").status_code == 200
    with town.app.app_context():
        if db.engine.dialect.name != "sqlite":
            pytest.skip("dropping a trigger is written for SQLite here; tests/test_schema has both")
        name = db.session.scalar(text("SELECT name FROM sqlite_master WHERE type = 'trigger' LIMIT 1"))
        db.session.execute(text(f'DROP TRIGGER "{name}"'))
        db.session.commit()
    answer = town.ask("GET", "/readyz")
    assert answer.status_code == 503
    assert name in answer.json["detail"]


def test_a_process_that_was_ready_stays_ready_when_a_newer_version_upgrades_the_database(town):
    """Old and new servers side by side; a process that only starts now is not ready."""
    assert town.ask("GET", "/readyz").json["warnings"] == []
    with town.app.app_context(), transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    answer = town.ask("GET", "/readyz")
    assert (answer.status_code, len(answer.json["warnings"])) == (200, 1)
    assert "newer version has upgraded the database (migration 9999)" in answer.json["warnings"][0]
    assert "9999" in system(town)["database"]["detail"]
    started_now = create_app(town.app.extensions["settings"]).test_client().get("/readyz")
    assert started_now.status_code == 503
    assert "migration 9999" in started_now.json["detail"]


def test_a_process_that_was_ready_does_not_serve_an_older_database(town):
    assert town.ask("GET", "/readyz").status_code == 200
    with town.app.app_context(), transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    assert town.ask("GET", "/readyz").status_code == 503


def test_a_request_that_needs_the_database_gets_retry_after(tmp_path):
    app = create_app(make_settings(tmp_path, database_url="postgresql+psycopg://nobody@127.0.0.1:1/none"))
    answer = app.test_client().get("/api/public/lots")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.json["code"] == "unavailable"
    assert "nobody" not in answer.text, "the database's address is nobody's business"


def test_only_an_administrator_sees_the_health_checks(town):
    assert town.ask("GET", "/api/admin/system").status_code == 401
    assert town.ask("GET", "/api/admin/system", "alice").status_code == 403


def test_worker_and_beat_are_dark_until_they_sign_and_again_after_a_minute(town):
    statuses = system(town)
    assert not statuses["worker"]["ok"]
    assert "never" in statuses["beat"]["detail"]
    signed = clock.now()
    with clock.set_to(signed), town.app.app_context():
        for name in ("worker", "beat"):
            heartbeat.sign(name)
    statuses = system(town)
    assert statuses["worker"]["ok"]
    assert statuses["beat"]["ok"]
    with clock.set_to(signed + timedelta(seconds=heartbeat.SILENT_SECONDS + 1)):
        statuses = system(town)
        assert not statuses["worker"]["ok"]
        assert "Silent for 61 s" in statuses["beat"]["detail"]


def test_the_signals_of_celery_sign_and_not_more_often_than_needed(town, monkeypatch):
    from celery.signals import beat_init, before_task_publish, heartbeat_sent

    signed = []
    monkeypatch.setattr(heartbeat, "sign", signed.append)
    receivers = list(beat_init.receivers)
    heartbeat.watch(town.app)
    try:
        heartbeat_sent.send(sender=None)
        heartbeat_sent.send(sender=None)
        before_task_publish.send(sender="tasks.x")
        assert signed == ["worker"], "a process that is not Beat must not sign for it"
        beat_init.send(sender=None)
        before_task_publish.send(sender="tasks.x")
        assert signed == ["worker", "beat"]
    finally:
        as_worker, as_beat = town.app.extensions["heartbeat"]
        heartbeat_sent.disconnect(as_worker)
        before_task_publish.disconnect(as_beat)
        beat_init.receivers[:] = receivers  # else this application signs in the next test, when it takes 15 s


def test_a_database_that_is_away_does_not_stop_the_signing_program(tmp_path):
    app = create_app(make_settings(tmp_path, database_url="postgresql+psycopg://nobody@127.0.0.1:1/none"))
    heartbeat._signer(app, "worker")()


def test_the_health_checks_name_the_parts_and_the_outbox_counts(town):
    statuses = system(town)
    assert statuses["database"]["ok"]
    assert statuses["database"]["kind"] in ("sqlite", "postgresql")
    assert not statuses["redis"]["ok"]
    assert "REDIS_URL" in statuses["redis"]["detail"]
    assert statuses["outbox"]["queued"] >= 1, "the bookings of this town have their confirmations waiting"
    assert statuses["disk"]["total_bytes"] > statuses["disk"]["free_bytes"] > 0
    assert statuses["version"]


def test_a_full_disk_goes_dark(town, monkeypatch):
    monkeypatch.setattr("parking.system.health.LOW_DISK_BYTES", 2**62)
    assert not system(town)["disk"]["ok"]


def sample(text: str, line: str) -> float:
    return next((float(row.rsplit(" ", 1)[1]) for row in text.splitlines() if row.startswith(line + " ")), 0.0)


def test_requests_are_counted_by_route_and_not_by_address(town):
    line = 'http_requests_total{method="GET",route="/api/lots/<int:lot_id>",status="404"}'
    before = sample(town.ask("GET", "/metrics").text, line)
    for n in (501, 502, 503):
        town.ask("GET", f"/api/lots/{n}", "alice")
    after = town.ask("GET", "/metrics").text
    assert sample(after, line) == before + 3
    assert 'http_request_seconds_bucket{le="0.5",method="GET",route="/api/lots/<int:lot_id>"}' in after
    assert "/api/lots/501" not in after
    assert sample(after, 'parking_outbox_mails{state="queued"}') >= 1
    assert sample(after, "parking_outbox_oldest_unsent_seconds") >= 0


def test_metrics_say_how_old_the_last_heartbeats_are(town):
    assert "parking_heartbeat_age_seconds{" not in town.ask("GET", "/metrics").text
    with town.app.app_context():
        heartbeat.sign("worker")
        with clock.set_to(clock.now() + timedelta(seconds=90)):
            after = town.ask("GET", "/metrics").text
    assert sample(after, 'parking_heartbeat_age_seconds{program="worker"}') == 90


def test_an_unknown_method_gets_no_metric_of_its_own(town):
    town.ask("BREW", "/api/lots")
    assert "BREW" not in town.ask("GET", "/metrics").text


def test_metrics_are_served_to_this_machine_or_with_the_token(tmp_path, town):
    assert town.ask("GET", "/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"}).status_code == 200
    outside = town.ask("GET", "/metrics", environ_base={"REMOTE_ADDR": "203.0.113.7"})
    assert outside.status_code == 401
    assert outside.headers["WWW-Authenticate"]
    through_a_proxy = town.ask("GET", "/metrics", headers={"X-Forwarded-For": "203.0.113.7"})
    assert through_a_proxy.status_code == 401, "a proxy on this machine speaks for others"


def test_the_token_of_metrics_opens_and_another_does_not(town, monkeypatch):
    import dataclasses

    town.app.extensions["settings"] = dataclasses.replace(town.app.extensions["settings"], metrics_token="s3cret-token")
    outside = {"REMOTE_ADDR": "203.0.113.7"}
    good, bad = ({"Authorization": f"Bearer {token}"} for token in ("s3cret-token", "wrong"))
    assert town.ask("GET", "/metrics", headers=good, environ_base=outside).status_code == 200
    assert town.ask("GET", "/metrics", headers=bad, environ_base=outside).status_code == 401
    assert town.ask("GET", "/metrics", headers=bad).status_code == 401


def test_in_production_a_local_address_does_not_open_the_metrics(town):
    """A proxy on the same machine that sets no header makes everybody come from the loopback address."""
    import dataclasses

    settings = dataclasses.replace(town.app.extensions["settings"], app_env="production")
    town.app.extensions["settings"] = settings
    for address in ("127.0.0.1", "::1", "203.0.113.7"):
        assert town.ask("GET", "/metrics", environ_base={"REMOTE_ADDR": address}).status_code == 401
    town.app.extensions["settings"] = dataclasses.replace(settings, metrics_token="s3cret-token")
    assert town.ask("GET", "/metrics").status_code == 401
    good = {"Authorization": "Bearer s3cret-token"}
    assert town.ask("GET", "/metrics", headers=good).status_code == 200


OTHER_DATABASE = "postgresql+psycopg://parking@db.example.com/parking"


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({}, []),
        ({"database_url": OTHER_DATABASE, "redis_url": "redis://cache:6379", "smtp_host": "m"}, ["database", "redis"]),
        ({"database_url": f"{OTHER_DATABASE}?sslmode=require"}, ["database"]),
        ({"database_url": f"{OTHER_DATABASE}?sslmode=verify-full", "redis_url": "rediss://cache:6379"}, []),
        ({"redis_url": "rediss://cache:6379?ssl_cert_reqs=none"}, ["redis"]),
        ({"redis_url": "redis://localhost:6379", "smtp_host": "127.0.0.1", "smtp_tls": "none"}, []),
        ({"smtp_host": "mail.example.com", "smtp_tls": "none"}, ["mail"]),
    ],
)
def test_what_is_not_encrypted_between_machines_is_named(app, monkeypatch, changes, names):
    """A problem, unless the operator says that nobody else can reach the network."""
    for private in (False, True):
        values = {"smtp_tls": "starttls", **changes, "private_network": private}
        monkeypatch.setitem(app.extensions, "settings", dataclasses.replace(app.extensions["settings"], **values))
        part = health.encryption()
        assert part["unencrypted"] == names
        assert part["ok"] is (private or not names)
        assert all(name in part["detail"] for name in names)
