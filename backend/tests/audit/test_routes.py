"""The audit log as administrators read it."""

import pytest

from parking.audit import service as audit
from parking.database import transaction

LOG = "/api/admin/audit"


@pytest.fixture
def log(alice, bob, carol):
    """Five changes: two by carol, one each by alice and bob, one by the system."""
    with transaction() as session:
        audit.record(session, "lot.created", "lot", 7, after={"name": "Harbour"}, actor_id=carol.id)
        audit.record(session, "booking.created", "booking", 1, after={"status": "Active"}, actor_id=alice.id)
        audit.record(session, "booking.created", "booking", 2, after={"status": "Active"}, actor_id=bob.id)
        audit.record(session, "booking.no_show", "booking", 2, before={"status": "Reserved"})
        audit.record(
            session, "lot.updated", "lot", 7, before={"name": "Harbour"}, after={"name": "Quay"}, actor_id=carol.id
        )


@pytest.fixture
def read(client, carol, auth, log):
    def ask(**query):
        answer = client.get(LOG, query_string=query, headers=auth(carol))
        assert answer.status_code == 200, answer.json
        return answer.json

    return ask


def test_an_entry_says_who_changed_what_from_what_to_what(read, carol):
    newest = read()["entries"][0]
    assert newest.pop("id") > 0
    assert newest == {
        "at": "2026-03-02T12:00:00Z",
        "actor_id": carol.id,
        "actor_email": "carol@example.com",
        "actor_name": "carol",
        "action": "lot.updated",
        "entity": "lot",
        "entity_id": 7,
        "entity_name": None,
        "before": {"name": "Harbour"},
        "after": {"name": "Quay"},
        "request_id": newest["request_id"],
    }


def test_what_the_system_did_has_no_actor(read):
    entry = read(q="no_show")["entries"][0]
    assert (entry["actor_id"], entry["actor_email"], entry["after"]) == (None, None, None)


@pytest.mark.parametrize(
    ("query", "actions"),
    [
        ({"entity": "lot"}, ["lot.updated", "lot.created"]),
        ({"entity": "booking", "entity_id": 2}, ["booking.no_show", "booking.created"]),
        ({"q": "BOB@"}, ["booking.created"]),
        ({"q": "created", "entity": "lot"}, ["lot.created"]),
        ({"q": "%"}, []),
        ({"entity": "tram"}, []),
    ],
)
def test_filters_select(read, query, actions):
    assert [entry["action"] for entry in read(**query)["entries"]] == actions


def test_the_order_holds_on_all_pages(read):
    seen, cursor = [], ""
    while cursor is not None:
        page = read(order="oldest", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [entry["id"] for entry in page["entries"]]
        cursor = page["next"]
    assert len(seen) >= 5
    assert seen == sorted(entry["id"] for entry in read()["entries"])


def test_the_actor_selects(read, alice):
    assert [entry["entity_id"] for entry in read(actor_id=alice.id)["entries"]] == [1]


def test_a_request_id_selects_what_that_request_did(client, carol, auth, alice):
    headers = auth(carol) | {"X-Request-Id": "complaint-4711"}
    assert client.patch(f"/api/users/{alice.id}", json={"active": False}, headers=headers).status_code == 200
    client.patch(f"/api/users/{alice.id}", json={"active": True}, headers=auth(carol))
    entries = client.get(LOG, query_string={"q": "complaint-4711"}, headers=auth(carol)).json["entries"]
    assert [(entry["before"]["active"], entry["after"]["active"]) for entry in entries] == [(True, False)]


def test_pages_hold_every_entry_once_while_new_ones_arrive(read):
    first = read(limit=2)
    with transaction() as session:
        audit.record(session, "lot.deleted", "lot", 7)
    second = read(limit=2, cursor=first["next"])
    third = read(limit=2, cursor=second["next"])
    seen = [entry["id"] for page in (first, second, third) for entry in page["entries"]]
    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen, reverse=True)
    assert third["next"] is None


@pytest.mark.parametrize("cursor", ["x", "-1", "٣", "9" * 25, ""])
def test_an_invalid_cursor_is_refused(client, carol, auth, cursor):
    answer = client.get(LOG, query_string={"cursor": cursor}, headers=auth(carol))
    assert answer.status_code == 422
    assert "cursor" in answer.json["errors"]


def test_only_administrators_read_it_and_nobody_writes_it(client, alice, carol, auth):
    assert client.get(LOG).status_code == 401
    assert client.get(LOG, headers=auth(alice)).status_code == 403
    assert client.post(LOG, json={}, headers=auth(carol)).status_code == 405
    assert client.delete(LOG, headers=auth(carol)).status_code == 405
