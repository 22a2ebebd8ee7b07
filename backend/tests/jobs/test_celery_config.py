"""What every job can rely on, whoever wrote it."""

import contextlib
import importlib
import pkgutil
import socket
import ssl
import subprocess
import threading

import kombu
import pytest
from celery import Celery
from kombu.utils import functional

import celery_config
import config
import parking


@pytest.fixture
def celery(tmp_path):
    settings = config.load({"DATA_DIR": str(tmp_path), "EXPORT_DIR": str(tmp_path), "REDIS_URL": "redis://nowhere:1/0"})
    new_app = celery_config.make_celery(settings, set_as_current=False)
    new_app.conf.update(imports=celery_config.TASK_MODULES, beat_schedule=celery_config.beat_schedule())
    return new_app


def test_every_module_with_tasks_is_known_to_the_worker():
    there = {f"parking.{package.name}.tasks" for package in pkgutil.iter_modules(parking.__path__) if package.ispkg}
    existing = {name for name in there if importlib.util.find_spec(name)}
    assert existing == set(celery_config.TASK_MODULES)


def test_every_entry_of_the_schedule_names_a_task_that_exists(celery: Celery):
    celery.loader.import_default_modules()
    celery.finalize()
    for name, entry in celery.conf.beat_schedule.items():
        assert entry["task"] in celery.tasks, name
        assert float(entry["schedule"]) >= 1, name


def test_two_entries_of_one_name_are_an_error(monkeypatch):
    module = importlib.import_module(celery_config.TASK_MODULES[0])
    monkeypatch.setattr(celery_config, "TASK_MODULES", (module.__name__, module.__name__))
    with pytest.raises(ValueError, match="two Beat entries"):
        celery_config.beat_schedule()


def test_messages_are_json_and_nothing_else(celery: Celery):
    assert (celery.conf.task_serializer, list(celery.conf.accept_content)) == ("json", ["json"])


def test_a_job_of_a_killed_worker_comes_back_before_it_is_missed(celery: Celery):
    conf = celery.conf
    assert conf.task_acks_late
    assert conf.task_reject_on_worker_lost
    assert conf.worker_prefetch_multiplier == 1
    assert conf.task_soft_time_limit < conf.task_time_limit < conf.broker_transport_options["visibility_timeout"]


def test_the_clients_task_names_exist(celery: Celery):
    celery.loader.import_default_modules()
    celery.finalize()
    promised = "send_daily_reminders send_monthly_report send_daily_admin_report send_booking_confirmation"
    assert {f"tasks.{name}" for name in promised.split()} <= set(celery.tasks)


def test_the_worker_looks_for_redis_every_few_seconds_however_long_it_is_away(celery: Celery, monkeypatch):
    """Celery's own connection, the control, would come to wait half a minute."""
    monkeypatch.setattr(functional, "sleep", lambda seconds: None)
    celery.conf.broker_url = "redis://127.0.0.1:1/0"  # nobody listens there
    assert longest_pause(celery.connection_for_read()) == celery_config.LONGEST_PAUSE_SECONDS
    assert longest_pause(kombu.Connection("redis://127.0.0.1:1/0")) == 30


def longest_pause(connection: kombu.Connection) -> float:
    pauses: list[float] = []
    with pytest.raises(kombu.exceptions.OperationalError):
        connection.ensure_connection(lambda error, pause: pauses.append(pause), 40)
    return max(pauses)


@pytest.mark.parametrize(("query", "greeted"), [("", False), ("?ssl_cert_reqs=none", True)])
def test_the_certificate_of_redis_is_checked_unless_told_otherwise(tmp_path, query, greeted):
    """A server whose certificate nobody vouches for hears no command, and so no password."""
    key = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2")
    subprocess.run([*key, "-keyout", "key.pem", "-out", "cert.pem"], cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):  # until it is closed
                while True:
                    client, _ = server.accept()
                    with contextlib.suppress(OSError), context.wrap_socket(client, server_side=True) as stream:
                        heard.append(stream.recv(1000))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"rediss://localhost:{server.getsockname()[1]}/0{query}"
        settings = config.load({"DATA_DIR": str(tmp_path), "EXPORT_DIR": str(tmp_path), "REDIS_URL": url})
        celery = celery_config.make_celery(settings, set_as_current=False)
        with pytest.raises(kombu.exceptions.OperationalError) as refused:
            celery.connection_for_write().ensure_connection(max_retries=1, interval_start=0)
    assert any(heard) is greeted, refused.value
