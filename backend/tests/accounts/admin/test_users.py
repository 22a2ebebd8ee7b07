"""Accounts as an administrator sees them, and the last administrator."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import event, select

from parking.accounts import hooks, queries, setup
from parking.accounts.models import Role, User
from parking.audit import AuditEntry
from parking.database import db, transaction
from tests.accounts.conftest import OWN_PAGE


def make_users(count: int, name: str = "driver ") -> None:
    with transaction() as session:
        driver = session.scalar(select(Role).where(Role.name == "user"))
        session.add_all(
            User(
                email=f"{name.split()[-1]}{n}of{count}@example.com",
                username=f"{name}{n}",
                active=n % 3 > 0,
                fs_uniquifier=f"{name}{n}",
                roles=[driver],
            )
            for n in range(count)
        )


def test_the_list_shows_what_was_promised_and_nothing_secret(client, alice, carol, auth):
    answer = client.get("/api/users", headers=auth(carol))
    assert answer.json["total"] == 2
    assert answer.json["next"] is None
    newest, oldest = answer.json["users"]
    assert newest["username"] == "carol"
    assert oldest == {
        "id": alice.id,
        "email": "alice@example.com",
        "username": "alice",
        "roles": ["user"],
        "active": True,
        "created_at": "2026-03-02T12:00:00Z",
        "last_booking_at": None,
        "active_bookings": 0,
        "total_bookings": 0,
        "total_spent": 0,
        "currency": "EUR",
    }
    for word in ("$2b$", "uniquifier", "password"):
        assert word not in answer.text


def test_statistics_of_a_user_come_from_the_domain_of_bookings(client, alice, carol, auth, monkeypatch):
    calls = []

    def figures(session, user_ids):
        calls.append(user_ids)
        return {alice.id: hooks.BookingSummary(1, 7, 12345, datetime(2026, 3, 1, 9, tzinfo=UTC))}

    monkeypatch.setattr(hooks, "_summaries", [])
    hooks.register_booking_summaries(figures)
    users = client.get("/api/users", headers=auth(carol)).json["users"]
    assert calls == [[carol.id, alice.id]]
    assert (users[1]["active_bookings"], users[1]["total_bookings"], users[1]["total_spent"]) == (1, 7, 123.45)
    assert users[1]["last_booking_at"] == "2026-03-01T09:00:00Z"
    assert users[0]["total_bookings"] == 0


FILTERS = [
    ("q=ALI", ["alice"]),
    ("q=example.com", ["carol", "bob", "alice"]),
    ("q=%25", []),
    ("q=_", []),
    ("role=admin", ["carol"]),
    ("role=user&q=o", ["carol", "bob", "alice"]),
    ("active=false", ["bob"]),
    ("active=true&role=user", ["carol", "alice"]),
    ("nonsense=1", ["carol", "bob", "alice"]),
]


def test_filters(client, alice, bob, carol, auth):
    bob.active = False
    db.session.commit()
    for query, names in FILTERS:
        answer = client.get(f"/api/users?{query}", headers=auth(carol))
        assert [user["username"] for user in answer.json["users"]] == names, query
        assert answer.json["total"] == len(names)


def test_pages_follow_each_other_without_gap_or_overlap(client, carol, auth):
    make_users(25)
    seen, cursor = [], None
    while cursor != "":
        query = f"limit=10&cursor={cursor}" if cursor else "limit=10"
        answer = client.get(f"/api/users?{query}", headers=auth(carol)).json
        assert answer["total"] == 26
        seen += [user["id"] for user in answer["users"]]
        cursor = answer["next"] or ""
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 26


def test_invalid_queries_are_refused(client, carol, auth):
    for query in ("limit=0", "limit=1001", "limit=x", "cursor=!!", "cursor=LTE", "cursor=ÄÄ", "role=root", "active=7"):
        assert client.get(f"/api/users?{query}", headers=auth(carol)).status_code == 422, query


def test_a_page_costs_the_same_number_of_queries_whatever_its_length(client, carol, auth):
    seen, counts = [], []
    event.listen(db.engine, "before_cursor_execute", lambda *a: "SELECT" in a[2] and seen.append(a[2]))
    for people in (3, 60):
        make_users(people, f"crowd of {people}, ")
        before = len(seen)
        client.get("/api/users", headers=auth(carol))
        counts.append(len(seen) - before)
    assert counts == [4, 4], "the page, its roles, the total, the figures (the caller is read by the driver alone)"


def test_one_person(client, alice, carol, auth):
    assert client.get(f"/api/users/{alice.id}", headers=auth(carol)).json["user"]["email"] == "alice@example.com"
    assert client.get("/api/users/999", headers=auth(carol)).status_code == 404
    assert client.get(f"/api/users/{2**70}", headers=auth(carol)).status_code == 404


def test_a_disabled_person_is_refused_at_the_next_request(client, alice, carol, auth, sign_in, actions, rows):
    browser, headers = sign_in("alice@example.com")
    answer = client.patch(f"/api/users/{alice.id}", json={"active": False}, headers=auth(carol))
    assert answer.json["user"]["active"] is False
    assert client.get("/auth/me", headers=headers).status_code == 401
    assert browser.post("/auth/refresh", headers=OWN_PAGE).status_code == 401
    assert client.patch(f"/api/users/{alice.id}", json={"active": True}, headers=auth(carol)).status_code == 200
    assert client.get("/auth/me", headers=headers).status_code == 401, "the old token stays dead"
    sign_in("alice@example.com")
    from parking.audit import AuditEntry

    changes = rows(AuditEntry, action="user.updated")
    assert [(entry.actor_id, entry.entity_id) for entry in changes] == [(carol.id, alice.id)] * 2
    assert changes[0].before == {"active": True, "roles": ["user"]}
    assert changes[0].after == {"active": False, "roles": ["user"]}


def test_a_new_role_counts_at_once_and_the_browser_stays_signed_in(client, alice, carol, auth, sign_in):
    browser, headers = sign_in("alice@example.com")
    path = f"/api/users/{alice.id}"
    assert client.patch(path, json={"roles": ["user", "admin"]}, headers=auth(carol)).status_code == 200
    assert client.get("/auth/me", headers=headers).status_code == 401
    refreshed = browser.post("/auth/refresh", headers=OWN_PAGE).json
    assert refreshed["user"]["roles"] == ["admin", "user"]
    promoted = {"Authorization": f"Bearer {refreshed['token']}"}
    assert client.get("/api/users", headers=promoted).status_code == 200
    assert client.patch(path, json={"roles": ["user"]}, headers=auth(carol)).status_code == 200
    assert client.get("/api/users", headers=promoted).status_code == 401
    demoted = {"Authorization": f"Bearer {browser.post('/auth/refresh', headers=OWN_PAGE).json['token']}"}
    assert client.get("/api/users", headers=demoted).status_code == 403


def test_a_change_that_changes_nothing_leaves_no_trace(client, alice, carol, auth, sign_in, actions):
    _, headers = sign_in("alice@example.com")
    for body in ({}, {"active": True}, {"roles": ["user"]}, {"roles": ["user", "user"]}):
        assert client.patch(f"/api/users/{alice.id}", json=body, headers=auth(carol)).status_code == 200
    assert actions() == ["session.started"]
    assert client.get("/auth/me", headers=headers).status_code == 200


REFUSED = [
    {"roles": []},
    {"roles": ["root"]},
    {"roles": "admin"},
    {"active": "no"},
    {"active": 1},
    {"email": "x@example.com"},
    {"password": "new password"},
    {"fs_uniquifier": "x"},
    {"id": 7},
    {"created_at": "2020-01-01T00:00:00Z"},
    [],
]


def test_nothing_else_can_be_changed(client, alice, carol, auth, rows):
    for body in REFUSED:
        assert client.patch(f"/api/users/{alice.id}", json=body, headers=auth(carol)).status_code == 422, body
    assert rows(User, username="alice")[0].fs_uniquifier == "uniquifier-of-alice"


@pytest.mark.parametrize("body", [{"active": False}, {"roles": ["user"]}, {"active": False, "roles": ["user"]}])
def test_the_last_administrator_cannot_be_removed(client, alice, carol, auth, rows, body):
    answer = client.patch(f"/api/users/{carol.id}", json=body, headers=auth(carol))
    assert (answer.status_code, answer.json["code"]) == (409, "last_administrator")
    refusal = client.delete("/auth/me", json={"password": "correct horse battery"}, headers=auth(carol))
    assert (refusal.status_code, refusal.json["code"]) == (409, "last_administrator")
    with db.session() as session:
        assert queries.count_admins(session) == 1


def test_a_disabled_administrator_does_not_count_as_one(client, alice, carol, auth):
    client.patch(f"/api/users/{alice.id}", json={"roles": ["admin"]}, headers=auth(carol))
    client.patch(f"/api/users/{alice.id}", json={"active": False}, headers=auth(carol))
    assert client.patch(f"/api/users/{carol.id}", json={"roles": ["user"]}, headers=auth(carol)).status_code == 409


@pytest.fixture
def two_administrators(alice, carol):
    with transaction() as session:
        session.merge(alice).roles = queries.roles(session, ["admin"])
    return [(alice, carol), (carol, alice)]


def remove_each_other(app, together, auth, pairs, how) -> list[int]:
    def one(number: int) -> int:
        actor, target = pairs[number]
        client, headers = app.test_client(), auth(actor)
        if how == "delete":
            return client.delete("/auth/me", json={"password": "correct horse battery"}, headers=headers).status_code
        return client.patch(f"/api/users/{target.id}", json=how, headers=headers).status_code

    return together(2, one)


@pytest.mark.parametrize("how", [{"roles": ["user"]}, {"active": False}, "delete"], ids=str)
def test_two_administrators_who_remove_each_other_leave_one(app, together, auth, two_administrators, how):
    statuses = remove_each_other(app, together, auth, two_administrators, how)
    assert 200 in statuses
    assert set(statuses) <= {200, 401, 409}
    with db.session() as session:
        assert queries.count_admins(session) == 1


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite never has two writers
def test_without_the_lock_no_administrator_would_remain(app, together, auth, two_administrators, monkeypatch):
    """The control run: both count before either has written."""
    counted = threading.Barrier(2)
    real = queries.count_admins

    def count_then_wait(session, *, but=None):
        count = real(session, but=but)
        counted.wait(20)
        return count

    monkeypatch.setattr(setup, "lock_admins", lambda session: None)
    monkeypatch.setattr(queries, "count_admins", count_then_wait)
    assert remove_each_other(app, together, auth, two_administrators, "delete") == [200, 200]
    with db.session() as session:
        assert real(session) == 0


def test_an_administrator_sees_how_often_a_person_is_signed_in_and_ends_it(client, alice, bob, carol, auth, sign_in):
    alice_id, bob_id, operator, token = alice.id, bob.id, auth(carol), auth(alice)
    browser, _ = sign_in("alice@example.com")
    sign_in("alice@example.com")
    sign_in("bob@example.com")
    url = f"/api/users/{alice_id}/sessions"
    seen = client.get(url, headers=operator).json["sign_ins"]
    assert seen == {"count": 2, "last_used_at": "2026-03-02T12:00:00Z", "second_factor": False}
    assert client.delete(url, headers=operator).json["ended"] == 2
    assert client.get(url, headers=operator).json["sign_ins"] == {
        "count": 0,
        "last_used_at": None,
        "second_factor": False,
    }
    assert client.get("/auth/me", headers=token).status_code == 401
    assert browser.post("/auth/refresh", headers=OWN_PAGE).status_code == 401
    assert client.get(f"/api/users/{bob_id}/sessions", headers=operator).json["sign_ins"]["count"] == 1
    entry = db.session.scalar(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1))
    assert (entry.action, entry.entity_id, entry.after) == ("session.all_ended", alice_id, {"sessions": 2})
    assert entry.actor_id == carol.id
    assert client.get("/api/users/999/sessions", headers=operator).status_code == 404
    assert client.delete("/api/users/999/sessions", headers=operator).status_code == 404


@pytest.mark.parametrize(
    ("order", "key", "descending"),
    [
        ("newest", "id", True),
        ("oldest", "id", False),
        ("name", "username", False),
        ("name_descending", "username", True),
    ],
)
def test_the_list_has_the_order_that_was_asked_for_on_all_pages(client, alice, carol, auth, order, key, descending):
    make_users(5)
    seen, cursor = [], ""
    while cursor is not None:
        query = {"order": order, "limit": 3} | ({"cursor": cursor} if cursor else {})
        page = client.get("/api/users", query_string=query, headers=auth(carol)).json
        seen += [user[key] for user in page["users"]]
        cursor = page["next"]
    assert len(seen) == 7
    assert seen == sorted(seen, reverse=descending)
