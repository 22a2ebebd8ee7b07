"""A start that cannot succeed says what is wrong and what to do, in a line or two, and ends with a non-zero code."""

import socket
import sqlite3
import sys

import pytest

import config
from tests.ports import free_port
from tests.settings.conftest import STRONG

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
BACKEND = config.ROOT / "backend"


def assert_plain(output, *parts):
    """The last lines carry the wanted words; nothing looks like a crash."""
    assert "Traceback" not in output
    tail = output.strip().splitlines()[-4:]
    for words in parts:
        assert words in "\n".join(tail), output


def test_a_bad_value_names_the_variable(new_run):
    code, output = new_run(PORT="fast", CURRENCY="€").fails()
    assert code == 2
    assert_plain(output, "PORT must be a whole number from 1 to 65535, not 'fast'", "CURRENCY must be")


def test_placeholder_secrets_stop_a_production_start(new_run):
    code, output = new_run(APP_ENV="production", SECRET_KEY="your-secret-key-here").fails()
    assert code == 2
    assert_plain(output, "SECRET_KEY must be a random value", "JWT_SECRET must be")


@pytest.mark.parametrize("mode", ["--dev", "--demo"])
def test_production_has_no_development_mode_and_no_demonstration(new_run, mode):
    run = new_run(APP_ENV="production", METRICS_TOKEN="k3Jx8mQz7Wc5Rt2Yb9Lp", **STRONG)
    code, output = run.fails(command=(sys.executable, "-m", "launch", mode))
    assert code == 1
    assert_plain(output, "APP_ENV=production takes neither --dev nor --demo")


@pytest.mark.parametrize(
    "command", [("-m", "celery", "-A", "celery_worker.celery", "worker"), ("-m", "flask", "routes")]
)
def test_every_program_prints_the_same_plain_message(new_run, command):
    code, output = new_run(TIMEZONE="Mars").fails(command=(sys.executable, *command))
    assert code != 0
    assert_plain(output, "TIMEZONE must be an IANA time zone")


def test_a_busy_port(new_run):
    port = free_port()
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        code, output = new_run(PORT=str(port)).fails()
    assert code == 1
    assert_plain(output, f"PORT {port} on 127.0.0.1 is already in use", f"PORT={port + 1}")


def test_an_address_that_is_not_ours(new_run):
    code, output = new_run(HOST="203.0.113.9").fails()
    assert code == 1
    assert_plain(output, "HOST 203.0.113.9 cannot be listened on", "HOST=127.0.0.1")


def test_a_data_folder_in_use_by_another_run(new_run):
    first = new_run().start("--api").ready()
    code, output = new_run("two", DATA_DIR=str(first.data)).start("--api").process.wait(120), None
    output = (first.folder.parent / "two" / "log.txt").read_text()
    assert code == 1
    assert_plain(output, f"is in use by another run (process {first.process.pid})")
    assert first.health() == 200
    assert first.stop() == 0


def test_a_data_folder_below_a_file(new_run, tmp_path):
    (tmp_path / "file").write_text("")
    code, output = new_run(DATA_DIR=str(tmp_path / "file" / "data")).fails()
    assert code == 2
    assert_plain(output, "DATA_DIR must be a folder this user can write to", "not a directory")


def test_a_data_folder_on_a_file_system_that_cannot_be_written(new_run):
    code, output = new_run(DATA_DIR="/proc/parking").fails()
    assert code == 2
    assert_plain(output, "DATA_DIR must be a folder this user can write to; /proc/parking")


def test_a_data_folder_without_permission(new_run, tmp_path):
    """Permission bits do not bind root, so root becomes nobody for the occasion, once it has read what nobody may not:
    Python's own folder can lie in root's home."""
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    code = "import config, os, timezones; timezones.checked('UTC'); os.geteuid() or os.setuid(65534); config.load()"
    run = new_run(DATA_DIR=str(locked), EXPORT_DIR=str(locked))
    run.environ["PYTHONPATH"] = str(BACKEND)
    exit_code, output = run.fails(command=(sys.executable, "-c", code))
    assert exit_code != 0
    assert f"DATA_DIR must be a folder this user can write to; {locked}: " in output
    assert "permission" in output


def test_a_database_from_the_future(new_run):
    run = new_run()
    run.data.mkdir()
    with sqlite3.connect(run.data / "parking.db") as database:
        database.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        database.execute("INSERT INTO alembic_version VALUES ('9999')")
    code, output = run.fails()
    assert code == 1
    assert_plain(output, "made by a newer version of this program (migration 9999)", "Start that version")


def test_a_file_that_is_no_database(new_run):
    run = new_run()
    run.data.mkdir()
    (run.data / "parking.db").write_text("shopping list: " + "apples, " * 1000)
    code, output = run.fails()
    assert code == 1
    assert_plain(output, "DATABASE_URL: the database cannot be used", "not a database")


def test_a_database_server_that_is_not_there(new_run):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))  # bound and never listening: nobody answers here
        url = f"postgresql://nobody@127.0.0.1:{probe.getsockname()[1]}/none"
        code, output = new_run(DATABASE_URL=url).fails()
    assert code == 1
    assert_plain(output, "DATABASE_URL: the database cannot be used", "onnection")


def test_celery_without_any_redis_looks_where_it_usually_is(new_run):
    """The client starts his worker in any order: it waits for a server instead of ending."""
    run = new_run()
    run.start(command=(sys.executable, "-m", "celery", "-A", "celery_worker.celery", "worker", "--loglevel=info"))
    run.says("localhost:6379/0", 300)
    assert run.process.poll() is None
