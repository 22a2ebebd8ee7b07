"""The files of exports: when they are deleted, who may read them, their room, and what a name cannot reach."""

import stat
from datetime import timedelta

import pytest

from parking import clock
from parking.accounts.models import User
from parking.database import db
from parking.exports import build, files, quota, service
from parking.exports.models import ExportJob
from tests.exports.stage import make_lot, stay

STRANGE_NAMES = [
    "../etc/passwd",
    "../../etc/passwd",
    "..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/etc/passwd",
    "..\\..\\windows",
    "/etc/passwd",
    "//etc/passwd",
    "user_1/../../secret.csv",
    "user_1/..",
    "admin/../user_1/x.csv",
    "user_1/x.csv/../../../y",
    "user_1//x.csv",
    "./user_1/x.csv",
    "user_1/./x.csv",
    "user_1/.ssh",
    "user_1/x.csv\0.zip",
    "user_1/x\n.csv",
    "user_1/~root",
    "~/x.csv",
    "C:\\x.csv",
    "user_1\\x.csv",
    "user_x/x.csv",
    "user_-1/x.csv",
    "ADMIN/x.csv",
    "admin/x.csv.exe.sh",
    "user_1/…/x.csv",
    "user_1/．．/x.csv",
    "user_1/x;rm -rf.csv",
    "user_99999999999999999999/x.csv",
    "proc/self/environ",
    "",
    ".",
]


def test_files_are_deleted_after_seven_days(client, alice, auth, folder):
    job = client.post("/api/exports", json={}, headers=auth(alice)).json["export"]["id"]
    build.run()
    clock.travel(7 * 24 * 3600 - 1)
    assert service.expire_old() == 0
    assert client.get(f"/api/exports/{job}/download", headers=auth(alice)).status_code == 200
    clock.travel(1)
    assert client.get(f"/api/exports/{job}/download", headers=auth(alice)).status_code == 410
    assert service.expire_old() == 1
    assert list(folder.rglob("*.csv")) == []
    assert client.get(f"/api/exports/{job}", headers=auth(alice)).json["export"]["state"] == "expired"


def test_files_without_a_job_are_removed_and_no_others(client, alice, auth, folder):
    job = client.post("/api/exports", json={}, headers=auth(alice)).json["export"]["id"]
    build.run()
    mine = folder / f"user_{alice.id}"
    (remaining,) = mine.glob("*.csv")
    left = mine / "bookings_20260301-120000_99999.csv.ab12.part"
    strangers = mine / "holiday.jpg"
    for path in (left, strangers):
        path.write_text("x")
    service.expire_old()
    assert (remaining.exists(), left.exists(), strangers.exists()) == (True, False, True)
    assert client.get(f"/api/exports/{job}/download", headers=auth(alice)).status_code == 200


def test_files_and_folders_are_readable_by_the_owner_only(client, alice, carol, auth, folder):
    client.get("/api/export", headers=auth(alice))
    client.post("/api/admin/export-all", headers=auth(carol))
    while build.run():
        pass
    for path in folder.rglob("*"):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path


def test_a_full_disk_refuses_with_a_reason(client, alice, auth, monkeypatch, folder):
    monkeypatch.setattr(files, "free_bytes", lambda: files.MIN_FREE_BYTES - 1)
    refused = client.post("/api/exports", json={}, headers=auth(alice))
    assert (refused.status_code, refused.json["code"]) == (503, "disk_full")
    assert "space" in refused.json["detail"]
    assert db.session.query(ExportJob).count() == 0


def test_a_disk_that_fills_up_while_building_ends_the_job_without_files(client, alice, auth, monkeypatch, folder):
    job = client.post("/api/exports", json={}, headers=auth(alice)).json["export"]["id"]
    free = iter([10**9, files.MIN_FREE_BYTES - 1])
    monkeypatch.setattr(files, "free_bytes", lambda: next(free))
    build.run()
    failed = client.get(f"/api/exports/{job}", headers=auth(alice)).json["export"]
    assert failed["state"] == "failed"
    assert "space" in failed["error"]
    assert failed["error_code"] == "disk_full"
    assert list(folder.rglob("*.*")) == []


def test_the_quota_refuses_until_an_export_is_deleted(client, alice, bob, auth, monkeypatch):
    lot = make_lot()
    stay(alice, lot, clock.now() - timedelta(days=1))
    job = client.post("/api/exports", json={}, headers=auth(alice)).json["export"]["id"]
    build.run()
    size = client.get(f"/api/exports/{job}", headers=auth(alice)).json["export"]["size_bytes"]
    monkeypatch.setattr(quota, "BYTES_PER_USER", size)
    refused = client.post("/api/exports", json={}, headers=auth(alice))
    assert (refused.status_code, refused.json["code"]) == (409, "export_quota")
    assert client.post("/api/exports", json={}, headers=auth(bob)).status_code == 202
    client.delete(f"/api/exports/{job}", headers=auth(alice))
    assert client.post("/api/exports", json={}, headers=auth(alice)).status_code == 202


def test_a_file_larger_than_the_quota_fails(client, alice, auth, monkeypatch, folder):
    lot = make_lot()
    stay(alice, lot, clock.now() - timedelta(days=1))
    job = client.post("/api/exports", json={}, headers=auth(alice)).json["export"]["id"]
    monkeypatch.setattr(quota, "BYTES_PER_USER", 100)
    build.run()
    assert client.get(f"/api/exports/{job}", headers=auth(alice)).json["export"]["state"] == "failed"
    assert list(folder.rglob("*.*")) == []


@pytest.mark.parametrize("name", STRANGE_NAMES)
def test_an_invalid_file_name_is_refused(app, client, alice, auth, name, tmp_path):
    """Not by the address, and not by a row that somebody changed."""
    (tmp_path / "secret.csv").write_text("secret")
    assert client.get(f"/api/exports/{name}/download", headers=auth(alice)).status_code in (404, 405, 308)
    with pytest.raises(files.OutsideError):
        files.absolute(name)


def test_a_folder_that_is_a_link_is_not_followed(client, alice, auth, folder, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.mkdir(exist_ok=True)
    (folder / f"user_{alice.id}").symlink_to(elsewhere)
    client.get("/api/export", headers=auth(alice))
    build.run()
    assert list(elsewhere.iterdir()) == []


def test_a_users_name_is_no_part_of_a_path(client, alice, auth, folder):
    db.session.get(User, alice.id).username = "../../x"
    db.session.commit()
    client.get("/api/export", headers=auth(alice))
    build.run()
    assert [p.name for p in folder.iterdir()] == [f"user_{alice.id}"]
