"""The words of a search may come in a header, so that no address has them."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from parking.web.requests import SEARCH_HEADER
from tests.web.logs.test_request_log import written

__all__ = ["written"]
LISTS = {
    "/api/users": "users",
    "/api/admin/bookings": "bookings",
    "/api/admin/emails": "emails",
    "/api/admin/audit": "entries",
    "/api/lots": "lots",
}
FILES = ["/api/users.csv", "/api/admin/bookings.csv", "/api/admin/emails.csv", "/api/admin/audit.csv"]


def searched(words: str) -> dict[str, str]:
    return {"headers": {SEARCH_HEADER: quote(words)}}


@pytest.mark.parametrize("words", ["bob@example.com", "harbour", "nobody at all"])
def test_every_list_takes_the_words_from_the_header_as_from_the_query(town, words):
    for path, name in LISTS.items():
        by_query = town.ask("GET", path, "carol", query_string={"q": words})
        by_header = town.ask("GET", path, "carol", **searched(words))
        assert by_header.status_code == 200, path
        assert by_header.json[name] == by_query.json[name], path
    totals = "/api/admin/bookings/totals"
    assert (
        town.ask("GET", totals, "carol", **searched(words)).json
        == town.ask("GET", totals, "carol", query_string={"q": words}).json
    )


@pytest.mark.parametrize("path", FILES)
def test_files_of_lists_do_so_too(town, path):
    whole = town.ask("GET", path, "carol").data
    some = town.ask("GET", path, "carol", **searched("bob@example.com")).data
    assert some == town.ask("GET", path, "carol", query_string={"q": "bob@example.com"}).data
    assert len(some) < len(whole)


def test_words_are_percent_encoded_utf8(town):
    town.ask("POST", "/api/lots", "carol", json={"name": "Bärenplatz + 1 %", "capacity": 1, "price_per_hour": 1})
    for words in ("Bärenplatz", "+ 1 %"):
        answer = town.ask("GET", "/api/admin/search", "carol", **searched(words))
        assert [lot["name"] for lot in answer.json["lots"]] == ["Bärenplatz + 1 %"]


@pytest.mark.parametrize("value", ["%ff%fe", "%", "%00", "x" * 300, "%E2%80%8B", "\xe4", "a,b;c=d"])
def test_no_header_breaks_anything(town, value):
    for path in (*LISTS, "/api/admin/search"):
        answer = town.ask("GET", path, "carol", headers={SEARCH_HEADER: value})
        assert answer.status_code in (200, 422), (path, answer.json)


def test_header_and_query_together_are_refused_after_the_sign_in(town):
    both = {"query_string": {"q": "bob"}, **searched("bob")}
    refused = town.ask("GET", "/api/users", "carol", **both)
    assert (refused.status_code, list(refused.json["errors"])) == (422, ["q"])
    assert "X-Search" in refused.json["detail"]
    assert town.ask("GET", "/api/users", **both).status_code == 401
    assert town.ask("GET", "/api/users", "alice", **both).status_code == 403


def test_no_line_of_the_log_has_the_words(town, written):
    town.ask("GET", "/api/users", "carol", **searched("CANARY"))
    assert "CANARY" not in written["json"].getvalue() + written["text"].getvalue()


def test_every_route_with_q_documents_the_header(plain):
    paths = plain().get("/api/openapi.json").json["paths"]
    taking = {
        path
        for path, methods in paths.items()
        if any(parameter.get("name") == "q" for parameter in methods.get("get", {}).get("parameters", []))
    }
    assert {*LISTS, *FILES, "/api/admin/search", "/api/admin/bookings/totals"} <= taking
    for path in taking:
        assert {"$ref": "#/components/parameters/X-Search"} in paths[path]["get"]["parameters"], path


def test_a_foreign_page_that_is_allowed_may_send_it(plain):
    preflight = {
        "Origin": "http://localhost:5173",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "x-search",
    }
    answer = plain().options("/api/users", headers=preflight)
    assert "x-search" in answer.headers["Access-Control-Allow-Headers"].lower()
