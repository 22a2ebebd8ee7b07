"""A token that is limited to lots sees, books and counts nothing of others, on any route."""

import pytest

from parking import clock
from parking.accounts.tokens.scopes import RULES, Limit
from parking.bookings.schemas import MAX_ID
from parking.exports import build
from parking.timestamps import to_rfc3339
from tests.conftest import hours
from tests.test_routes_by_identity import ROUTES


@pytest.fixture
def town(client, auth, alice, carol, lots):
    """In each lot alice has a past stay, a running one and a reservation. Returns lot -> their ids."""

    def call(method, path, who, **more):
        answer = client.open(path, method=method, headers=auth(who), **more)
        assert answer.status_code < 300, answer.json
        return answer.json

    begin = clock.now() + hours(24)
    window = {"reserved_start": to_rfc3339(begin), "reserved_end": to_rfc3339(begin + hours(2))}
    booked = {}
    for lot in lots:
        now = {"lot_id": lot, "booking_type": "instant"}
        ended = call("POST", "/api/book", alice, json=now)["booking"]["id"]
        call("POST", f"/api/release/{ended}", alice)
        stay = call("POST", "/api/book", alice, json=now)["booking"]["id"]
        later = {"lot_id": lot, "booking_type": "reserved", **window}
        booked[lot] = {
            "ended": ended,
            "stay": stay,
            "later": call("POST", "/api/book", alice, json=later)["booking"]["id"],
        }
    return booked


def ids(answer):
    assert answer.status_code == 200, answer.json
    return {booking["id"] for booking in answer.json["bookings"]}


@pytest.fixture
def limited(program, carol, alice, lots, town):
    """alice's and the administrator's token for the first lot."""
    return {"user": program(alice, lot_ids=[lots[0]]), "admin": program(carol, lot_ids=[lots[0]])}


def test_lists_hold_what_is_in_its_lots(limited, lots, town):
    mine = set(town[lots[0]].values())
    assert ids(limited["user"].get("/api/bookings")) == mine
    assert ids(limited["admin"].get("/api/admin/bookings")) == mine
    assert ids(limited["admin"].get("/api/admin/bookings?q=alice&order=oldest")) == mine
    assert ids(limited["admin"].get(f"/api/admin/bookings?lot_id={lots[1]}")) == set()
    assert ids(limited["user"].get(f"/api/bookings?lot_id={lots[1]}")) == set()
    assert limited["user"].get("/api/bookings").json["total"] == len(mine)
    assert limited["admin"].get("/api/admin/bookings/totals").json["totals"]["count"] == len(mine)
    for path in ("/api/lots", "/api/lots?limit=1", "/api/lots?q=o", "/api/lots?needs=ev"):
        listed = limited["user"].get(path).json
        assert ([lot["id"] for lot in listed["lots"]], listed["total"], listed["next"]) == ([lots[0]], 1, None)
    assert "South" not in limited["admin"].get("/api/admin/lots.csv").text
    files = limited["admin"].get("/api/admin/bookings.csv").text
    assert "North" in files
    assert "South" not in files


def test_one_lot_and_one_booking_of_another_are_not_there(app, limited, lots, town):
    """Every route whose path names a lot or a booking: 404, with the words for what does not exist."""
    checked = 0
    for name in ROUTES:
        method, path = name.split(" ", 1)
        rule = next((one for one in app.url_map.iter_rules() if one.rule == path and method in one.methods), None)
        if rule is None or getattr(RULES.get(rule.endpoint), "limit", None) is not Limit.PATH:
            continue
        for owner in ("user", "admin"):
            answers = []
            for lot, booking in ((lots[1], town[lots[1]]["stay"]), (10**9, 10**9)):
                filled = path.replace("<int:lot_id>", str(lot)).replace("<int:booking_id>", str(booking))
                answers.append(limited[owner].ask(method, filled, json=None if method == "GET" else {}))
            foreign, missing = answers
            assert (foreign.status_code, missing.status_code) == (404, 404), name
            assert {**foreign.json, "request_id": ""} == {**missing.json, "request_id": ""}, name
            checked += 1
    assert checked >= 2 * 10


def test_its_own_lot_is_there(limited, lots, town):
    mine = town[lots[0]]
    for path in (f"/api/lots/{lots[0]}", f"/api/spots/{lots[0]}", f"/api/bookings/{mine['stay']}"):
        assert limited["user"].get(path).status_code == 200, path
    assert limited["user"].ask("POST", f"/api/release/{mine['stay']}").status_code == 200
    assert limited["user"].ask("POST", f"/api/bookings/{mine['later']}/cancel", json={}).status_code == 200


def test_what_names_a_lot_has_to_name_one_of_its_lots(app, limited, lots, town):
    """Every such route: 403 without a lot, 404 with another, else as the owner."""
    from tests.test_routes_by_identity import MARCH, TOMORROW, WEEKLY

    requests = {
        "bookings.quote": ("user", "GET", "/api/quote", TOMORROW, None),
        "bookings.book": ("user", "POST", "/api/book", {}, {"booking_type": "instant"}),
        "series.preview": ("user", "POST", "/api/series/preview", {}, WEEKLY),
        "series.create": ("user", "POST", "/api/series", {}, WEEKLY),
        "waitlist.position": ("user", "GET", "/api/waitlist/position", {}, None),
        "stats.admin": ("admin", "GET", "/api/stats/admin", MARCH, None),
        "stats.admin_csv": ("admin", "GET", "/api/stats/admin.csv", MARCH, None),
        "stats.hour": ("admin", "GET", "/api/stats/admin/hour", MARCH | {"weekday": "0", "hour": "9"}, None),
        "stats.hour_csv": ("admin", "GET", "/api/stats/admin/hour.csv", MARCH | {"weekday": "0", "hour": "9"}, None),
        "csv_exports.ask": ("user", "POST", "/api/exports", {}, {"kind": "bookings"}),
        "csv_exports.export_own": ("user", "GET", "/api/export", {}, None),
    }
    assert set(requests) == {endpoint for endpoint, rule in RULES.items() if rule.limit is Limit.NAMED}
    for endpoint, (owner, method, path, query, body) in requests.items():

        def ask(lot, *, owner=owner, method=method, path=path, query=query, body=body, endpoint=endpoint, **headers):
            named = {} if lot is None else {"lot_id": lot}
            if body is None:
                return limited[owner].ask(method, path, query_string=query | named, headers=headers)
            inside = {"filters": named} if endpoint == "csv_exports.ask" else named
            return limited[owner].ask(method, path, json=body | inside, headers=headers)

        none, other, own = ask(None), ask(lots[1]), ask(lots[0])
        if endpoint.startswith(("bookings.", "series.", "waitlist.")):
            assert none.status_code == 422
        else:
            assert (none.status_code, none.json["code"]) == (403, "lot_required"), endpoint
        assert other.status_code == 404, endpoint
        assert own.status_code in (200, 201, 202), (endpoint, own.get_data(as_text=True)[:200])
        if method == "GET" and endpoint not in ("bookings.quote",):
            assert ask(lots[1], Accept="text/csv").status_code == 404, endpoint


def test_what_spans_all_lots_is_refused(limited):
    closed = {"notices.list_notices", "notices.dismiss_notice", "stats.user", "stats.user_csv"}
    closed |= {"series.list_own", "series.get_own", "series.end", "series.cancel_range"}
    closed |= {f"waitlist.{name}" for name in ("list_own", "get_own", "join", "leave", "claim", "decline")}
    assert closed == {endpoint for endpoint, rule in RULES.items() if rule.limit is Limit.CLOSED}
    for method, path in (
        ("GET", "/api/notices"),
        ("POST", "/api/notices/1/dismiss"),
        ("GET", "/api/stats/user"),
        ("GET", "/api/stats/user.csv"),
        ("GET", "/api/series"),
        ("GET", "/api/series/1"),
        ("DELETE", "/api/series/1"),
        ("POST", "/api/bookings/cancel-range"),
        ("GET", "/api/waitlist"),
        ("GET", "/api/waitlist/1"),
        ("POST", "/api/waitlist"),
        ("DELETE", "/api/waitlist/1"),
        ("POST", "/api/waitlist/1/claim"),
        ("POST", "/api/waitlist/1/decline"),
    ):
        answer = limited["user"].ask(method, path)
        assert (answer.status_code, answer.json["code"]) == (403, "limited_to_lots"), path


def test_exports_of_other_lots_are_not_there(client, auth, alice, limited, lots):
    def ask(**filters):
        answer = client.post("/api/exports", json={"kind": "bookings", "filters": filters}, headers=auth(alice))
        return answer.json["export"]["id"]

    mine, other, every, odd = ask(lot_id=lots[0]), ask(lot_id=lots[1]), ask(), ask(lot_id=MAX_ID)
    one = limited["user"]
    assert [export["id"] for export in one.get("/api/exports").json["exports"]] == [mine]
    while build.run():
        pass
    assert one.get(f"/api/exports/{mine}/download").status_code == 200
    for job in (other, every, odd):
        for method, path in (("GET", ""), ("GET", "/download"), ("DELETE", "")):
            assert one.ask(method, f"/api/exports/{job}{path}").status_code == 404


def test_a_full_lot_offers_no_other_lot(client, auth, alice, bob, limited, lots, town):
    body = {"lot_id": lots[0], "booking_type": "instant"}
    for _ in range(3):
        last = client.post("/api/book", json=body, headers=auth(bob))
    assert last.status_code == 409
    assert [one["lot_id"] for one in last.json["alternatives"] if one["kind"] == "lot"] == [lots[1]]
    refused = limited["user"].ask("POST", "/api/book", json=body)
    assert refused.status_code == 409
    assert [one for one in refused.json["alternatives"] if one["kind"] == "lot"] == []


def test_a_stream_of_another_lot_is_not_there(limited, lots):
    assert limited["user"].get(f"/api/stream?lot_id={lots[1]}").status_code == 404
    assert limited["user"].get(f"/api/stream?lots={lots[0]},{lots[1]}").status_code == 404


def test_control_without_the_limit_the_other_lot_is_seen(limited, lots, town, monkeypatch):
    """The same questions with the filter taken out: then they answer."""
    from parking.accounts.tokens import bearer
    from parking.bookings.reading import query_filters

    monkeypatch.setattr(bearer, "_foreign_lot", lambda *_: None)
    monkeypatch.setattr(query_filters, "visible_lots", lambda: None)
    assert limited["user"].get(f"/api/lots/{lots[1]}").status_code == 200
    assert limited["user"].get(f"/api/bookings/{town[lots[1]]['stay']}").status_code == 200
    assert len(ids(limited["user"].get("/api/bookings"))) == 6
