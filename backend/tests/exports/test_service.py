"""An export over HTTP, from the wish to the file."""

import csv
import io
import re
import zipfile
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from parking import clock
from parking.accounts.models import User
from parking.audit import AuditEntry
from parking.database import db, transaction
from parking.exports import build, emails, files, service
from parking.exports.models import ExportJob
from parking.mail.models import OutboxMail
from tests.exports.stage import make_lot, stay


def rows_of(data):
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def mails(kind=None):
    db.session.rollback()
    query = select(OutboxMail).order_by(OutboxMail.id)
    return list(db.session.scalars(query.where(OutboxMail.kind == kind) if kind else query))


def test_own_bookings_from_the_request_to_the_file(client, alice, bob, auth, folder):
    lot = make_lot()
    start = clock.now() - timedelta(days=3)
    stay(alice, lot, start, vehicle_plate="=1+1")
    stay(bob, lot, start, spot=2)
    answer = client.post("/api/exports", json={"kind": "bookings"}, headers=auth(alice))
    assert answer.status_code == 202
    job = answer.json["export"]
    assert (job["state"], job["download_url"], job["waiting_for_worker"]) == ("queued", None, False)
    assert answer.headers["Location"] == f"/api/exports/{job['id']}"
    assert build.run() == job["id"]
    [done] = client.get("/api/exports", headers=auth(alice)).json["exports"]
    assert (done["state"], done["rows_done"], done["rows_total"]) == ("done", 1, 1)
    got = client.get(done["download_url"], headers=auth(alice))
    assert got.status_code == 200
    assert got.headers["Content-Disposition"].startswith("attachment; filename=bookings_")
    assert "no-store" in got.headers["Cache-Control"]
    [row] = rows_of(got.data)
    assert (row["Lot"], row["Total cost"], row["Currency"]) == ("Harbour", "5.00", "EUR")
    assert row["Number plate"] == "'=1+1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", row["Start"])  # a date for every spreadsheet
    assert row["Time zone"] == "Europe/Berlin"
    assert len(got.data) == done["size_bytes"]
    assert [p.parent.name for p in folder.rglob("*.csv")] == [f"user_{alice.id}"]


def test_the_file_equals_the_page(client, alice, auth):
    """Every status, running and to come: each shared column says what the list of bookings says."""
    lot, now = make_lot(price=199), clock.now()
    ago = lambda **d: now - timedelta(**d)  # noqa: E731 - a word for the table
    stay(alice, lot, ago(days=5), 1.5, cost=299)
    stay(alice, lot, ago(days=4), 2, status="Cancelled", kind="reserved")
    stay(alice, lot, ago(days=3), 2, status="No-show", kind="reserved")
    stay(alice, lot, ago(days=2), 3, kind="reserved", cost=597, end_time=ago(days=2) + timedelta(hours=1))
    stay(alice, lot, ago(hours=3), 9, status="Active", spot=1)
    stay(alice, lot, ago(hours=2), 4, status="Active", kind="reserved", spot=2)
    stay(alice, lot, ago(hours=5), 4, status="Active", kind="reserved", spot=3)  # over, no sweep has come yet
    stay(alice, lot, ago(hours=1), 4, status="Reserved", kind="reserved", spot=4)  # begun, no sweep has come yet
    stay(alice, lot, ago(hours=1), 4, status="Reserved", kind="reserved", spot=5, checkin_grace_s=900)  # missed
    stay(alice, lot, ago(hours=-8), 4, status="Reserved", kind="reserved", spot=5)
    listed = client.get("/api/bookings", headers=auth(alice)).json["bookings"]
    rows = rows_of(client.get("/api/export", headers=auth(alice, Accept="text/csv")).data)
    assert [int(row["id"]) for row in rows] == [b["id"] for b in listed]
    assert {row["status"] for row in rows} == {"Active", "Reserved", "Completed", "Cancelled", "No-show"}
    for row, booking in zip(rows, listed, strict=True):
        for name in ("reference", "lot_name", "booking_type", "status", "currency"):
            assert row[name] == booking[name]
        for name in ("spot_number", "duration_hours", "price_per_hour", "total_cost"):
            page_value = booking[name]
            assert (float(row[name]) if row[name] else None) == page_value, (name, booking["status"])
        for name in ("start_time", "end_time", "reserved_start", "reserved_end", "checked_in_at", "created_at"):
            file_value = service.datetime.fromisoformat(row[name]) if row[name] else None
            assert file_value == (service.datetime.fromisoformat(booking[name]) if booking[name] else None), name


@pytest.mark.parametrize(
    "filters",
    [
        {"status": "Completed"},
        {"status": "Active"},
        {"booking_type": "reserved"},
        {"from": "2026-02-26T00:00:00"},
        {"from": "2026-02-20T00:00:00Z", "to": "2026-02-27T00:00:00+01:00"},
    ],
)
def test_the_filters_of_the_page_apply(client, alice, auth, filters):
    lot, other, now = make_lot(), make_lot("Station"), clock.now()
    for day in range(1, 9):
        stay(alice, lot, now - timedelta(days=day), spot=1, kind="reserved" if day % 2 else "instant")
        stay(alice, other, now - timedelta(days=day), status="Cancelled" if day % 3 == 0 else "Completed", spot=2)
    stay(alice, lot, now - timedelta(hours=1), status="Active", spot=3)
    for query in (filters, {**filters, "lot_id": other.id}):
        listed = client.get("/api/bookings", query_string=query, headers=auth(alice)).json["bookings"]
        body = {"kind": "bookings", "filters": query, "format": "machine"}
        job = client.post("/api/exports", json=body, headers=auth(alice)).json["export"]
        build.run(job["id"])
        done = client.get(f"/api/exports/{job['id']}", headers=auth(alice)).json["export"]
        rows = rows_of(client.get(done["download_url"], headers=auth(alice)).data)
        assert [int(row["id"]) for row in rows] == [b["id"] for b in listed]
        streamed = client.get("/api/export", query_string=query, headers=auth(alice, Accept="text/csv"))
        assert rows_of(streamed.data) == rows


def test_all_data_is_four_files_and_holds_no_secret(client, alice, carol, auth, folder):
    lot = make_lot(require_checkin=True)
    for day in range(3):
        stay(alice, lot, clock.now() - timedelta(days=day + 1))
    answer = client.post("/api/admin/export-all-data", headers=auth(carol))
    assert answer.status_code == 202
    assert (answer.json["status"], answer.json["task_id"]) == ("processing", f"export-{answer.json['export']['id']}")
    build.run()
    done = client.get(f"/api/exports/{answer.json['export']['id']}", headers=auth(carol)).json["export"]
    assert (done["state"], done["rows_done"]) == ("done", 2 + 1 + 5 + 3)
    data = client.get(done["download_url"], headers=auth(carol)).data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    assert {name: len(rows_of(data)) for name, data in inside.items()} == {
        "users.csv": 2,
        "lots.csv": 1,
        "spots.csv": 5,
        "bookings.csv": 3,
    }
    assert {p.name: p.read_bytes() for p in folder.glob("admin/*/*.csv")} == inside
    [person, chief] = rows_of(inside["users.csv"])
    assert chief["Roles"] == "admin user"
    assert (person["Email"], person["Roles"], person["Bookings in total"], person["Spent in total"]) == (
        "alice@example.com", "user", "3", "15.00")  # fmt: skip
    whole = b"".join(inside.values())
    for secret in (alice.password, alice.fs_uniquifier, carol.fs_uniquifier, "$2b$", "hmac"):
        assert secret.encode() not in whole


def test_a_queued_job_says_that_it_waits_for_a_worker(client, alice, auth):
    job = client.post("/api/exports", json={}, headers=auth(alice)).json["export"]
    clock.travel(31)
    assert client.get(f"/api/exports/{job['id']}", headers=auth(alice)).json["export"]["waiting_for_worker"] is True


def test_a_double_click_builds_one_file_and_sends_one_mail(client, alice, carol, auth):
    make_lot()
    first, second = (client.get("/api/export", headers=auth(alice)).json for _ in range(2))
    assert first["task_id"] == second["task_id"]
    admin = [client.post("/api/admin/export-all", headers=auth(carol)).json["task_id"] for _ in range(2)]
    while build.run():
        pass
    admin.append(client.post("/api/admin/export-all-data", headers=auth(carol)).json["task_id"])
    assert len(set(admin)) == 1
    forced = client.post("/api/admin/export-all-data?force=true", headers=auth(carol)).json["task_id"]
    assert forced != admin[0]
    assert build.run() is not None
    assert (len(mails("export_ready")), len(mails("admin_export_ready"))) == (1, 2)


def test_a_head_request_starts_no_export(client, alice, auth):
    client.head("/api/export", headers=auth(alice))
    assert db.session.query(ExportJob).count() == 0


def test_a_dry_run_names_the_recipient_and_builds_nothing(client, carol, auth):
    tried = client.post("/api/admin/export-all-data?dry_run=true", headers=auth(carol))
    assert (tried.status_code, tried.json["recipients"]) == (200, 1)
    assert db.session.query(ExportJob).count() == 0


def test_an_idempotency_key_is_honoured(client, alice, auth):
    key = auth(alice, **{"Idempotency-Key": "k1"})
    first = client.post("/api/exports", json={"kind": "bookings"}, headers=key)
    build.run()
    again = client.post("/api/exports", json={"kind": "bookings"}, headers=key)
    assert (again.status_code, again.data) == (202, first.data)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = client.post("/api/exports", json={"filters": {"status": "Active"}}, headers=key)
    assert other.status_code == 422
    assert db.session.query(ExportJob).count() == 1


def test_the_mail_attaches_a_small_file_and_links_to_a_large_one(client, alice, auth, monkeypatch):
    lot = make_lot()
    stay(alice, lot, clock.now() - timedelta(days=1))
    client.get("/api/export", headers=auth(alice))
    build.run()
    [attached] = mails("export_ready")
    [reference] = attached.attachments
    assert attached.facts["link"] is None
    assert reference["filename"].endswith(".csv")
    assert files.absolute(reference["path"]).is_file()
    monkeypatch.setattr(emails, "ATTACHED_UP_TO", 10)
    client.get("/api/export?status=Completed", headers=auth(alice))
    build.run()
    linked = mails("export_ready")[1]
    assert linked.attachments == []
    assert linked.facts["expires_at"] == "2026-03-03T12:00:00Z"
    assert linked.facts["link"].startswith("/bookings?export=")


def link_of(alice, client, auth, monkeypatch):
    """(job id, token) of a mailed link."""
    monkeypatch.setattr(emails, "ATTACHED_UP_TO", 10)
    client.get("/api/export", headers=auth(alice))
    build.run()
    job_id, token = mails("export_ready")[-1].facts["link"].removeprefix("/bookings?export=").split("#token=")
    return int(job_id), token


def test_the_link_in_the_mail_works_for_its_owner_for_a_day(client, alice, bob, auth, monkeypatch):
    job_id, token = link_of(alice, client, auth, monkeypatch)
    url = f"/api/exports/{job_id}/download?token={token}"
    assert client.get(url, headers=auth(alice)).status_code == 200
    assert client.get(url).status_code == 401
    assert client.get(url, headers=auth(bob)).status_code == 404
    assert client.get(f"/api/exports/{job_id}/download?token={token}x", headers=auth(alice)).status_code == 410
    clock.travel(24 * 3600)
    ended = client.get(url, headers=auth(alice))
    assert (ended.status_code, ended.json["code"]) == (410, "link_ended")
    assert client.get(f"/api/exports/{job_id}/download", headers=auth(alice)).status_code == 200


def test_the_link_of_one_export_opens_no_other(client, alice, auth, monkeypatch):
    _, token = link_of(alice, client, auth, monkeypatch)
    other = client.get("/api/export?status=Active", headers=auth(alice)).json["export"]["id"]
    build.run()
    assert client.get(f"/api/exports/{other}/download?token={token}", headers=auth(alice)).status_code == 410


def test_another_users_export_is_not_found(client, alice, bob, carol, auth):
    job = client.post("/api/exports", json={}, headers=auth(alice)).json["export"]
    for who in (bob, carol):
        for call in (client.get, client.delete):
            assert call(f"/api/exports/{job['id']}", headers=auth(who)).status_code == 404
        assert client.get(f"/api/exports/{job['id']}/download", headers=auth(who)).status_code == 404
        assert client.get("/api/exports", headers=auth(who)).json["exports"] == []


def test_all_data_is_only_for_present_administrators(client, alice, carol, auth):
    assert client.post("/api/admin/export-all-data", headers=auth(alice)).status_code == 403
    assert client.post("/api/exports", json={"kind": "all_data"}, headers=auth(alice)).status_code == 403
    job = client.post("/api/exports", json={"kind": "all_data"}, headers=auth(carol)).json["export"]
    build.run()
    person = db.session.get(User, carol.id)
    person.roles = [role for role in person.roles if role.name == "user"]
    db.session.commit()
    assert client.get(f"/api/exports/{job['id']}/download", headers=auth(carol)).status_code == 404
    assert client.get("/api/exports", headers=auth(carol)).json["exports"] == []


def test_exports_use_at_most_half_of_the_workers_threads(client, alice, bob, auth, monkeypatch):
    """At most half of the worker's threads build; the next job waits until one of them is done."""
    for who in (alice, bob):
        client.post("/api/exports", json={}, headers=auth(who))
    monkeypatch.setattr(build.jobs.settings, "current", lambda: SimpleNamespace(worker_concurrency=2))
    with transaction() as session:
        assert build.jobs.acquire(session, clock.now()) is not None
    with transaction() as session:
        assert build.jobs.acquire(session, clock.now()) is None
    clock.travel(build.jobs.LEASE.total_seconds())
    with transaction() as session:
        assert build.jobs.acquire(session, clock.now()) is not None


def test_an_export_can_be_cancelled_before_during_and_after_building(client, alice, auth, folder, monkeypatch):
    lot = make_lot()
    stay(alice, lot, clock.now() - timedelta(days=1))
    queued = client.post("/api/exports", json={}, headers=auth(alice)).json["export"]["id"]
    cancelled = client.delete(f"/api/exports/{queued}", headers=auth(alice))
    assert cancelled.json["export"]["state"] == "cancelled"
    assert build.run() is None

    running = client.post("/api/exports", json={}, headers=auth(alice)).json["export"]["id"]
    real = build.files.check_space
    pressed = []

    def press_cancel():
        if not pressed:
            pressed.append(client.delete(f"/api/exports/{running}", headers=auth(alice)).status_code)
        real()

    monkeypatch.setattr(build.files, "check_space", press_cancel)
    build.run()
    assert pressed == [200]
    assert client.get(f"/api/exports/{running}", headers=auth(alice)).json["export"]["state"] == "cancelled"
    assert list(folder.rglob("*.*")) == []

    done = client.post("/api/exports", json={}, headers=auth(alice)).json["export"]["id"]
    build.run()
    assert len(list(folder.rglob("*.csv"))) == 1
    assert client.delete(f"/api/exports/{done}", headers=auth(alice)).json["export"]["state"] == "expired"
    assert list(folder.rglob("*.csv")) == []
    assert client.get(f"/api/exports/{done}/download", headers=auth(alice)).status_code == 410
    assert len(mails("export_ready")) == 1


def test_requests_and_cancellations_are_in_the_audit_log(client, alice, auth):
    job = client.post("/api/exports", json={}, headers=auth(alice)).json["export"]["id"]
    client.post("/api/exports", json={}, headers=auth(alice))
    client.delete(f"/api/exports/{job}", headers=auth(alice))
    client.delete(f"/api/exports/{job}", headers=auth(alice))
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(e.action, e.entity_id, e.actor_id) for e in entries] == [
        ("export.request", job, alice.id),
        ("export.cancel", job, alice.id),
    ]


@pytest.mark.parametrize(
    "body", [{"kind": "secrets"}, {"kind": 1}, {"filters": {"lot_id": "1"}}, {"filters": {"x": 1}}, {"user_id": 2}, []]
)
def test_invalid_requests_are_refused(client, alice, auth, body):
    assert client.post("/api/exports", json=body, headers=auth(alice)).status_code in (400, 422)


def test_a_deleted_account_leaves_no_exports(client, alice, auth, folder):
    client.get("/api/export", headers=auth(alice))
    build.run()
    with transaction() as session:
        service.delete_of_user(session, alice.id)
    assert list(folder.rglob("*.csv")) == []
    assert db.session.query(ExportJob).count() == 0
