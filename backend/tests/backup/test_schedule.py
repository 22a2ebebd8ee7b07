"""The daily backup: due at its time, made once, tried again, and old ones deleted."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, time, timedelta

import pytest

from parking import clock
from parking.backup import schedule, service
from parking.backup.archive import BackupError
from parking.backup.models import BackupRun
from parking.backup.rotation import to_keep
from parking.database import db


@pytest.fixture
def settings(settings, folder):
    return dataclasses.replace(settings, backup_dir=folder, backup_time=time(3, 0), timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 3, 2, 1, 59, tzinfo=UTC), "2026-03-01"),
        (datetime(2026, 3, 2, 2, 0, tzinfo=UTC), "2026-03-02"),
        (datetime(2026, 3, 2, 23, 30, tzinfo=UTC), "2026-03-02"),
        (datetime(2026, 7, 2, 1, 0, tzinfo=UTC), "2026-07-02"),
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "2026-03-28"),  # 01:59, then the clock goes to 03:00
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "2026-03-29"),
    ],
)
def test_the_day_begins_at_its_time_in_the_operators_zone(app, now, day):
    assert schedule.due_day(now) == day


@pytest.mark.parametrize(("day", "begins"), [("2026-03-29", "01:00"), ("2026-10-25", "00:30")])
def test_a_time_that_the_clock_skips_or_has_twice_is_due_at_its_first_moment(app, monkeypatch, day, begins):
    """02:30 in Berlin, asked every minute of three days around the change."""
    configured = dataclasses.replace(app.extensions["settings"], backup_time=time(2, 30))
    monkeypatch.setitem(app.extensions, "settings", configured)
    first = datetime.fromisoformat(f"{day}T00:00:00+00:00") - timedelta(days=1)
    answers = [schedule.due_day(first + timedelta(minutes=n)) for n in range(3 * 24 * 60)]
    days = [str((first + timedelta(days=n)).date()) for n in range(-1, 3)]
    assert list(dict.fromkeys(answers)) == days
    assert f"{first + timedelta(minutes=answers.index(day)):%Y-%m-%d %H:%M}" == f"{day} {begins}"


def test_it_is_made_once_a_day(app, folder):
    assert [schedule.run_due() for _ in range(3)] == [True, False, False]
    clock.travel(24 * 3600)
    assert schedule.run_due()
    assert len(list(folder.glob("*-scheduled.backup"))) == 2
    assert schedule.status(db.session(), clock.now())["ok"]
    clock.travel(27 * 3600)
    late = schedule.status(db.session(), clock.now())
    assert (late["ok"], late["detail"]) == (False, "No backup from the last day. Are the worker and Beat running?")


def test_it_deletes_its_old_files_and_nobody_elses(app, folder):
    folder.mkdir()
    moments = [clock.now() - timedelta(days=n) for n in range(1, 100)]
    for moment in moments:
        (folder / f"parkwell-{moment:%Y%m%dT%H%M%SZ}-scheduled.backup").touch()
    others = [folder / f"parkwell-20250101T000000Z-{reason}.backup" for reason in ("manual", "restore", "upgrade")]
    for file in others:
        file.touch()
    assert schedule.run_due()
    assert {moment for _, moment in service.scheduled_files()} == to_keep([*moments, clock.now()])
    assert len(list(folder.iterdir())) - len(others) < 7 + 4 + 6
    assert all(file.exists() for file in others)


def test_a_failure_is_told_and_tried_again_after_a_pause(app, monkeypatch):
    def fail(**_):
        raise BackupError("The disk has 3 MB free, and 9 MB are needed.")

    with monkeypatch.context() as patch:
        patch.setattr(service, "create", fail)
        assert not schedule.run_due()
    assert "3 MB free" in schedule.status(db.session(), clock.now())["detail"]
    db.session.close()
    assert not schedule.run_due()  # not before the pause is over
    clock.travel(schedule.RETRY_AFTER.total_seconds())
    assert schedule.run_due()
    assert schedule.status(db.session(), clock.now())["ok"]


def test_an_error_of_the_database_is_told_as_well(app, broken):
    """It does not leave the run to a worker that seems to be at it for three hours."""
    assert not schedule.run_due()
    assert (
        "The last attempt failed: The database cannot be read" in schedule.status(db.session(), clock.now())["detail"]
    )


def test_a_day_without_a_backup_is_forgotten_once_the_next_has_one(app, monkeypatch):
    """Nobody makes the backup of a day that is over, so its failure is no news for ever."""

    def fail(**_):
        raise BackupError("The disk has 3 MB free, and 9 MB are needed.")

    with monkeypatch.context() as patch:
        patch.setattr(service, "create", fail)
        assert not schedule.run_due()
    clock.travel(24 * 3600)
    assert "3 MB free" in schedule.status(db.session(), clock.now())["detail"]
    db.session.close()
    assert schedule.run_due()
    now = schedule.status(db.session(), clock.now())
    assert (now["ok"], now["detail"]) == (True, "Made on schedule.")


def test_another_worker_makes_it(app):
    with schedule.transaction() as session:
        run_id = schedule._run_of(session, str(schedule.due_day(clock.now())))
        assert schedule.QUEUE.acquire(session, run_id, clock.now())
    assert not schedule.run_due()
    clock.travel(schedule.QUEUE.length.total_seconds())  # that worker has died
    assert schedule.run_due()


def test_without_a_time_none_is_made(app, monkeypatch):
    monkeypatch.setitem(app.extensions, "settings", dataclasses.replace(app.extensions["settings"], backup_time=None))
    assert not schedule.run_due()
    assert db.session.query(BackupRun).count() == 0


def test_a_disk_without_room_is_refused_with_the_numbers(app, monkeypatch):
    monkeypatch.setattr(service, "_ROOM_FOR", 10**9)
    with pytest.raises(BackupError, match=r"MB free, and [0-9]+ MB are needed"):
        service.create()
