"""Create, verify, restore and list, by the commands of an operator, on both databases."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import stat
import subprocess
import sys
import time
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, func, select, text

from parking import clock
from parking.accounts.models import LoginSession, User
from parking.backup import archive, service
from parking.backup.archive import BackupError
from parking.bookings.models import Booking
from parking.database import db, is_sqlite, transaction
from parking.mail.models import MailHold, OutboxMail
from tests.bookings.helpers import make_lot, park
from tests.services import BACKEND


@pytest.fixture
def lived(app, client, auth, alice, carol):
    """One stay that is over, one that runs."""
    lot = make_lot(carol, capacity=3)
    over = park(alice, lot)
    client.post(f"/api/release/{over['id']}", headers=auth(alice))
    return park(alice, lot)


def counts() -> dict[str, int]:
    numbers = {
        table.__tablename__: db.session.scalar(select(func.count()).select_from(table)) for table in (User, Booking)
    }
    db.session.remove()
    return numbers


def new_backup():
    """The file of a backup that was just made."""
    return service.create()[0]


def changed(file, target, *, manifest=None, dump=None):
    """A copy of the archive with another manifest or dump."""
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(target, "w") as copy:
        values = json.loads(source.read(archive.MANIFEST))
        copy.writestr(archive.MANIFEST, json.dumps({**values, **(manifest(values) if manifest else {})}))
        copy.writestr(archive.DUMP, dump if dump is not None else source.read(archive.DUMP))
    return target


def test_what_was_backed_up_comes_back(lived, app, client, auth, alice, carol, flask, folder, leave):
    file = new_backup()
    before = counts()
    client.post(f"/api/release/{lived['id']}", headers=auth(alice))
    leave()

    ended = flask("backup", "restore", str(file), "--yes")
    assert ended.returncode == 0, ended.stderr
    assert counts() == before
    assert db.session.get(Booking, lived["id"]).status == "Active"
    assert "What was there before is in" in ended.stdout
    assert len(list(folder.glob("*-restore.backup"))) == 1


def test_after_a_restore_everybody_signs_in_again_and_no_mail_goes_out(
    lived, app, client, auth, alice, carol, flask, folder, leave
):
    waiting = db.session.scalar(select(func.count()).select_from(OutboxMail).where(OutboxMail.state == "queued"))
    assert waiting
    headers, admin = auth(alice), auth(carol)
    file = new_backup()
    leave()
    assert flask("backup", "restore", str(file), "--yes").returncode == 0

    assert client.get("/auth/me", headers=headers).status_code == 401
    assert db.session.scalar(select(func.count()).select_from(LoginSession).where(LoginSession.ended_at.is_(None))) == 0
    assert db.session.scalar(select(func.count()).select_from(MailHold)) == 1
    db.session.remove()
    assert client.get("/api/admin/emails", headers=admin).status_code == 401
    carol = db.session.scalar(select(User).where(User.username == "carol"))
    admin = auth(carol)
    outbox = client.get("/api/admin/emails", headers=admin).json["outbox"]
    assert outbox["hold"]["backup_of"] == archive.read(file).created_at
    answer = client.post("/api/admin/emails/release", headers=admin, json={"discard": True})
    assert (answer.status_code, answer.json["message"].split(".")[0]) == (200, "Email is sent again")
    db.session.remove()
    assert db.session.scalar(select(func.count()).select_from(OutboxMail).where(OutboxMail.state == "queued")) == 0
    assert client.post("/api/admin/emails/release", headers=admin, json={}).json["code"] == "not_held"


def test_a_backup_is_private_and_holds_no_secret(lived, settings, flask, folder):
    file = new_backup()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with zipfile.ZipFile(file) as zipped:
        manifest = zipped.read(archive.MANIFEST).decode()
    assert json.loads(manifest)["contents"]["tables"]["booking"]["rows"] == 2
    assert settings.secret_key not in manifest
    assert settings.jwt_secret not in manifest


def scratch_databases(folder) -> list:
    """The names of the databases that `verify` has left."""
    if is_sqlite():
        return sorted(folder.glob("parking.db.verify*"))
    query = text("SELECT datname FROM pg_database WHERE starts_with(datname, current_database() || '_verify')")
    names = db.session.scalars(query).all()
    db.session.remove()
    return list(names)


def test_a_good_backup_verifies_and_leaves_nothing_behind(lived, app, flask, folder, settings, tmp_path):
    file = new_backup()
    assert service.verify(file) == archive.read(file)
    assert not list(tmp_path.glob(".verify*"))
    assert scratch_databases(tmp_path) == []


def shorter(values):
    contents = values["contents"]
    tables = {**contents["tables"], "booking": {**contents["tables"]["booking"], "rows": 3}}
    return {"contents": {**contents, "tables": tables}}


def richer(values):
    contents = values["contents"]
    tables = {**contents["tables"], "booking": {**contents["tables"]["booking"], "total_cost_minor": 99}}
    return {"contents": {**contents, "tables": tables}}


def newer(values):
    return {"contents": {**values["contents"], "revision": "9999"}}


@pytest.mark.parametrize(
    ("manifest", "dump", "sentence"),
    [
        (shorter, None, "The table booking has"),
        (richer, None, "The table booking has"),
        (newer, None, "newer"),
        (lambda values: {"format": 2}, None, "format 2"),
        (None, b"nothing", "checksum"),
    ],
)
def test_a_backup_that_is_not_whole_is_refused(lived, app, flask, folder, tmp_path, leave, manifest, dump, sentence):
    file = changed(new_backup(), tmp_path / "changed.backup", manifest=manifest, dump=dump)
    before = counts()
    leave()
    for command in (service.verify, service.restore):
        with pytest.raises(BackupError, match=sentence):
            command(file)
        leave()
    assert counts() == before


def test_a_backup_with_two_cars_on_one_spot_is_refused(lived, app, flask, folder, tmp_path):
    if not is_sqlite():
        pytest.skip("the exclusion constraint refuses such rows while they are restored")
    active = "UPDATE booking SET status = 'Active', end_time = NULL, held_until = start_time + 9999"
    two = with_other_rows(tmp_path, "DROP INDEX booking_one_active", active)
    with pytest.raises(BackupError, match="hold one spot at the same time"):
        service.verify(two)


def test_a_backup_with_a_row_that_names_nothing_is_refused(lived, app, flask, folder, tmp_path):
    if not is_sqlite():
        pytest.skip("the foreign keys refuse such rows while they are restored")
    loose = with_other_rows(tmp_path, "UPDATE outbox_mail SET user_id = 4711")
    with pytest.raises(BackupError, match=r"rows name a row that does not exist, the first in outbox_mail\.$"):
        service.verify(loose)


def with_other_rows(folder, *statements: str):
    """A backup whose rows no guard of the database would have let in, with the right checksum."""
    file, dump = new_backup(), folder / "dump"
    archive.extract(file, archive.read(file), dump)
    engine = create_engine(f"sqlite:///{dump}")
    with engine.begin() as connection:
        for (name,) in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            connection.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()
    checksum, size = archive._checksum(dump)
    whole = {"sha256": checksum, "size_bytes": size}
    return changed(file, folder / "other.backup", manifest=lambda _: whole, dump=dump.read_bytes())


def test_what_a_killed_backup_has_left_is_deleted_a_day_later(app, folder, settings):
    """Not before: another program may be at it."""
    file = new_backup()
    scratch = service._configured().scratch_folder / ".backup-abcd_123"
    scratch.mkdir()
    (scratch / archive.DUMP).write_bytes(b"half a dump")
    partial = folder / f".{file.name}.4711.partial"
    partial.write_bytes(b"half an archive")
    for age, left in ((23, True), (25, False)):
        moment = (clock.now() - timedelta(hours=age)).timestamp()
        for path in (scratch, partial, file):
            os.utime(path, (moment, moment))
        service.create(folder / f"{age}.backup")
        assert [scratch.exists(), partial.exists(), file.exists()] == [left, left, True]


def test_what_a_killed_check_has_left_is_deleted_a_day_later(lived, app, folder, tmp_path, monkeypatch):
    """By the next backup; not before, because another program may be at it."""
    file, database = new_backup(), type(service._configured())
    with monkeypatch.context() as killed:
        killed.setattr(database, "drop", lambda *_: None)
        service.verify(file)
    (scratch,) = scratch_databases(tmp_path)
    if is_sqlite():
        os.utime(scratch, (clock.now().timestamp(),) * 2)
    for hours, left in ((23, [scratch]), (2, [])):
        clock.travel(hours * 3600)
        service.create(folder / f"{hours}.backup")
        assert scratch_databases(tmp_path) == left


def test_nothing_is_restored_under_a_running_product(lived, app, flask, folder):
    file = new_backup()
    db.session.execute(text("SELECT 1"))  # this process has the database open
    ended = flask("backup", "restore", str(file), "--yes")
    assert (ended.returncode, "Stop web server" in ended.stderr) == (1, True), ended.stderr
    assert "Traceback" not in ended.stderr


def test_sentences_for_what_cannot_be(lived, app, folder, tmp_path, monkeypatch):
    file = new_backup()
    (tmp_path / "text.backup").write_text("text")
    other = "postgresql+psycopg://x@/x?host=/nowhere" if is_sqlite() else f"sqlite:///{tmp_path / 'other.db'}"
    elsewhere = dataclasses.replace(app.extensions["settings"], database_url=other)
    for call, sentence in (
        (lambda: service.create(file), "exists already"),
        (lambda: service.verify(tmp_path / "none.backup"), "does not exist"),
        (lambda: service.verify(tmp_path / "text.backup"), "not a backup"),
        (
            lambda: monkeypatch.setitem(app.extensions, "settings", elsewhere) or service.restore(file),
            "Set DATABASE_URL",
        ),
    ):
        with pytest.raises(BackupError, match=sentence):
            call()


def test_an_error_of_the_database_is_a_sentence_and_changes_nothing(app, folder, request):
    file = new_backup()
    broken = request.getfixturevalue("broken")
    before = broken.read_bytes()
    for call in (service.create, lambda: service.restore(file)):
        with pytest.raises(BackupError, match=r"^The database cannot be read or written: .+\.$"):
            call()
    assert broken.read_bytes() == before
    assert [one for one in folder.iterdir() if one != file] == []


def test_the_commands_answer_in_sentences(lived, app, flask, folder):
    ended = flask("backup", "create")
    (file,) = folder.glob("*.backup")
    assert (ended.returncode, f"{file}: " in ended.stdout) == (0, True), ended.stderr
    assert file.name in flask("backup", "list").stdout
    assert "is good" in flask("backup", "verify", str(file)).stdout
    refused = flask("backup", "create", str(file))
    assert (refused.returncode, refused.stderr) == (1, f"Error: {file} exists already. Name another file.\n")


def test_a_killed_restore_leaves_the_old_or_the_new_database(lived, app, flask, leave, environment, tmp_path):
    """Killed at ten moments over the time that a whole restore takes; the next restore removes what was left."""
    file = new_backup()
    leave()
    command = [sys.executable, "-m", "flask", "backup", "restore", str(file), "--yes"]
    began = time.monotonic()
    assert flask("backup", "restore", str(file), "--yes").returncode == 0
    whole = time.monotonic() - began
    for n in range(1, 11):
        describe("old")
        leave()
        running = subprocess.Popen(
            command, cwd=BACKEND, env=environment, stdout=subprocess.DEVNULL, start_new_session=True
        )
        time.sleep(whole * n / 10)
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        wait_until_unused()
        assert (counts()["booking"], described() in ("old", None)) == (2, True)
        leave()
    assert flask("backup", "restore", str(file), "--yes").returncode == 0
    assert described() is None
    assert not [*tmp_path.glob("parking.db.restore*"), *tmp_path.glob(".restore*")]
    if not is_sqlite():
        query = text("SELECT count(*) FROM pg_database WHERE starts_with(datname, current_database() || '_')")
        assert db.session.scalar(query) == 0


def describe(words: str) -> None:
    with transaction() as session:
        session.execute(text("UPDATE parking_lot SET description = :words"), {"words": words})


def described() -> str | None:
    words = db.session.scalar(text("SELECT description FROM parking_lot"))
    db.session.remove()
    return words


def wait_until_unused() -> None:
    """PostgreSQL ends the connections of a killed program a moment later."""
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        " AND (datname = current_database() OR starts_with(datname, current_database() || '_'))"
    )
    while not is_sqlite() and db.session.scalar(query):
        db.session.remove()
        time.sleep(0.05)


def test_backups_under_write_load_all_verify(lived, app, client, auth, alice, carol, flask, folder):
    """Bookings go on while backups are made; each is the state of one moment."""
    lot = make_lot(carol, name="Busy", capacity=50)
    files = []
    for n in range(3):
        running = subprocess.Popen(
            [sys.executable, "-m", "flask", "backup", "create", str(folder / f"{n}.backup")],
            cwd=BACKEND,
            env=os.environ
            | {
                "DATABASE_URL": app.extensions["settings"].database_url,
                "ENV_FILE": os.devnull,
                "FLASK_APP": "app:create_app",
            },
        )
        while running.poll() is None:
            booking = park(alice, lot)
            client.post(f"/api/release/{booking['id']}", headers=auth(alice))
        assert running.returncode == 0
        files.append(folder / f"{n}.backup")
    rows = [archive.read(file).contents.tables["booking"]["rows"] for file in files]
    assert rows == sorted(rows)
    assert rows[0] < rows[-1]
    for file in files:
        service.verify(file)
