"""Every route, asked with tokens of every scope: what a token reaches, and what it never does."""

import pytest

from parking.accounts.tokens import scopes
from parking.accounts.tokens.scopes import NEVER, PUBLIC, RULES, SCOPES, Limit
from parking.database import db
from tests.test_routes_by_identity import ROUTES, database_url, routes_of, stage

__all__ = ["database_url", "stage"]  # one database is enough here, and its file can be put back
LIVE = ("POST", "PATCH", "PUT", "DELETE")


def endpoint_of(app, name):
    """The endpoint of a row of ROUTES."""
    method, path = name.split(" ", 1)
    return next(rule.endpoint for rule in app.url_map.iter_rules() if rule.rule == path and method in rule.methods)


def rows_of(app):
    return [(name, endpoint_of(app, name), row) for name, row in ROUTES.items() if name in routes_of(app)]


@pytest.fixture
def tokens(stage):
    """alice's and the administrator's token of each scope, and those of all together."""
    created = {}
    for owner in ("user", "admin"):
        for held in (*SCOPES, "all"):
            body = {"name": f"{held} token", "scopes": list(SCOPES) if held == "all" else [held]}
            created[owner, held] = stage.call("POST", "/api/tokens", owner, 201, json=body)["token"]
    stage._keep()
    stage.tokens |= {f"{owner} {held}": token for (owner, held), token in created.items()}
    return created


def test_every_route_has_a_scope_or_none(app):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    missing = sorted(one for one in endpoints if not scopes.is_classified(one))
    assert missing == [], "decide what API tokens may do with these routes: parking/accounts/tokens/scopes.py"


def test_a_new_route_is_not_classified(app):
    app.add_url_rule("/api/bookings/photo", "bookings.photo", lambda: "", methods=["GET"])
    assert [one.endpoint for one in app.url_map.iter_rules() if not scopes.is_classified(one.endpoint)] == [
        "bookings.photo"
    ]


def test_the_tables_name_no_route_twice_and_none_that_is_not_there(app):
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    names = endpoints | {one.partition(".")[0] for one in endpoints}
    assert RULES.keys() <= endpoints
    assert names >= NEVER | PUBLIC
    assert set() == NEVER & PUBLIC
    assert [one for one in RULES if {one, one.partition(".")[0]} & (NEVER | PUBLIC)] == []


def test_what_is_public_asks_nobody_and_all_else_asks(app):
    asks = {rule.endpoint: "_role" in app.view_functions[rule.endpoint].__dict__ for rule in app.url_map.iter_rules()}
    for endpoint, needs_somebody in asks.items():
        if {endpoint, endpoint.partition(".")[0]} & PUBLIC:
            assert not needs_somebody, endpoint
        if endpoint in RULES:
            assert needs_somebody, endpoint


@pytest.mark.parametrize("held", [*SCOPES, "all"])
@pytest.mark.parametrize("owner", ["user", "admin"])
def test_a_token_reaches_its_scope_and_nothing_else(stage, tokens, owner, held):
    """In its scope it is answered as its owner is; elsewhere 403, with the scope that it would need."""
    reached = set()
    for name, endpoint, row in rows_of(stage.app):
        if row.statuses["anonymous"] != 401 or endpoint == "accounts.refresh":
            continue  # asks nobody who they are, or asks a cookie
        answer = stage.ask(name, row, f"{owner} {held}")
        rule = RULES.get(endpoint)
        if rule is not None and held in (rule.scope, "all"):
            assert answer.status_code == row.statuses[owner], (name, answer.get_data(as_text=True)[:300])
            reached.add(endpoint)
        else:
            assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope"), name
            needs = rule.scope if rule else "sign in"
            assert needs in answer.json["detail"], name
        answer.close()
        if answer.status_code < 300 and name.startswith(LIVE):
            stage.back()
    assert reached == {one for one, rule in RULES.items() if held in (rule.scope, "all")}


def test_an_address_without_a_token_is_answered_as_before(stage, tokens):
    for name, endpoint, row in rows_of(stage.app):
        if {endpoint, endpoint.partition(".")[0]} & PUBLIC:
            assert stage.ask(name, row, "user lots:read").status_code == row.statuses["user"], name


def test_nothing_changes_where_a_token_is_refused(stage, tokens):
    def rows():
        db.session.close()
        with db.engine.connect() as connection:
            return {table.name: connection.execute(table.select()).all() for table in db.metadata.sorted_tables}

    before = rows()
    for name, endpoint, row in rows_of(stage.app):
        if endpoint not in RULES and row.statuses["anonymous"] == 401:
            stage.ask(name, row, "admin all").close()
    assert rows() == before


def test_all_data_is_no_matter_of_a_token(stage, tokens):
    """Neither requested with one, nor seen or fetched: the file holds accounts."""
    own_id = stage.call("POST", "/api/exports", "admin", 202, json={"kind": "all_data"})["export"]["id"]
    headers = {"Authorization": f"Bearer {tokens['admin', 'all']}"}
    refused = stage.client.post("/api/exports", json={"kind": "all_data"}, headers=headers)
    assert (refused.status_code, refused.json["code"]) == (403, "insufficient_scope")
    assert stage.client.get("/api/exports", headers=headers).json["exports"] == []
    for method, path in (("GET", ""), ("GET", "/download"), ("DELETE", "")):
        assert stage.client.open(f"/api/exports/{own_id}{path}", method=method, headers=headers).status_code == 404
    assert "all_data" not in stage.client.get("/api/exports.csv", headers=headers).text


def test_without_bookings_read_spots_say_nothing_of_their_bookings(stage, tokens):
    path = f"/api/spots/{stage.things['lot']}"

    def spots(held):
        answer = stage.client.get(path, headers={"Authorization": f"Bearer {tokens['admin', held]}"})
        return answer.json["spots"], answer.text

    all_of_it, text = spots("all")
    assert any(spot.get("booking") for spot in all_of_it)
    assert "alice@example.com" in text
    without, text = spots("lots:read")
    assert not any(spot.get("booking") or spot["mine"] for spot in without)
    assert "alice" not in text
    assert "You" not in text
    assert [spot["status"] for spot in without] == [spot["status"] for spot in all_of_it]


def test_every_scope_and_limit_is_used():
    assert {rule.scope for rule in RULES.values()} == set(SCOPES)
    assert {rule.limit for rule in RULES.values()} == set(Limit)
