"""The actions that a booking offers are those that would be allowed: each role, each action, each kind of booking."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from parking import clock
from parking.bookings import routes
from tests.bookings.helpers import text
from tests.conftest import make_user
from tests.staff.conftest import hire

ACTIONS = ("cancel", "release", "check_in", "extend", "shorten")
Offered = Callable[[Any, int], list[str]]


def body_of(action: str) -> dict[str, Any]:
    in_an_hour = text(clock.now() + timedelta(hours=1))  # within the window of the reservation
    return {"extend": {"minutes": 15}, "shorten": {"until": in_an_hour}}.get(action, {})


def own_path(booking_id: int, action: str) -> str:
    return f"/api/release/{booking_id}" if action == "release" else f"/api/bookings/{booking_id}/{action}"


def path_of(action: str) -> str:
    return action.replace("_", "-")


@pytest.fixture
def people(app, alice, carol, vera, arno, mona, own, other):
    """What each role is called -> who has it. The viewer of the lot attends the other one."""
    hire(vera, other.id, "attendant")
    return {"viewer": vera, "attendant": arno, "manager": mona, "administrator": carol, "driver": alice}


def in_lists(ask, who, own) -> dict[int, list[str]]:
    """The actions of the lot's bookings, as the list has them; the searches have the same."""
    listed = ask(who, "GET", f"/api/admin/bookings?lot_id={own.id}", 200)["bookings"]
    offered = {one["id"]: one["actions"] for one in listed}
    for words in ("RALI", "ALI ABC", "Visitor ALI"):
        hits = ask(who, "GET", f"/api/admin/search?q={words}", 200)
        for one in hits["bookings"] + hits["plates"]:
            assert one["actions"] == offered[one["id"]], words
    return offered


@pytest.mark.parametrize("action", ACTIONS[:3])
@pytest.mark.parametrize("role", ["viewer", "attendant", "manager", "administrator"])
def test_staff_are_offered_what_they_may_do_for_a_driver(ask, people, own, role, action):
    who = people[role]
    offered = in_lists(ask, who, own)
    for booking_id in own.bookings.values():
        path = f"/api/admin/bookings/{booking_id}/{path_of(action)}"
        body = {} if action == "check_in" else {"reason": "Because"}
        may = ask(who, "POST", path, json=body).status_code == 200
        ended = booking_id == own.bookings["Completed"]  # its release answers once more
        assert (action in offered[booking_id]) == (may and not ended), booking_id
    ids = own.bookings
    some = {"Active": ["release"], "Reserved": ["cancel", "check_in"], "Completed": [], "Cancelled": []}
    expected = {ids[status]: [] if role == "viewer" else actions for status, actions in some.items()}
    assert offered == expected


def test_who_attends_one_lot_and_views_another_is_offered_the_actions_of_the_one(ask, people, own, other):
    listed = ask(people["viewer"], "GET", "/api/admin/bookings", 200)["bookings"]
    assert {one["lot_id"] for one in listed if one["actions"]} == {other.id}
    assert {one["lot_id"] for one in listed} == {own.id, other.id}


def test_control_without_the_rule_a_viewer_is_offered_what_is_refused(ask, people, own, monkeypatch):
    monkeypatch.setattr(routes, "keep_permitted", lambda *_args, **_more: None)
    listed = ask(people["viewer"], "GET", f"/api/admin/bookings?lot_id={own.id}", 200)["bookings"]
    offered = {one["id"]: one["actions"] for one in listed}
    booking_id = own.bookings["Active"]
    assert offered[booking_id] == ["release"]
    ask(people["viewer"], "POST", f"/api/admin/bookings/{booking_id}/release", 403, json={"reason": "Because"})


@pytest.mark.parametrize("action", ACTIONS)
def test_drivers_are_offered_what_they_may_do(ask, people, own, action):
    driver = people["driver"]
    listed = ask(driver, "GET", "/api/bookings", 200)["bookings"]
    offered = {one["id"]: one["actions"] for one in listed}
    stranger = make_user("stranger", "user")
    for booking_id in own.bookings.values():
        alone = ask(driver, "GET", f"/api/bookings/{booking_id}", 200)["booking"]["actions"]
        assert alone == offered[booking_id]
        path = own_path(booking_id, path_of(action))
        ask(stranger, "POST", path, 404, json=body_of(action))
        may = ask(driver, "POST", path, json=body_of(action)).status_code == 200
        ended = booking_id == own.bookings["Completed"]
        assert (action in alone) == (may and not (ended and action == "release")), booking_id


@pytest.mark.parametrize(("scopes", "may"), [(["bookings:read"], False), (["bookings:read", "bookings:write"], True)])
@pytest.mark.parametrize("role", ["attendant", "driver"])
def test_a_program_that_only_reads_is_offered_nothing(ask, client, people, own, role, scopes, may):
    body = {"name": "a program", "scopes": scopes}
    token = ask(people[role], "POST", "/api/tokens", 201, json=body)["token"]
    headers = {"Authorization": f"Bearer {token}"}
    booking_id = own.bookings["Active"]
    lists, release = ["/api/bookings"], f"/api/release/{booking_id}"
    if role == "attendant":
        lists, release = ["/api/admin/bookings"], f"/api/admin/bookings/{booking_id}/release"
    for path in lists:
        listed = client.get(path, headers=headers).json["bookings"]
        assert ("release" in {one["id"]: one["actions"] for one in listed}[booking_id]) is may
    if role == "driver":
        alone = client.get(f"/api/bookings/{booking_id}", headers=headers).json["booking"]
        assert ("release" in alone["actions"]) is may
    assert client.post(release, headers=headers, json={"reason": "Because"}).status_code == (200 if may else 403)
