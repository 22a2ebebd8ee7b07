"""The log speaks of names and numbers that people know, and can be narrowed to a period."""

from datetime import timedelta

import pytest

from parking import clock
from parking.audit import queries
from parking.audit import service as audit
from parking.database import db, transaction
from tests.bookings.helpers import make_lot, park

LOG = "/api/admin/audit"


@pytest.fixture
def read(client, carol, auth):
    def ask(**query):
        answer = client.get(LOG, query_string=query, headers=auth(carol))
        assert answer.status_code == 200, answer.json
        return answer.json

    return ask


def test_entries_name_what_they_are_about(client, auth, read, alice, carol):
    lot = make_lot(carol)
    booking = park(alice, lot)
    client.patch(f"/api/spots/{booking['spot_id']}", json={"level": "2"}, headers=auth(carol))
    client.patch(f"/api/users/{alice.id}", json={"roles": ["user", "admin"]}, headers=auth(carol))
    names = {entry["entity"]: entry["entity_name"] for entry in read()["entries"]}
    assert names == {
        "lot": "Harbour",
        "booking": f"{booking['reference']} · Harbour · {booking['spot_number']}",
        "spot": f"Harbour · {booking['spot_number']}",
        "user": "alice",
    }


def test_what_people_call_a_thing_finds_its_entries(client, auth, read, alice, bob, carol):
    harbour, station = make_lot(carol), make_lot(carol, "Çarşı", address="Hafenstraße 5")
    mine, _ = park(alice, harbour), park(bob, station)
    client.patch(f"/api/users/{bob.id}", json={"active": False}, headers=auth(carol))

    def matching(q):
        return [(entry["entity"], entry["entity_id"]) for entry in read(q=q)["entries"]]

    reference = mine["reference"]
    for spelling in (reference, reference.lower(), reference.replace("-", ""), reference[:6]):
        assert matching(spelling) == [("booking", mine["id"])], spelling
    assert matching("carsi") == matching("hafenstrasse") == [("lot", station["id"])]
    assert ("user", bob.id) in matching("bob@example")
    assert matching("nothing of the kind") == []


def test_the_numbers_in_a_change_have_names(client, auth, read, carol):
    lot = make_lot(carol)
    client.put(f"/api/lots/{lot['id']}", json={"price_per_hour": 3.5}, headers=auth(carol))
    answer = read(q="lot.updated")
    [entry] = answer["entries"]
    tariffs = answer["names"]["tariff"]
    assert [tariffs[str(entry[side]["tariff_id"])] for side in ("before", "after")] == ["2.00 EUR", "3.50 EUR"]


def test_what_has_no_name_any_more_has_none(read, carol):
    with transaction() as session:
        audit.record(session, "lot.created", "lot", 4711, actor_id=carol.id)
        audit.record(session, "export.request", "export", 1, after={"filters": {"lot_id": 4711, "status": None}})
    answer = read()
    assert [entry["entity_name"] for entry in answer["entries"]] == [None, None]
    assert answer["names"]["lot"] == {}


@pytest.fixture
def days(app):
    """An entry at noon of each of twenty days; the last one today."""
    now = clock.now()
    for ago in range(19, -1, -1):
        with clock.set_to(now - timedelta(days=ago)), transaction() as session:
            audit.record(session, "lot.updated", "lot", 20 - ago)
    return now


@pytest.mark.parametrize(
    ("first", "after", "expected"),
    [(5, 3, [15, 16]), (400, 18, [1]), (1, None, [19, 20]), (None, 18, [1]), (-1, -2, []), (400, 300, [])],
)
def test_a_period_has_the_entries_from_its_begin_to_before_its_end(read, days, first, after, expected):
    query = {
        name: (days - timedelta(days=ago)).isoformat()
        for name, ago in (("from", first), ("to", after))
        if ago is not None
    }
    assert [entry["entity_id"] for entry in read(**query)["entries"]][::-1] == expected


def test_a_period_of_the_past_does_not_read_the_log_up_to_it(days):
    """The ids bound it: twenty entries, and the newer ones are not looked at."""
    filters = queries.Filters(to=days - timedelta(days=15))
    conditions = queries._period(db.session(), filters)
    assert conditions[1].right.value == 6


@pytest.mark.parametrize("text", ["yesterday", "2026-03-02T12:00:00", "2026-13-01T00:00:00Z"])
def test_a_time_that_cannot_be_read_is_refused_with_a_sentence(client, auth, carol, text):
    answer = client.get(LOG, query_string={"from": text}, headers=auth(carol))
    assert answer.status_code == 422
    assert "a time with its offset, for example 2026-03-02T09:00:00Z" in answer.json["detail"]
