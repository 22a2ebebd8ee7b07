"""What the product writes is for its own user alone, also where an older version left it open."""

import os
import stat

import psutil
import pytest

import private_files


def mode(path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def loose(folder):
    """Everything below that others may touch."""
    return {
        str(path.relative_to(folder)): oct(mode(path))
        for path in [folder, *folder.rglob("*")]
        if not path.is_symlink() and mode(path) & 0o077
    }


@pytest.fixture
def open_house(tmp_path):
    """As an older version left it under a umask of 022."""
    data, exports = tmp_path / "data", tmp_path / "exports"
    for folder in (data / "valkey" / "appendonlydir", exports / "user_1", exports / "admin"):
        folder.mkdir(parents=True)
    files = ["parking.db", "parking.db-wal", "parking.db-shm", "parking.db.gate", "secrets.json", "run.lock"]
    for path in [*(data / name for name in files), data / "celerybeat-schedule", data / "valkey/appendonlydir/1.aof"]:
        path.write_text("x")
    for path in (exports / "user_1" / "bookings.csv", exports / "admin" / "all.zip"):
        path.write_text("x")
    for path in [data, exports, *data.rglob("*"), *exports.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    return tmp_path


def test_what_was_open_is_closed(open_house):
    private_files.tighten(open_house / "data", open_house / "exports")
    assert loose(open_house / "data") == {}
    assert loose(open_house / "exports") == {}
    assert mode(open_house / "data") == 0o700
    assert mode(open_house / "data" / "parking.db") == 0o600


def test_other_files_in_the_folder_are_not_touched(open_house):
    (open_house / "data" / "notes.txt").write_text("mine")
    (open_house / "data" / "notes.txt").chmod(0o644)
    outside = open_house / "outside"
    outside.mkdir()
    outside.chmod(0o755)  # whatever the umask is by now
    (outside / "file").write_text("x")
    (outside / "file").chmod(0o644)
    (open_house / "exports" / "user_2").symlink_to(outside)
    (open_house / "data" / "linked.db").symlink_to(outside / "file")
    private_files.tighten(open_house / "data", open_house / "exports")
    assert mode(open_house / "data" / "notes.txt") == 0o644
    assert (mode(outside), mode(outside / "file")) == (0o755, 0o644)


def test_a_database_elsewhere_is_closed_and_its_folder_is_not_ours(tmp_path):
    elsewhere = tmp_path / "shared"
    elsewhere.mkdir()
    elsewhere.chmod(0o755)  # whatever the umask is by now
    for name in ("my.sqlite", "my.sqlite-wal", "my.sqlite.gate"):
        (elsewhere / name).write_text("x")
        (elsewhere / name).chmod(0o644)
    database = private_files.sqlite_file(f"sqlite:///{elsewhere / 'my.sqlite'}")
    private_files.tighten(tmp_path / "data", tmp_path / "exports", database)
    assert loose(elsewhere).keys() == {"."}
    assert private_files.sqlite_file("postgresql+psycopg://u:p@h/d") is None


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_run_leaves_nothing_open_and_shows_no_password(new_run, until, open_house):
    before = os.umask(0)
    try:
        run = new_run()
        data, exports = open_house / "data", open_house / "exports"
        for name in ("parking.db", "parking.db-wal", "parking.db-shm", "secrets.json"):
            (data / name).unlink()
        for path in data.glob("valkey/appendonlydir/*"):
            path.unlink()
        run.environ |= {"DATA_DIR": str(data), "EXPORT_DIR": str(exports)}
        run.start().ready()
        until(lambda: run.process_with("celery", "beat"), what="Beat")
        password = (data / "valkey.url").read_text().split(":")[2].split("@")[0]
        assert loose(data) == {}
        assert loose(exports) == {}
        assert mode(data / "parking.db") == mode(data / "parking.db.gate") == 0o600
        for pid in run.family():
            assert password not in " ".join(psutil.Process(pid).cmdline())
        assert run.stop() == 0
        assert loose(data) == {}
    finally:
        os.umask(before)
