"""What staff see and do: their lots, as far as their role goes, and nothing of any other lot."""

from __future__ import annotations

import json
import re

import pytest

from parking import clock
from parking.accounts.tokens.scopes import SCOPES
from parking.database import db
from parking.staff import access, lots_of
from parking.staff.roles import ROLES
from tests.bookings.helpers import identity_of, row
from tests.conftest import make_user
from tests.staff.conftest import CLAIMED, OFFERED, OTHER, SECRET, WAITING, hire
from tests.test_routes_by_identity import ROUTES

MARCH = "from=2026-03-01&to=2026-03-02"


def things(place, other):
    """What stands for the names in the paths of ROUTES, of one lot; what is nobody's has a number of no row."""
    bookings = place.bookings
    named = {"lot": place.id, "empty_lot": place.id, "deleted_lot": place.id, "spot": place.spots[0]}
    named |= {"entry": place.entry, "ended": bookings["Completed"], "stay": bookings["Active"]}
    named |= {"reservation": bookings["Reserved"], "arriving": bookings["Reserved"]}
    named |= {"alice": place.driver.id, "vera": place.driver.id, "unsubscribe": "no-token"}
    return named | dict.fromkeys(("notice", "export", "mail", "series", "session", "token"), other.driver.id)


def questions(own, other):
    """(name in ROUTES, path, query) of every GET route about either lot, and of lists searched for the other one."""
    for name, route in ROUTES.items():
        method, rule = name.split(" ", 1)
        if method != "GET" or rule == "/api/stream":  # events of spots are everybody's: tests/realtime
            continue
        for place in (own, other):
            path = (route.path or rule).format_map(things(place, other))
            query = {k: str(place.id) if v == "{lot}" else v for k, v in route.query.items()}
            yield name, path, query
            yield name, path, {**query, "lot_id": str(place.id)}
        for words in (other.name, other.driver.username, f"{SECRET} ABC", f"R{SECRET}", f"Bravo {OTHER} 1"):
            query = {k: str(own.id) if v == "{lot}" else v for k, v in route.query.items()}
            yield name, (route.path or rule).format_map(things(own, other)), {**query, "q": words}


def leaks(ask, who, own, other):
    """The answers to staff that name something of the other lot, and the routes for staff that did not answer."""
    named, answered = [], set[str]()
    for name, path, query in questions(own, other):
        for accept in ("application/json", "text/csv"):
            answer = ask(who, "GET", path, query_string=query, headers={"Accept": accept})
            if answer.status_code == 200:
                answered.add(name)
            text = re.sub(r'"request_id": ?"[^"]*"', "", answer.get_data(as_text=True))
            if name == "GET /metrics":  # figures of the machine may have any digits
                text = re.sub(r" \S+$", "", text, flags=re.MULTILINE)
            question = json.dumps([path, query])
            marks = (SECRET,) if ROUTES[name].role in ("", "any") else (OTHER, SECRET)
            if any(mark in text for mark in marks):
                named.append((question, answer.status_code, text[:200]))
    for_staff = {name for name, route in ROUTES.items() if name.startswith("GET") and route.role in ROLES}
    return named, for_staff - answered


def test_no_answer_to_staff_names_anything_of_another_lot(ask, mona, bob, own, other):
    """Every GET route, as the manager of one lot: nothing of another but what every driver sees of it."""
    hire(make_user("olga", "user"), other.id, "manager")
    assert leaks(ask, mona, own, other) == ([], set())


def test_control_without_the_filter_the_other_lot_is_named(ask, mona, own, other, monkeypatch):
    monkeypatch.setattr(access, "_with_role", lambda roles, role: None)
    seen = {json.loads(question)[0] for question, *_ in leaks(ask, mona, own, other)[0]}
    assert {"/api/admin/bookings", "/api/admin/bookings.csv", "/api/admin/lots.csv", "/api/admin/search"} <= seen
    assert {f"/api/spots/{other.id}", "/api/admin/waitlist"} <= seen


def test_of_an_entry_for_lots_of_others_too_staff_see_their_part(ask, vera, carol, own, other):
    """What was offered elsewhere is not of this lot any more. Whoever sees both lots sees all of it."""

    def entries(who, query=""):
        return {one["id"]: one for one in ask(who, "GET", f"/api/admin/waitlist{query}", 200)["entries"]}

    for query in ("", f"?lot_id={own.id}"):
        mine = entries(vera, query)
        assert mine.keys() == {own.entry, WAITING}
        assert [lot["id"] for lot in mine[WAITING]["lots"]] == [own.id]
        assert (mine[WAITING]["position"], mine[WAITING]["offer"]) == (2, None)
    assert entries(vera, "?status=Claimed") == entries(vera, "?status=Offered") == {}
    theirs = entries(carol, f"?lot_id={other.id}")
    assert theirs.keys() == {other.entry, WAITING, OFFERED}
    assert theirs[OFFERED]["offer"]["lot_id"] == other.id
    assert {lot["id"] for lot in theirs[WAITING]["lots"]} == {own.id, other.id}
    assert entries(carol, "?status=Claimed")[CLAIMED]["booking_id"] == other.bookings["Active"]
    hire(vera, other.id, "viewer")
    assert entries(vera, f"?lot_id={other.id}") == theirs


def test_staff_see_their_own_lot_as_an_administrator_does(ask, vera, carol, own, other):
    listed = ask(vera, "GET", "/api/admin/bookings", 200)["bookings"]
    assert {one["id"] for one in listed} == set(own.bookings.values())
    assert {one["user_email"] for one in listed} == {"alice@example.com"}
    spots = ask(vera, "GET", f"/api/spots/{own.id}", 200)
    assert {**spots, "lot": 0} == {**ask(carol, "GET", f"/api/spots/{own.id}", 200), "lot": 0}
    foreign = ask(vera, "GET", f"/api/spots/{other.id}", 200)["spots"]
    assert all("booking" not in spot for spot in foreign), "as every driver sees it"
    assert ask(vera, "GET", "/api/admin/search?q=ALI", 200)["plates"][0]["id"] in own.bookings.values()
    assert ask(vera, "GET", "/api/admin/search?q=alice", 200)["users"] == []
    assert ask(vera, "GET", f"/api/admin/bookings?user_id={other.driver.id}", 200)["bookings"] == []
    for path in ("/api/admin/bookings", "/api/admin/bookings/totals", "/api/admin/bookings.csv"):
        assert ask(vera, "GET", f"{path}?lot_id={own.id}").status_code == 200
        assert ask(vera, "GET", f"{path}?lot_id={other.id}").status_code == 404, path


def test_the_driver_in_them_stays_as_they_were(ask, vera, bob, own, other):
    for path in ("/api/lots", f"/api/lots/{other.id}", "/api/bookings", f"/api/spots/{other.id}", "/api/stats/user"):
        mine, theirs = (ask(who, "GET", path, 200) for who in (vera, bob))
        assert {**mine, "server_time": 0} == {**theirs, "server_time": 0}, path
    booked = ask(vera, "POST", "/api/book", 201, json={"lot_id": other.id, "booking_type": "instant"})["booking"]
    assert [one["id"] for one in ask(vera, "GET", "/api/bookings", 200)["bookings"]] == [booked["id"]]


def test_statistics_of_staff_are_those_of_their_lots_together(ask, carol, own, other):
    """One lot, two lots, and all there are: as the administrator sees one, the sum of both, and everything."""
    both = make_user("berta", "user")
    hire(both, own.id, "viewer")
    mona = make_user("mona", "user")
    hire(mona, own.id, "manager")

    def stats(who, more=""):
        answer = ask(who, "GET", f"/api/stats/admin?{MARCH}&compare=true{more}", 200)["stats"]
        assert who is carol or "new_users" not in {one["name"] for one in answer["figures"]}
        figures = {one["name"]: one["value"] for one in answer["figures"] if one["name"] != "new_users"}
        days = [{k: v for k, v in day.items() if "query" not in k} for day in answer["days"]]
        return figures, days, answer["hours"], answer["now"], [lot["lot_id"] for lot in answer["lots"]]

    assert stats(mona) == stats(mona, f"&lot_id={own.id}") == stats(carol, f"&lot_id={own.id}")
    assert ask(mona, "GET", f"/api/stats/admin?{MARCH}&lot_id={other.id}").status_code == 404
    assert ask(mona, "GET", "/api/stats/admin", 200)["stats"]["lots_total"] == 1
    hire(both, other.id, "viewer")
    assert stats(both) == stats(carol)
    from parking.statistics import roll_up

    db.session.close()
    roll_up()
    clock.travel(60)
    assert stats(both) == stats(carol), "from the stored sums, too"
    assert stats(mona) == stats(carol, f"&lot_id={own.id}")
    cell = f"/api/stats/admin/hour?{MARCH}&weekday=0&hour=11"
    assert ask(both, "GET", cell, 200) == ask(carol, "GET", cell, 200)
    tables = [ask(who, "GET", f"/api/stats/admin.csv?{MARCH}&table=lots").text for who in (both, carol)]
    assert tables[0] == tables[1]
    half_hours = "from=2026-03-02&to=2026-03-02"
    curves = [ask(who, "GET", f"/api/stats/admin?{half_hours}", 200)["stats"]["curve"] for who in (both, carol)]
    assert curves[0] == curves[1]


def test_what_a_role_does_not_include_is_refused_in_the_own_lot(ask, vera, arno, own):
    """The words name the role. A description of spots is the manager's, beside taking them out of service."""
    refused = ask(vera, "POST", f"/api/admin/bookings/{own.bookings['Active']}/release", 403, json={"reason": "x"})
    assert "the role attendant" in refused["detail"]
    spot, many = f"/api/spots/{own.spots[5]}", f"/api/lots/{own.id}/spots"
    for body in ({"ev": True}, {"out_of_service": True, "level": "2"}):
        assert "the role manager" in ask(arno, "PATCH", spot, 403, json=body)["detail"]
        assert ask(arno, "PATCH", many, 403, json={"numbers": [6], **body})["code"] == "forbidden"
    closed = ask(arno, "PATCH", spot, 200, json={"out_of_service": True, "reason": "Works"})["spot"]
    assert (closed["status"], closed["ev"], closed["level"]) == ("Out of service", False, None)
    ask(arno, "PATCH", many, 200, json={"numbers": [6], "out_of_service": False})


def test_an_attendant_checks_a_driver_in_and_ends_their_stay(ask, arno, alice, own):
    arriving, stay = own.bookings["Reserved"], own.bookings["Active"]
    answer = ask(arno, "POST", f"/api/admin/bookings/{arriving}/check-in", 200, json={})
    assert answer["message"] == "The driver is checked in."
    assert (answer["booking"]["status"], answer["booking"]["user_email"]) == ("Active", alice.email)
    db.session.rollback()
    assert row(arriving).checked_in_at == clock.now()
    again = ask(arno, "POST", f"/api/admin/bookings/{arriving}/check-in", json={})
    assert again.status_code == 409
    released = ask(arno, "POST", f"/api/admin/bookings/{stay}/release", 200, json={"reason": "Towed away"})
    assert released["booking"]["ended_by"] == "admin"
    log = ask(alice, "GET", "/api/me/data", 200)["log_about_you"]
    assert {"booking.checked_in", "booking.force_released"} <= {entry["action"] for entry in log}


def test_a_manager_edits_the_lot_and_its_price_but_neither_creates_nor_deletes(ask, mona, own, other):
    saved = ask(mona, "PUT", f"/api/lots/{own.id}", 200, json={"price_per_hour": 3.5, "description": "New gate"})
    assert saved["lot"]["price_per_hour"] == 3.5
    assert ask(mona, "PUT", f"/api/lots/{other.id}", json={"price_per_hour": 1}).status_code == 404
    new = {"name": "Mine", "capacity": 1, "price_per_hour": 1}
    assert ask(mona, "POST", "/api/lots", json=new).status_code == 403
    assert ask(mona, "DELETE", f"/api/lots/{own.id}").status_code == 403
    assert ask(mona, "POST", f"/api/lots/{own.id}/restore").status_code == 403


def test_the_lots_of_a_token_are_within_those_of_its_owner(ask, client, mona, carol, own, other):
    """An API token has its owner's roles, within its own lots; a role that is withdrawn is gone from it at once."""

    def program(who, *lot_ids):
        body = {"name": f"token {lot_ids}", "scopes": list(SCOPES)} | ({"lot_ids": list(lot_ids)} if lot_ids else {})
        token = ask(who, "POST", "/api/tokens", 201, json=body)["token"]
        return lambda path: client.get(path, headers={"Authorization": f"Bearer {token}"})

    def ids(answer):
        return {one["id"] for one in answer.json["bookings"]}

    mine = set(own.bookings.values())
    limited, free, admins = program(mona, other.id), program(mona), program(carol, other.id)
    assert ids(limited("/api/admin/bookings")) == set()
    assert limited(f"/api/stats/admin?{MARCH}&lot_id={other.id}").status_code == 404
    assert ids(free("/api/admin/bookings")) == mine
    assert free(f"/api/stats/admin?{MARCH}").json["stats"]["lots_total"] == 1
    assert ids(admins("/api/admin/bookings")) == set(other.bookings.values())
    assert free(f"/api/lots/{own.id}/staff").json["code"] == "insufficient_scope"
    ask(carol, "DELETE", f"/api/lots/{own.id}/staff/{mona.id}", 200)
    assert free("/api/admin/bookings").status_code == 403


@pytest.mark.parametrize("role", ["viewer", "attendant", "manager"])
def test_lots_of_a_role(app, bob, carol, own, other, role):
    hire(bob, own.id, "attendant")
    expected = frozenset() if role == "manager" else frozenset({own.id})
    assert lots_of(identity_of(bob), role) == expected
    assert lots_of(identity_of(carol), role) is None


def test_a_role_rests_while_the_lot_is_deleted(ask, mona, carol, own):
    from parking.lots import Lot

    db.session.get(Lot, own.id).deleted_at = clock.now()
    db.session.commit()
    assert ask(mona, "GET", "/auth/me", 200)["user"]["lot_roles"] == []
    assert ask(mona, "GET", "/api/admin/bookings").status_code == 403
    db.session.get(Lot, own.id).deleted_at = None
    db.session.commit()
    roles = ask(mona, "GET", "/auth/me", 200)["user"]["lot_roles"]
    assert roles == [{"lot_id": own.id, "lot_name": own.name, "role": "manager"}]
