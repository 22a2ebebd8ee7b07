"""Building a file although workers die, fight, fail and wait."""

import os
import signal
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import select

from parking import clock
from parking.database import db, transaction
from parking.exports import build, jobs, service
from parking.exports.models import ExportJob
from parking.mail.models import OutboxMail
from parking.web import Identity
from tests.exports.stage import make_lot, stay
from tests.threads import at_once


@pytest.fixture
def who(alice):
    lot = make_lot()
    for day in range(1, 6):
        stay(alice, lot, clock.now() - timedelta(days=day))
    return Identity(alice.id, alice.email, alice.username, frozenset({"user"}))


def job(job_id):
    db.session.close()
    row = db.session.get(ExportJob, job_id)
    db.session.close()
    return row


def mails():
    db.session.close()
    return list(db.session.scalars(select(OutboxMail)))


def request_export(who):
    return service.request(who, "bookings")["export"]["id"]


def test_the_job_of_a_dead_worker_is_built_by_the_next(who, settings):
    job_id = request_export(who)
    with transaction() as session:
        jobs.acquire(session, clock.now())
    clock.travel(jobs.LEASE.total_seconds() - 1)
    assert build.run() is None
    clock.travel(1)
    assert build.run() == job_id
    assert (job(job_id).state, job(job_id).attempts) == ("done", 2)
    assert len(mails()) == 1


def test_a_worker_whose_lease_ended_can_neither_finish_nor_break_the_job(who, settings, monkeypatch):
    """It slept past its lease; meanwhile another worker finished and the owner has his file."""
    job_id = request_export(who)
    real, woken = build.stream.count, []

    def sleeps(query):
        if not woken:
            woken.append(True)
            clock.travel(jobs.LEASE.total_seconds() + 1)
            assert build.run() == job_id
        return real(query)

    monkeypatch.setattr(build.stream, "count", sleeps)
    assert build.run(job_id) == job_id
    done = job(job_id)
    assert (done.state, done.attempts, done.rows_done) == ("done", 2, 5)
    assert build.files.absolute(done.file).stat().st_size == done.size_bytes
    assert len(mails()) == 1


def test_a_job_that_kills_its_workers_fails_after_the_last_attempt(who):
    job_id = request_export(who)
    for _ in range(jobs.MAX_ATTEMPTS):
        with transaction() as session:
            assert jobs.acquire(session, clock.now()) is not None
        clock.travel(jobs.LEASE.total_seconds())
    assert build.run() is None
    assert (job(job_id).state, job(job_id).error) == ("failed", jobs.NOT_BUILT)


def test_a_job_with_an_error_is_retried_and_fails_after_the_last_attempt(who, monkeypatch, settings):
    def breaks(*row):
        raise RuntimeError("broken")

    monkeypatch.setattr(build.csv_writer, "document", breaks)
    job_id = request_export(who)
    for attempt in range(1, jobs.MAX_ATTEMPTS):
        assert build.run() == job_id
        assert (job(job_id).state, job(job_id).attempts) == ("queued", attempt)
    build.run()
    assert job(job_id).state == "failed"
    assert list(settings.export_dir.rglob("*.*")) == []
    assert mails() == []


def test_progress_is_stored_while_the_file_is_built(who, monkeypatch):
    monkeypatch.setattr(build, "PROGRESS_SECONDS", 0)
    monkeypatch.setattr(build.stream, "ROWS_PER_PART", 2)
    seen, real = [], jobs.extend

    def watched(session, one, **values):
        seen.append(values)
        real(session, one, **values)

    monkeypatch.setattr(build.jobs, "extend", watched)
    request_export(who)
    build.run()
    assert seen[0] == {"rows_total": 5}
    assert [values["rows_done"] for values in seen[1:]] == [0, 2, 4, 5, 5]


def test_eight_workers_build_a_job_once(who):
    job_id = request_export(who)
    assert sorted(at_once([build.run] * 8), key=str) == [job_id, *[None] * 7]
    assert (job(job_id).state, job(job_id).attempts, len(mails())) == ("done", 1, 1)


def test_without_the_lease_the_same_race_builds_the_job_more_than_once(who, monkeypatch):
    """The control run: without the lease everybody builds, and only the lease keeps the mails apart."""
    job_id = request_export(who)

    def take_anyway(session, now, _next_job=None):
        one = session.get(ExportJob, job_id)
        one.state, one.lease, one.lease_until = "running", "the same for all", now + jobs.LEASE
        return one

    monkeypatch.setattr(jobs, "any_free", lambda _now: True)  # all have looked before one claims
    monkeypatch.setattr(build.jobs, "acquire", take_anyway)
    assert at_once([build.run] * 8).count(job_id) == 8


def test_eight_requests_in_parallel_are_one_job(who):
    assert len(set(at_once([lambda: request_export(who)] * 8))) == 1
    assert db.session.query(ExportJob).count() == 1


KILLED = """
import sys, pathlib, dataclasses, time
sys.path.insert(0, {backend!r})
import config
from parking import create_app
from parking.exports import build, files
made = config.load({{"DATA_DIR": {data!r}, "EXPORT_DIR": {exports!r}}})
app = create_app(dataclasses.replace(made, database_url={url!r}, redis_url=None))
def stop_here(*row):
    print("here", flush=True)
    time.sleep(60)
point = {point!r}
if point == "writing":
    real = build.csv_writer.document
    def document(*given):
        for piece in real(*given):
            yield piece
            stop_here()
    build.csv_writer.document = document
elif point == "written":
    build._done = stop_here
elif point == "claimed":
    build._build = stop_here
with app.app_context():
    build.run()
"""


@pytest.mark.parametrize("point", ["claimed", "writing", "written"])
def test_a_worker_that_is_killed_at_any_point_and_not_restarted(who, settings, tmp_path, point):
    """A real process and SIGKILL; the next worker finishes, one file and one mail are there, and no left-over stays."""
    job_id = request_export(who)
    code = KILLED.format(
        backend=os.getcwd(),
        data=str(settings.data_dir),
        exports=str(settings.export_dir),
        url=settings.database_url,
        point=point,
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGKILL)
    left = job(job_id)
    assert (left.state, left.attempts) == ("running", 1)
    with clock.set_to(left.lease_until + timedelta(seconds=1)):
        assert build.run() == job_id
        service.expire_old()
    assert job(job_id).state == "done"
    assert [path.name for path in settings.export_dir.rglob("*.*")] == [job(job_id).file.rpartition("/")[2]]
    assert len(mails()) == 1


def test_the_partial_file_of_a_killed_worker_is_never_served(who, settings, monkeypatch):
    """A file has its name only when it is whole."""
    names = []
    real = build.csv_writer.document

    def watched(*given):
        for piece in real(*given):
            names.extend(path.name for path in settings.export_dir.rglob("*.*"))
            yield piece

    monkeypatch.setattr(build.csv_writer, "document", watched)
    request_export(who)
    build.run()
    assert names
    assert all(name.endswith(".part") for name in names)
