"""“Export these”: the file has the rows that the administrator's list shows, on all its pages."""

import csv
import io
import json
from datetime import timedelta

import pytest

from parking import clock
from tests.bookings.helpers import park
from tests.exports.stage import make_lot, stay

FILES = (
    "/api/admin/bookings.csv",
    "/api/users.csv",
    "/api/admin/lots.csv",
    "/api/admin/audit.csv",
    "/api/admin/emails.csv",
    "/api/exports.csv",
)


@pytest.fixture
def get(client, auth, carol):
    def read(path, **query):
        return client.get(path, query_string=query, headers=auth(carol))

    return read


def rows(answer):
    assert answer.status_code == 200, answer.json
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"status": "Active"},
        {"q": "bob"},
        {"q": "harbour"},
        {"order": "oldest"},
        {"from": "2026-03-01T00:00:00Z"},
        {"counted": "ended", "from_day": "2026-03-01", "to_day": "2026-03-01"},
        {"overstayed": "true"},
    ],
)
def test_the_file_of_bookings_has_the_rows_of_the_list(get, alice, bob, query):
    harbour, castle = make_lot("Harbour"), make_lot("Castle")
    for n in range(1, 6):
        stay(alice if n % 2 else bob, harbour if n < 4 else castle, clock.now() - timedelta(days=n), 1.5, cost=100 * n)
    park(bob, {"id": castle.id})
    listed = get("/api/admin/bookings", **query).json["bookings"]
    query.pop("order", None)
    answer = get("/api/admin/bookings.csv", format="machine", **query)
    in_file = rows(answer)
    assert sorted(row["reference"] for row in in_file) == sorted(one["reference"] for one in listed)
    assert {row["user_email"] for row in in_file} == {one["user_email"] for one in listed}
    assert answer.headers["Content-Disposition"] == 'attachment; filename="parkwell-bookings-2026-03-02.csv"'


def test_the_file_of_users_has_the_users_of_the_list(get, alice, bob, carol):
    for query in ({}, {"q": "bob"}, {"role": "admin"}, {"active": "false"}):
        listed = get("/api/users", **query).json["users"]
        in_file = rows(get("/api/users.csv", format="machine", **query))
        assert {row["email"] for row in in_file} == {one["email"] for one in listed}


def test_the_file_of_lots_has_the_open_lots_with_the_words(client, get, auth, carol):
    make_lot("Harbour Street"), make_lot("Castle")
    deleted = make_lot("Harbour Old")
    assert client.delete(f"/api/lots/{deleted.id}", headers=auth(carol)).status_code == 200
    assert [row["Name"] for row in rows(get("/api/admin/lots.csv"))] == ["Harbour Street", "Castle"]
    assert [row["Name"] for row in rows(get("/api/admin/lots.csv", q="street HARB"))] == ["Harbour Street"]


def test_the_file_of_the_audit_log_has_the_rows_of_the_list_with_their_names(get, client, auth, alice, carol):
    lot = make_lot("Harbour")
    booking = park(alice, {"id": lot.id})
    for query in ({}, {"entity": "booking"}, {"q": "alice"}, {"to": "2026-03-01T00:00:00Z"}):
        listed = get("/api/admin/audit", **query).json["entries"]
        in_file = rows(get("/api/admin/audit.csv", format="machine", **query))
        assert [int(row["id"]) for row in in_file] == [one["id"] for one in listed]
        assert [row["entity_name"] for row in in_file] == [one["entity_name"] or "" for one in listed]
        assert [json.loads(row["after"]) if row["after"] else None for row in in_file] == [
            one["after"] for one in listed
        ]
    entry = next(row for row in rows(get("/api/admin/audit.csv")) if row["Object"] == "booking")
    assert entry["Object name"].startswith(booking["reference"])
    assert "spot: Harbour" in entry["After"]
    assert "spot_id" not in entry["After"]
    assert (entry["Time"], entry["Time zone of the times"]) == ("2026-03-02 12:00:00", "UTC")


@pytest.mark.parametrize("query", [{}, {"state": "queued"}, {"q": "bob@"}, {"kind": "test_message"}, {"state": "sent"}])
def test_the_file_of_the_outbox_has_the_rows_of_the_list(get, app, alice, bob, query):
    lot = make_lot("Harbour")
    park(alice, {"id": lot.id}), park(bob, {"id": lot.id})
    listed = get("/api/admin/emails", **query).json["emails"]
    in_file = rows(get("/api/admin/emails.csv", format="machine", **query))
    for name in ("recipient", "subject", "state", "message_id", "last_reply"):
        assert [row[name] for row in in_file] == [one[name] or "" for one in listed]
    assert [bool(row["next_attempt_at"]) for row in in_file] == [bool(one["next_attempt_at"]) for one in listed]
    oldest = get("/api/admin/emails", order="oldest", **query).json["emails"]
    assert [one["id"] for one in oldest] == [one["id"] for one in reversed(listed)]


def test_the_file_of_exports_has_the_rows_of_the_list(client, get, auth, carol):
    for kind in ("bookings", "all_data"):
        assert client.post("/api/exports", json={"kind": kind}, headers=auth(carol)).status_code == 202
    listed = get("/api/exports").json["exports"]
    in_file = rows(get("/api/exports.csv", format="machine"))
    assert [(int(row["id"]), row["kind"], row["state"]) for row in in_file] == [
        (one["id"], one["kind"], one["state"]) for one in listed
    ]
    assert {row["kind"] for row in in_file} == {"bookings", "all_data"}


@pytest.mark.parametrize("path", FILES)
def test_the_files_are_for_administrators(client, auth, alice, path):
    assert client.get(path).status_code == 401
    assert client.get(path, headers=auth(alice)).status_code == 403
    assert client.get(path, query_string={"format": "xlsx"}, headers=auth(alice)).status_code == 403
