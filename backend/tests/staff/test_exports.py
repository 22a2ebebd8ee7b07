"""Exports of lots' bookings: whose they are, what they hold, and that a withdrawn role ends them."""

from __future__ import annotations

import csv
import io

import pytest

from parking.accounts.admin import service as accounts_admin
from parking.database import db
from parking.exports import build, files, jobs, service
from parking.exports.models import ExportJob
from parking.mail.models import OutboxMail
from tests.staff.conftest import OTHER, SECRET, hire


@pytest.fixture
def export(ask):
    def export(who, **filters):
        body = {"kind": "lot_bookings", "format": "machine", "filters": filters}
        return ask(who, "POST", "/api/exports", 202, json=body)["export"]["id"]

    return export


def job(job_id):
    db.session.close()
    row = db.session.get(ExportJob, job_id)
    db.session.close()
    return row


def built(ask, who, job_id):
    assert build.run(job_id) == job_id
    text = ask(who, "GET", f"/api/exports/{job_id}/download").get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def withdraw(ask, carol, lot, user_id):
    ask(carol, "DELETE", f"/api/lots/{lot.id}/staff/{user_id}", 200)


def test_staff_export_the_bookings_of_their_lots_with_the_drivers(ask, export, vera, own, other):
    rows = built(ask, vera, export(vera))
    assert {int(row["id"]) for row in rows} == set(own.bookings.values())
    assert {row["user_email"] for row in rows} == {"alice@example.com"}
    db.session.rollback()
    assert db.session.query(OutboxMail).filter(OutboxMail.kind == "lot_export_ready").count() == 1
    assert rows == built(ask, vera, export(vera, lot_id=own.id))
    hire(vera, other.id, "viewer")
    assert len(built(ask, vera, export(vera))) == len(own.bookings) + len(other.bookings)
    assert len(built(ask, vera, export(vera, status="Active"))) == 2


def test_an_administrator_exports_all_lots_or_one(ask, export, carol, own, other):
    assert len(built(ask, carol, export(carol))) == len(own.bookings) + len(other.bookings)
    assert {row["lot_name"] for row in built(ask, carol, export(carol, lot_id=other.id))} == {f"Bravo {OTHER}"}


def test_nobody_exports_a_lot_that_is_not_theirs(ask, vera, bob, own, other):
    body = {"kind": "lot_bookings"}
    assert ask(bob, "POST", "/api/exports", json=body).status_code == 403
    assert ask(vera, "POST", "/api/exports", json=body | {"filters": {"lot_id": other.id}}).status_code == 404
    assert ask(vera, "POST", "/api/exports", json=body | {"filters": {"lot_id": 10**9}}).status_code == 404


def withdraw_while_it_runs(monkeypatch, ask, carol, lot, user_id) -> list[bool]:
    """The role goes each time before the worker gets rows. The list grows each time that the worker wants more."""
    read_parts, went_on = build.stream.read_parts, []

    def parts(query):
        for part in read_parts(query):
            withdraw(ask, carol, lot, user_id)
            yield part
            went_on.append(True)

    monkeypatch.setattr(build.stream, "read_parts", parts)
    return went_on


def test_a_withdrawn_role_stops_a_running_export(ask, export, vera, carol, own, other, monkeypatch):
    """While the worker writes, the role goes: the job is cancelled, and no file, mail or row stays."""
    user_id, job_id = vera.id, export(vera)
    monkeypatch.setattr(build, "PROGRESS_SECONDS", 0.0)
    went_on = withdraw_while_it_runs(monkeypatch, ask, carol, own, user_id)
    assert build.run(job_id) == job_id
    stopped = job(job_id)
    assert (stopped.state, stopped.file, stopped.lease, went_on) == ("cancelled", None, None, [])
    path = files.absolute(files.relative(user_id, "lot_bookings", job_id, stopped.created_at))
    assert not path.exists()
    assert db.session.query(OutboxMail).filter(OutboxMail.kind == "lot_export_ready").count() == 0


def test_control_without_the_withdrawal_told_it_goes_on(ask, export, vera, carol, own, other, monkeypatch):
    """The same run where exports do not hear of it and ask nobody: the file is there."""
    from parking.staff import service as staff

    monkeypatch.setattr(staff, "_on_withdrawal", [])
    monkeypatch.setattr(build, "_check_lots", lambda job: None)
    user_id, job_id = vera.id, export(vera)
    withdraw_while_it_runs(monkeypatch, ask, carol, own, user_id)
    assert build.run(job_id) == job_id
    assert job(job_id).state == "done"


def test_what_waits_and_what_is_done_ends_as_well(ask, export, vera, carol, own, other):
    hire(vera, other.id, "viewer")
    done, waiting = export(vera, lot_id=own.id), export(vera)
    foreign = export(vera, lot_id=other.id)
    mine = ask(vera, "POST", "/api/exports", 202, json={"kind": "bookings"})["export"]["id"]
    for job_id in (done, foreign):
        build.run(job_id)
    file = files.absolute(job(done).file)
    assert file.exists()
    withdraw(ask, carol, own, vera.id)
    assert (job(done).state, job(waiting).state) == ("expired", "cancelled")
    assert not file.exists()
    assert (job(foreign).state, job(mine).state) == ("done", "queued")
    assert ask(vera, "GET", f"/api/exports/{done}/download").status_code == 404
    assert ask(vera, "GET", f"/api/exports/{foreign}/download").status_code == 200


def test_a_request_that_the_withdrawal_overtakes_is_not_built(ask, export, vera, carol, own, other, monkeypatch):
    """Its lots were read before the role went, and its row came after."""
    from parking.web import Identity

    who = Identity(vera.id, vera.email, vera.username, frozenset({"user"}))
    monkeypatch.setattr(service, "lots_of", lambda *_: frozenset({own.id}))
    withdraw(ask, carol, own, vera.id)
    job_id = service.request(who, "lot_bookings")["export"]["id"]
    monkeypatch.undo()
    build.run(job_id)
    assert (job(job_id).state, job(job_id).error) == ("failed", jobs.NOT_ALLOWED)
    assert ask(vera, "GET", f"/api/exports/{job_id}").status_code == 404


def test_a_former_administrator_keeps_no_export_of_all_lots(ask, export, carol, own, other):
    from tests.conftest import make_user

    make_user("dora", "user", "admin")
    done, waiting = export(carol), export(carol, lot_id=own.id)
    build.run(done)
    accounts_admin.change(carol.id, None, ["user"])
    build.run(waiting)
    assert job(waiting).error == jobs.NOT_ALLOWED
    assert ask(carol, "GET", f"/api/exports/{done}").status_code == 404
    assert ask(carol, "GET", "/api/exports", 200)["exports"] == []
    assert SECRET not in ask(carol, "GET", f"/api/exports/{done}/download").get_data(as_text=True)
