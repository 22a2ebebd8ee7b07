"""The disk is full: what is stored can be read, changes are refused with a reason, and with space all works again.

The small disk is a tmpfs of its own, mounted by root. Everything runs as in life: gunicorn, SQLite, the metric files.
"""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import psutil
import pytest
import redis

from launch import memory, valkey
from launch.supervisor import Supervisor
from parking import clock, create_app
from parking.accounts.sessions import access_tokens
from parking.database import db, schema
from parking.exports import build, files, service
from parking.exports.models import ExportJob
from parking.web import Identity
from tests.conftest import make_settings, make_user
from tests.exports.stage import make_lot, stay
from tests.launch.conftest import wait_for
from tests.services import BACKEND, PATIENCE, Gunicorn, own_environment


def ask(server, method, path, token=None, body=None):
    request = urllib.request.Request("http://{}:{}{}".format(*server.address, path), method=method)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


class Site:
    """A server with its database and DATA_DIR on the small disk."""

    def __init__(self, disk, tmp_path, **environment: str) -> None:
        self.disk = disk
        data = disk.folder / "data"
        settings = make_settings(disk.folder)
        self.app = create_app(settings)
        with self.app.app_context():
            schema.upgrade()
            self.alice = access_tokens.issue(make_user("alice", "user").fs_uniquifier)
            self.carol = access_tokens.issue(make_user("carol", "user", "admin").fs_uniquifier)
            db.session.remove()
            db.engine.dispose()
        self.server = Gunicorn(tmp_path, DATA_DIR=str(data), EXPORT_DIR=str(disk.folder / "exports"), **environment)

    def ask(self, method, path, who="alice", body=None):
        return ask(self.server, method, path, getattr(self, who) if who else None, body)

    def fill_until_refused(self):
        """Fills the disk; SQLite may have a few free pages in its log, so bookings use those up."""
        self.disk.fill()
        done, refused = 0, None
        for _ in range(3000):
            status, headers, body = self.ask("POST", "/api/book", body={"lot_id": self.lot, "booking_type": "instant"})
            if status != 201:
                refused = status, headers, json.loads(body)
                break
            done += 1
            self.disk.fill()
        return done, refused

    def add_lot(self, name="Harbour"):
        body = {"name": name, "capacity": 4000, "price_per_hour": 2}
        status, _, body = self.ask("POST", "/api/lots", "carol", body)
        assert status == 201, body
        self.lot = json.loads(body)["lot"]["id"]


@pytest.fixture
def site(small_disk, tmp_path):
    lots = []

    def site(**environment):
        lots.append(Site(small_disk(), tmp_path, **environment))
        return lots[-1]

    yield site
    for one in lots:
        one.server.kill()


READS = ("/api/lots", "/api/bookings", "/auth/me", "/api/stats/user")


def test_reads_go_on_writes_are_refused_and_space_mends_it(site):
    site = site()
    site.add_lot()
    assert [site.ask("GET", path)[0] for path in READS] == [200] * len(READS)
    done, refused = site.fill_until_refused()
    status, headers, problem = refused
    assert (status, problem["code"]) == (503, "storage_full"), problem
    assert problem["detail"].startswith("The server's disk is full. Nothing was changed.")
    assert int(headers["Retry-After"]) > 0
    pid = worker_of(site.server)
    for _ in range(15):
        assert site.ask("GET", "/healthz", None)[0] == 200
        assert [site.ask("GET", path)[0] for path in READS] == [200] * len(READS)
    assert site.ask("GET", "/", None)[0] in (200, 404)  # the page, where it was built
    assert worker_of(site.server) == pid, "a worker has died"
    assert site.ask("GET", "/metrics", None)[0] == 200
    status, _, body = site.ask("GET", "/readyz", None)
    assert status == 200
    assert "the disk is full" in json.loads(body)["warnings"][0]
    statuses = json.loads(site.ask("GET", "/api/admin/system", "carol")[2])["system"]
    assert not statuses["disk"]["ok"]
    assert "The disk is full" in statuses["disk"]["detail"]
    login = {"email": "alice@example.com", "password": "correct horse battery"}
    assert site.ask("POST", "/auth/login", None, login)[0] == 503

    site.disk.free()
    stored = json.loads(site.ask("GET", "/api/bookings?limit=1000")[2])["bookings"]
    assert len(stored) == min(done, 1000)  # nothing lost, nothing half done
    assert site.ask("POST", "/api/book", body={"lot_id": site.lot, "booking_type": "instant"})[0] == 201
    assert site.ask("POST", "/auth/login", None, login)[0] == 200
    assert json.loads(site.ask("GET", "/readyz", None)[2])["warnings"] == []
    assert worker_of(site.server) == pid


def worker_of(server) -> int:
    children = psutil.Process(server.process.pid).children()
    assert len(children) == 1
    return children[0].pid


def test_the_metric_files_are_deleted_when_the_server_ends(site):
    site = site()
    site.ask("GET", "/healthz", None)
    folder = memory.Path("/dev/shm") / f"parkwell-metrics-{os.getuid()}" / str(site.server.process.pid)
    assert folder.is_dir()
    assert not (site.disk.folder / "data" / "metrics").exists()
    site.server.stop()
    assert not folder.exists()


def test_without_memory_the_files_on_the_full_disk_do_no_harm(small_disk):
    """DATA_DIR is all there is, full before anything was counted, then full in the middle of it."""
    disk = small_disk(2)
    code = f"""
import os, sys
from pathlib import Path
from launch import memory
memory.MEMORY = Path("/nowhere")
from parking.system import metrics
sys.stdin.readline()
for number in range(4000):
    try:
        requests, seconds = metrics._meters(Path({str(disk.folder)!r}))("GET", f"/{{number}}", 200)
        requests.inc(); seconds.observe(0.1)
        if number == 0: print("counted", flush=True)
    except OSError:
        print("no space", flush=True)
        break
print("alive", flush=True)
"""
    for full in (True, False):
        if full:
            disk.fill()
        else:
            disk.free()
        done = run(code)
        assert done.returncode == 0, done.stderr
        assert done.stdout.split("\n")[:-1] == (["no space", "alive"] if full else ["counted", "no space", "alive"])


def test_a_mapped_file_with_holes_kills_the_process(small_disk):
    """The control run, with the library's own file: it must go wrong."""
    disk = small_disk(1)
    code = f"""
import sys
from prometheus_client.mmap_dict import MmapedDict
file = MmapedDict({str(disk.folder / "counter.db")!r})
print("mapped", flush=True)
sys.stdin.readline()
for number in range(1000):
    file.write_value(f"a number of a metric {{number}}", 1.0, 0.0)
"""
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=BACKEND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "mapped\n"
    disk.fill()
    process.communicate("\n", timeout=PATIENCE)
    assert process.returncode == -signal.SIGBUS


def run(code):
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=BACKEND, env=own_environment(), input="\n", text=True, capture_output=True)


def test_the_embedded_valkey_serves_on_a_full_disk_and_stops(small_disk, tmp_path):
    disk = small_disk(2)
    supervisor = Supervisor(lambda text: None)
    try:
        client = redis.Redis.from_url(valkey.start(supervisor, disk.folder))
        disk.fill()
        for number in range(200):
            client.set(f"key {number}", "x" * 1000)
        client.bgsave()
        wait_for(lambda: client.info("persistence")["rdb_last_bgsave_status"] == "err")
        assert client.set("after", "a failed snapshot")
        assert client.lpush("celery", "a wake-up") == 1
    finally:
        child = supervisor._children[0]
        supervisor.stop()
    assert child.exit_code == 0  # not killed after its grace


def test_beat_rings_on_although_its_file_cannot_be_written(small_disk, tmp_path):
    disk = small_disk(1)
    disk.fill()
    code = f"""
import celery_config
from celery import Celery
app = Celery("x", broker="memory://")
app.conf.update(beat_schedule={{"one": {{"task": "t", "schedule": 1.0}}}}, timezone="UTC")
scheduler = celery_config.SteadyScheduler(app=app, schedule_filename={str(disk.folder / "celerybeat-schedule")!r})
print(sorted(scheduler.schedule), flush=True)
scheduler.tick(); scheduler.sync(); scheduler.close()
print("alive", flush=True)
"""
    done = run(code)
    assert done.returncode == 0, done.stderr
    assert "'one'" in done.stdout
    assert "alive" in done.stdout


def test_a_start_on_a_full_disk_says_so(small_disk, new_run):
    disk = small_disk(1)
    disk.fill()
    one = new_run(DATA_DIR=str(disk.folder), EXPORT_DIR=str(disk.folder))
    code, output = one.fails()
    assert code in (1, 2)
    assert "No space left on device" in output or "is full" in output, output
    assert "Traceback" not in output


def test_an_export_fails_cleanly_and_says_why(app, alice, small_disk, monkeypatch):
    disk = small_disk(1)
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], export_dir=disk.folder)
    monkeypatch.setattr(files, "MIN_FREE_BYTES", 0)  # so that it is the writing that fails
    lot = make_lot(capacity=5)
    stay(alice, lot, clock.now())
    who = Identity(alice.id, alice.email, alice.username, frozenset({"user"}))
    disk.fill()
    job = service.request(who, "bookings")["export"]["id"]
    build.run(job)
    db.session.remove()
    row = db.session.get(ExportJob, job)
    assert (row.state, row.error) == (
        "failed",
        "There is too little space left on the server. Please tell the operator.",
    )
    assert [path.name for path in disk.folder.rglob("*") if path.is_file()] == ["ballast"]
    disk.free()
    again = service.request(who, "bookings")["export"]["id"]
    build.run(again)
    db.session.remove()
    assert db.session.get(ExportJob, again).state == "done"
