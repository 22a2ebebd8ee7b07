"""Giving and withdrawing roles: who may, who is told, what is written down, and what ends."""

from __future__ import annotations

from functools import partial

import pytest
from flask_migrate import downgrade
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from parking import clock
from parking.accounts.admin import service as accounts_admin
from parking.accounts.sessions import access_tokens
from parking.audit import AuditEntry
from parking.database import db, schema, transaction
from parking.exports.models import ExportJob
from parking.mail.models import OutboxMail
from parking.mail.rendering import render
from parking.staff import LotStaff
from parking.staff.roles import ROLES, includes
from tests.conftest import PASSWORD, make_user
from tests.mail.drafts import SITE, draft
from tests.staff.conftest import hire
from tests.threads import at_once


def url(lot, user=None):
    return f"/api/lots/{lot.id}/staff" + (f"/{user.id}" if user else "")


def mails():
    db.session.rollback()
    rows = select(OutboxMail).where(OutboxMail.kind == "lot_role_changed").order_by(OutboxMail.id)
    return [(one.user_id, one.facts["before"], one.facts["role"]) for one in db.session.scalars(rows)]


def entries():
    db.session.rollback()
    rows = select(AuditEntry).where(AuditEntry.action.startswith("staff.")).order_by(AuditEntry.id)
    return [(one.action, one.entity_id, one.before, one.after) for one in db.session.scalars(rows)]


def test_each_role_includes_those_before_it():
    table = [[includes(held, needed) for needed in ROLES] for held in ROLES]
    assert table == [[True, False, False], [True, True, False], [True, True, True]]
    assert not includes("", "viewer")


def test_a_role_is_given_changed_and_withdrawn(ask, carol, bob, own, other):
    """Each step is in the list, in a mail and in the audit log, and takes effect at once. The same role once more is no
    step."""
    saved = ask(carol, "PUT", url(own, bob), 200, json={"role": "viewer"})
    assert saved["message"] == f"bob is viewer of {own.name}."
    person = {"user_id": bob.id, "username": "bob", "email": bob.email, "active": True}
    assert saved["staff"] == [{**person, "role": "viewer", "since": "2026-03-02T12:00:00Z"}]
    clock.travel(3600)
    for _ in range(2):
        saved = ask(carol, "PUT", url(own, bob), 200, json={"role": "manager"})
    assert saved["staff"] == [{**person, "role": "manager", "since": "2026-03-02T12:00:00Z"}]
    assert ask(bob, "GET", url(own), 200)["staff"] == saved["staff"]
    roles = ask(bob, "GET", "/auth/me", 200)["user"]["lot_roles"]
    assert roles == [{"lot_id": own.id, "lot_name": own.name, "role": "manager"}]
    assert ask(carol, "DELETE", url(own, bob), 200)["staff"] == []
    assert ask(bob, "GET", url(own)).status_code == 403
    assert ask(carol, "DELETE", url(own, bob)).status_code == 404
    assert mails() == [(bob.id, None, "viewer"), (bob.id, "viewer", "manager"), (bob.id, "manager", None)]
    lot = {"lot_id": own.id}
    assert entries() == [
        ("staff.added", bob.id, None, {**lot, "role": "viewer"}),
        ("staff.changed", bob.id, {**lot, "role": "viewer"}, {**lot, "role": "manager"}),
        ("staff.removed", bob.id, {**lot, "role": "manager"}, lot),
    ]
    log = ask(carol, "GET", "/api/admin/audit", 200, query_string={"q": "staff."})
    assert log["names"]["lot"] == {str(own.id): own.name}
    assert {entry["entity_name"] for entry in log["entries"]} == {"bob"}


def test_the_mail_says_what_the_role_may_do():
    def written(role, before=None, language="en"):
        context = {"lot": "Harbour", "role": role, "before": before, "at": "2026-03-02T12:00:00Z"}
        return render.render(draft("lot_role_changed", language, context=context), SITE)

    given = {role: written(role) for role in ROLES}
    assert "take spots out of service" in " ".join(given["attendant"].text.split())
    assert "prices" in given["manager"].text
    assert [f"Your role at Harbour: {role}" for role in ROLES] == [one.subject for one in given.values()]
    assert written("manager", "viewer").subject == "Your role at Harbour is now manager"
    withdrawn = written(None, "viewer")
    assert (withdrawn.subject, "/admin/lots" in withdrawn.text) == ("You no longer work at Harbour", False)
    assert "Aufsicht" in written("attendant", language="de").text


def test_a_manager_adds_somebody_by_the_whole_address(ask, mona, bob, own, other):
    person = ask(mona, "POST", f"{url(own)}/person", 200, json={"email": " Bob@Example.com "})["user"]
    assert person == {"id": bob.id, "email": bob.email, "username": "bob"}
    ask(mona, "PUT", url(own, bob), 200, json={"role": "attendant", "email": "BOB@example.com"})
    ask(mona, "PUT", url(own, bob), 200, json={"role": "viewer"})
    for part in ("bob", "bob@", "%", "example.com", "nobody@example.com"):
        assert ask(mona, "POST", f"{url(own)}/person", json={"email": part}).status_code == 404, part
    assert ask(mona, "POST", f"{url(other)}/person", json={"email": bob.email}).status_code == 404
    for missing in ({}, {"email": ""}, {"email": "x" * 400}):
        assert ask(mona, "POST", f"{url(own)}/person", json=missing).status_code == 422


def test_a_manager_learns_nothing_from_numbers(ask, mona, bob, own):
    """A number without the address of its account, with another address, or of nobody: one answer for all."""
    disabled = make_user("dan", "user")
    disabled.active = False
    db.session.commit()
    attempts = (
        (bob.id, {}),
        (bob.id, {"email": "zoe@example.com"}),
        (10**9, {}),
        (10**9, {"email": bob.email}),
        (disabled.id, {"email": disabled.email}),
    )
    answers = [
        ask(mona, "PUT", f"{url(own)}/{user_id}", 404, json={"role": "viewer", **more}) for user_id, more in attempts
    ]
    assert len({tuple(sorted({**answer, "request_id": ""}.items(), key=str)) for answer in map(_flat, answers)}) == 1
    assert mails() == []


def _flat(answer):
    return {name: str(value) for name, value in answer.items()}


def test_bad_roles_get_a_sentence(ask, carol, bob, own):
    for body in ({}, {"role": "owner"}, {"role": None}, {"role": 1}, {"role": "viewer", "more": 1}):
        assert ask(carol, "PUT", url(own, bob), 422, json=body)["detail"]
    assert ask(carol, "PUT", f"/api/lots/{10**9}/staff/{bob.id}", json={"role": "viewer"}).status_code == 404
    assert ask(carol, "PUT", f"/api/lots/{own.id}/staff/{10**9}", json={"role": "viewer"}).status_code == 404


def test_a_role_in_one_lot_gives_none_to_give_in_another(ask, mona, arno, bob, own, other):
    body = {"role": "viewer", "email": bob.email}
    assert ask(mona, "PUT", url(other, bob), json=body).status_code == 404
    assert ask(arno, "PUT", url(own, bob), json=body).status_code == 403
    assert ask(arno, "DELETE", url(own, mona)).status_code == 403
    left = ask(mona, "DELETE", url(own, mona), 200)["staff"]
    assert [member["username"] for member in left] == ["arno"]


def test_a_change_ends_the_access_tokens_of_before(ask, carol, bob, own):
    before = access_tokens.issue(bob.fs_uniquifier)
    headers = {"Authorization": f"Bearer {before}"}
    ask(carol, "PUT", url(own, bob), 200, json={"role": "viewer"})
    assert ask(carol, "GET", "/auth/me", 200)
    from flask import current_app

    client = current_app.test_client()
    assert client.get("/auth/me", headers=headers).status_code == 401
    signed_in = client.post("/auth/login", json={"email": bob.email, "password": PASSWORD}).json
    assert signed_in["user"]["lot_roles"][0]["role"] == "viewer"


def test_staff_are_in_the_security_log(ask, carol, bob, own, caplog):
    with caplog.at_level("INFO"):
        ask(carol, "PUT", url(own, bob), 200, json={"role": "viewer"})
        ask(carol, "DELETE", url(own, bob), 200)
    assert "staff.added" in caplog.text
    assert "staff.removed" in caplog.text


def test_a_deleted_account_leaves_the_staff(ask, bob, own):
    hire(bob, own.id, "viewer")
    roles = ask(bob, "GET", "/api/me/data", 200)["lot_roles"]
    assert roles == [{"lot_id": own.id, "lot_name": own.name, "role": "viewer", "since": "2026-03-02T12:00:00Z"}]
    ask(bob, "DELETE", "/auth/me", 200, json={"password": PASSWORD})
    db.session.rollback()
    assert db.session.scalar(select(func.count()).select_from(LotStaff)) == 0


def test_a_disabled_account_stays_on_the_list_and_sees_nothing(ask, carol, bob, own):
    hire(bob, own.id, "viewer")
    accounts_admin.change(bob.id, False, None)
    [member] = ask(carol, "GET", url(own), 200)["staff"]
    assert member["active"] is False
    assert ask(bob, "GET", "/api/admin/bookings").status_code == 401
    assert ask(carol, "DELETE", url(own, bob), 200)["staff"] == []


def test_two_who_give_roles_at_once_leave_one(app, ask, carol, bob, own):
    def give(role):
        return ask(carol, "PUT", url(own, bob), json={"role": role}).status_code

    assert at_once([partial(give, role) for role in ROLES * 3]) == [200] * 9
    assert len(ask(carol, "GET", url(own), 200)["staff"]) == 1


def test_the_staff_goes_and_comes_with_live_rows(app, ask, carol, alice, own):
    """Down and up again: the older version knows neither staff nor exports of lots; all else stays."""
    hire(alice, own.id, "manager")
    jobs = [
        ask(carol, "POST", "/api/exports", 202, json={"kind": kind})["export"]["id"]
        for kind in ("bookings", "lot_bookings")
    ]
    db.session.remove()
    downgrade(directory=str(schema.MIGRATIONS), revision="0021")
    with db.engine.connect() as connection:
        assert "lot_staff" not in db.inspect(connection).get_table_names()
        assert connection.execute(text("SELECT id FROM export_job")).scalars().all() == jobs[:1]
    schema.upgrade()
    assert schema.problems() == []
    assert db.session.scalar(select(func.count()).select_from(LotStaff)) == 0
    assert db.session.scalars(select(ExportJob.id)).all() == jobs[:1]
    ask(carol, "PUT", url(own, alice), 200, json={"role": "viewer"})
    assert ask(carol, "POST", "/api/exports", 202, json={"kind": "lot_bookings"})["export"]["state"] == "queued"
    with pytest.raises(IntegrityError), transaction() as session:
        session.execute(text("UPDATE export_job SET kind = 'everything'"))
