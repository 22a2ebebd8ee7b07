"""“Export these”: the file has the rows that the administrator's list shows, on all its pages."""

import csv
import io
from datetime import timedelta

import pytest

from parking import clock
from tests.bookings.helpers import park
from tests.exports.stage import make_lot, stay


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
    answer = get("/api/admin/bookings.csv", **query)
    in_file = rows(answer)
    assert sorted(row["reference"] for row in in_file) == sorted(one["reference"] for one in listed)
    assert {row["user_email"] for row in in_file} == {one["user_email"] for one in listed}
    assert answer.headers["Content-Disposition"] == 'attachment; filename="parkwell-bookings-2026-03-02.csv"'


def test_the_file_of_users_has_the_users_of_the_list(get, alice, bob, carol):
    for query in ({}, {"q": "bob"}, {"role": "admin"}, {"active": "false"}):
        listed = get("/api/users", **query).json["users"]
        assert {row["email"] for row in rows(get("/api/users.csv", **query))} == {one["email"] for one in listed}


def test_the_file_of_lots_has_the_open_lots_with_the_words(client, get, auth, carol):
    make_lot("Harbour Street"), make_lot("Castle")
    deleted = make_lot("Harbour Old")
    assert client.delete(f"/api/lots/{deleted.id}", headers=auth(carol)).status_code == 200
    assert [row["name"] for row in rows(get("/api/admin/lots.csv"))] == ["Harbour Street", "Castle"]
    assert [row["name"] for row in rows(get("/api/admin/lots.csv", q="street HARB"))] == ["Harbour Street"]


@pytest.mark.parametrize("path", ["/api/admin/bookings.csv", "/api/users.csv", "/api/admin/lots.csv"])
def test_the_files_are_for_administrators(client, auth, alice, path):
    assert client.get(path).status_code == 401
    assert client.get(path, headers=auth(alice)).status_code == 403
    assert client.get(path, query_string={"format": "xlsx"}, headers=auth(alice)).status_code == 403
