"""A working day of three drivers and an administrator: about 300 requests over the whole API, always the same.

Each step is one request; a step may keep a number of its answer under a name that later paths use. The clock stands and
is moved by hand, so that the answers depend on nothing but the program.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

PASSWORD = "correct horse battery"
HOUR = 3600


@dataclass(frozen=True)
class Step:
    """`keep` maps a name to the path of a number in the answer, as `booking.id`; `travel` moves the clock first."""

    who: str
    method: str
    path: str
    json: Any = None
    data: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    keep: dict[str, str] = field(default_factory=dict)
    travel: int = 0


def steps() -> Iterator[Step]:
    """The whole session, in order."""
    day = (_accounts, _lots, _walk_ins, _reservations, _time_passes, _refusals, _reading, _series)
    for part in (*day, _staff, _visitors, _waitlist, _administration):
        yield from part()


def get(who: str, path: str, **more: Any) -> Step:
    return Step(who, "GET", path, **more)


def post(who: str, path: str, json: Any = None, **more: Any) -> Step:
    return Step(who, "POST", path, {} if json is None and "data" not in more else json, **more)


def _accounts() -> Iterator[Step]:
    for name in ("dora", "emil"):
        yield post("", "/auth/register", {"email": f"{name}@example.com", "username": name, "password": PASSWORD})
    yield post("", "/auth/register", {"email": "dora@example.com", "username": "other", "password": PASSWORD})
    yield post("", "/auth/register", {"email": "else@example.com", "username": "dora", "password": PASSWORD})
    yield post("", "/auth/register", {"email": "no address", "username": "x", "password": "1"})
    yield post("", "/auth/register", {"email": "a@example.com"})
    yield post("", "/auth/login", {"email": "alice@example.com", "password": PASSWORD})
    yield post("", "/auth/login", {"email": "alice@example.com", "password": "wrong"})
    yield post("", "/auth/login", {"email": "nobody@example.com", "password": PASSWORD})
    yield post("", "/auth/login", {"email": 7})
    yield get("alice", "/auth/me")
    yield get("alice", "/auth/verify")
    yield get("", "/auth/me")
    for change in (
        {"theme": "dark"},
        {"locale": "de"},
        {"timezone": "Europe/Berlin"},
        {"timezone": "Nowhere/At-all"},
        {"plates": ["B-AB 123", "b-ab 123"]},
        {"plates": ["=1+2"]},
        {"username": "bob"},
        {"unknown": 1},
        {"locale": "en", "username": "Alice A."},
    ):
        yield Step("alice", "PATCH", "/auth/me", change)
    yield get("alice", "/auth/sessions")
    yield post("", "/auth/password/reset", {"token": "guess", "password": PASSWORD})
    yield post("", "/auth/email/confirm", {"token": "guess"})
    yield post("", "/auth/refresh", headers={"X-Requested-With": "x"})
    yield post("", "/auth/logout")


def _lots() -> Iterator[Step]:
    center = {"name": "Center", "capacity": 3, "price_per_hour": 2.5, "timezone": "Europe/Berlin"}
    yield post("carol", "/api/lots", center, keep={"center": "lot.id"})
    yield post("carol", "/api/lots", {**center, "name": "CENTER"})
    yield post("carol", "/api/lots", {"name": "North", "capacity": 2, "price_per_hour": 1}, keep={"north": "lot.id"})
    yield post("carol", "/api/lots", {"name": "Night", "capacity": 1, "price_per_hour": 3, "require_checkin": True})
    yield post("alice", "/api/lots", center)
    for wrong in (
        {},
        {"name": "", "capacity": 1, "price_per_hour": 1},
        {"name": "X", "capacity": 0, "price_per_hour": 1},
        {"name": "X", "capacity": 10_001, "price_per_hour": 1},
        {"name": "X", "capacity": 1, "price_per_hour": -1},
        {"name": "X", "capacity": 1, "price_per_hour": 1.005},
        {"name": "X", "capacity": "3", "price_per_hour": 1},
        {"name": "X", "capacity": 1, "price_per_hour": 1, "timezone": "zone.tab"},
    ):
        yield post("carol", "/api/lots", wrong)
    for who in ("alice", "carol", ""):
        yield get(who, "/api/lots")
    yield get("alice", "/api/lots?limit=1")
    yield get("alice", "/api/lots?limit=0")
    yield get("alice", "/api/lots?q=north")
    yield get("", "/api/public/lots")
    yield get("", "/api/public/lots/{center}")
    yield get("", "/api/public/site")
    yield get("alice", "/api/lots/{center}")
    yield get("alice", "/api/lots/999")
    yield get("alice", "/api/spots/999")
    yield get("", "/api/spots/{center}")
    yield get("", "/healthz")
    yield get("carol", "/auth/me")
    yield get("bob", "/auth/sessions")
    yield Step("alice", "PATCH", "/api/spots/999", {"ev": True})
    yield get("alice", "/api/spots/{center}", keep={"spot1": "spots.0.id", "spot2": "spots.1.id"})
    yield get("carol", "/api/spots/{center}")
    yield get("carol", "/api/spots/{north}", keep={"north1": "spots.0.id"})
    yield Step("carol", "PUT", "/api/lots/{center}", {"price_per_hour": 3, "capacity": 4})
    yield Step("carol", "PUT", "/api/lots/{center}", {"capacity": 3})
    yield Step("carol", "PUT", "/api/lots/{center}", {"name": "North"})
    yield Step("carol", "PUT", "/api/lots/{center}", {"address": "Main Street 1"}, headers={"If-Match": '"stale"'})
    yield Step("bob", "PUT", "/api/lots/{center}", {"capacity": 1})
    yield Step("carol", "PATCH", "/api/spots/{spot1}", {"ev": True, "covered": True})
    yield from _closures()
    yield Step("carol", "PATCH", "/api/lots/{north}/spots", {"numbers": [1, 2], "accessible": True})
    yield Step("carol", "PATCH", "/api/lots/{north}/spots", {"numbers": [9], "accessible": True})
    csv = {"Content-Type": "text/csv"}
    yield Step(
        "carol", "POST", "/api/lots/import?dry_run=true", data="name,capacity,price_per_hour\nEast,2,1\n", headers=csv
    )
    yield Step("carol", "POST", "/api/lots/import", data="name,capacity,price_per_hour\nEast,2,1.50\n", headers=csv)
    yield Step("carol", "POST", "/api/lots/import", data="name,capacity\nWest,2\n", headers=csv)
    yield Step("carol", "POST", "/api/lots/import", data="name,capacity,price_per_hour\nEast,x,1\n", headers=csv)


def _walk_ins() -> Iterator[Step]:
    key = {"Idempotency-Key": "first"}
    order = {"lot_id": "{center}", "booking_type": "instant", "vehicle_plate": "B-AB 123"}
    yield post("alice", "/api/book", order, headers=key, keep={"stay": "booking.id"})
    yield post("alice", "/api/book", order, headers=key)
    yield post("alice", "/api/book", {**order, "vehicle_plate": "X 1"}, headers=key)
    yield post("bob", "/api/book", {"lot_id": "{center}", "booking_type": "instant", "spot_id": "{spot2}"})
    yield post("bob", "/api/book", {"lot_id": "{center}", "booking_type": "instant", "spot_id": "{spot1}"})
    yield post("bob", "/api/book", {"lot_id": "{center}", "booking_type": "instant", "spot_id": "{north1}"})
    for needs in (["ev"], ["accessible"], ["shade"]):
        yield post("bob", "/api/book", {"lot_id": "{center}", "booking_type": "instant", "needs": needs})
    yield post("carol", "/api/book", {"lot_id": "{center}", "booking_type": "instant"})
    yield post("bob", "/api/book", {"lot_id": "{center}", "booking_type": "instant"})
    yield post("bob", "/api/book", {"lot_id": 999, "booking_type": "instant"})
    yield post("", "/api/book", order)
    yield get("alice", "/api/spots/{center}")
    yield get("carol", "/api/spots/{center}")
    yield get("alice", "/api/bookings/{stay}", travel=600)
    yield get("bob", "/api/bookings/{stay}")
    yield post("alice", "/api/bookings/{stay}/extend", {"minutes": 30})
    yield post("alice", "/api/bookings/{stay}/extend", {})
    yield post("alice", "/api/bookings/{stay}/extend", {"minutes": -5})
    yield post("alice", "/api/bookings/{stay}/cancel")
    yield post("alice", "/api/bookings/{stay}/check-in")
    yield post("bob", "/api/release/{stay}")
    yield post("alice", "/api/release/{stay}", travel=1261)
    yield post("alice", "/api/release/{stay}", travel=10)
    yield post("alice", "/api/bookings/{stay}/extend", {"minutes": 5})
    yield get("alice", "/api/bookings/{stay}/receipt")
    yield get("bob", "/api/bookings/{stay}/receipt")
    yield get("alice", "/api/bookings/{stay}/calendar.ics")
    yield get("alice", "/api/bookings/{stay}")


def _window(start: str, end: str, lot: str = "{center}") -> dict[str, Any]:
    return {"lot_id": lot, "booking_type": "reserved", "reserved_start": start, "reserved_end": end}


def _reservations() -> Iterator[Step]:
    yield get("alice", "/api/quote?lot_id={center}&from=2026-03-03T10:00:00&to=2026-03-03T12:30:00")
    yield get("alice", "/api/quote?lot_id={center}&from=2026-03-03T12:00:00&to=2026-03-03T10:00:00")
    yield get("alice", "/api/quote?lot_id={center}")
    yield get("alice", "/api/lots/{center}/availability?from=2026-03-03T10:00:00&to=2026-03-03T12:00:00")
    for path in ("quote?lot_id={center}&", "lots/{center}/availability?"):
        yield get("alice", f"/api/{path}from=2026-03-03T10:00:00&to=2026-03-03T12:00:00&needs=ev,covered")
    yield get("alice", "/api/lots?needs=accessible")
    yield get("alice", "/api/lots/{center}?needs=shade")
    yield get("alice", "/api/lots/{center}/availability?from=yesterday&to=2026-03-03T12:00:00")
    morning = _window("2026-03-03T10:00:00", "2026-03-03T12:00:00")
    yield post("alice", "/api/book", morning, keep={"morning": "booking.id", "its_spot": "booking.spot_id"})
    yield post("bob", "/api/book", {**morning, "spot_id": "{its_spot}"})
    yield post("bob", "/api/book", morning, keep={"his": "booking.id"})
    yield post("carol", "/api/book", morning)
    yield post("dora", "/api/book", morning)
    yield post("bob", "/api/book", _window("2026-03-03T11:00:00Z", "2026-03-03T13:00:00+01:00"))
    yield post("bob", "/api/book", _window("2026-03-01T11:00:00", "2026-03-01T13:00:00"))
    yield post("bob", "/api/book", _window("2026-09-01T11:00:00", "2026-09-01T13:00:00"))
    yield post("bob", "/api/book", _window("2026-03-05T11:00:00", "2026-04-25T13:00:00"))
    yield post("bob", "/api/book", _window("soon", "later"))
    yield post("bob", "/api/book", {"lot_id": "{center}", "booking_type": "reserved"})
    yield post("bob", "/api/book", {"lot_id": "{center}", "booking_type": "forever"})
    yield post("bob", "/api/book", {**morning, "vehicle_plate": "not a plate at all, far too long"})
    yield get("alice", "/api/bookings/{morning}")
    yield get("alice", "/api/bookings/{morning}/calendar.ics")
    yield get("alice", "/api/bookings/{morning}/receipt")
    yield post("alice", "/api/release/{morning}")
    yield post("alice", "/api/bookings/{morning}/extend", {"until": "2026-03-03T12:30:00"})
    yield post("alice", "/api/bookings/{morning}/extend", {"until": "2026-03-03T11:30:00"})
    yield post("bob", "/api/bookings/{his}/cancel")
    yield post("bob", "/api/bookings/{his}/cancel")
    yield post("bob", "/api/bookings/{morning}/cancel")
    yield get("bob", "/api/bookings/{his}/calendar.ics")
    night = _window("2026-03-02T18:00:00Z", "2026-03-02T20:00:00Z", "{north}")
    yield post("alice", "/api/book", night, keep={"night": "booking.id"})
    yield get("alice", "/api/spots/{north}")
    yield get("bob", "/api/spots/{north}")
    yield get("carol", "/api/spots/{north}")
    yield Step("carol", "DELETE", "/api/lots/{north}")
    yield Step("carol", "PUT", "/api/lots/{north}", {"capacity": 1})


def _time_passes() -> Iterator[Step]:
    yield get("alice", "/api/bookings/{night}", travel=6 * HOUR)
    yield get("carol", "/api/spots/{north}")
    yield post("alice", "/api/release/{night}", travel=HOUR)
    yield get("alice", "/api/bookings", travel=14 * HOUR)
    yield get("alice", "/api/bookings/{morning}")
    yield get("carol", "/api/admin/bookings")
    yield get("alice", "/api/lots", travel=6 * HOUR)
    yield get("alice", "/api/bookings/{morning}/receipt")
    yield get("alice", "/api/bookings?status=Completed")


def _refusals() -> Iterator[Step]:
    for path in ("/api/nothing", "/auth/nothing", "/api/bookings/999", "/api/lots/0"):
        yield get("alice", path)
    for method in ("PUT", "DELETE", "PATCH"):
        yield Step("alice", method, "/api/bookings", {})
    yield Step("alice", "POST", "/api/book", data="{broken", headers={"Content-Type": "application/json"})
    yield Step("alice", "POST", "/api/book", data="lot_id=1", headers={"Content-Type": "text/plain"})
    yield post("alice", "/api/book", [])
    yield post("alice", "/api/book", {"lot_id": "one", "booking_type": "instant"})
    yield post("alice", "/api/book", {"lot_id": 10**30, "booking_type": "instant"})
    for query in (
        "limit=-1",
        "limit=x",
        "cursor=bad",
        "status=Parked",
        "from=never",
        "lot_id=x",
        "to=0001-01-01T00:00:00Z",
    ):
        yield get("alice", f"/api/bookings?{query}")
        yield get("carol", f"/api/admin/bookings?{query}")
    for path in ("/api/users", "/api/admin/bookings", "/api/admin/emails", "/api/admin/audit", "/api/admin/system"):
        yield get("alice", path)
        yield get("", path)
    for path in ("send-daily-reminder", "send-monthly-report", "send-daily-report", "export-all", "export-all-data"):
        yield post("alice", f"/api/admin/{path}")


def _reading() -> Iterator[Step]:
    for query in (
        "",
        "?limit=1",
        "?status=Cancelled",
        "?status=Active",
        "?lot_id={center}",
        "?from=2026-03-03T00:00:00Z&to=2026-03-04T00:00:00Z",
    ):
        for who in ("alice", "bob", "dora"):
            yield get(who, f"/api/bookings{query}")
        yield get("carol", f"/api/admin/bookings{query}")
        yield get("carol", f"/api/admin/bookings/totals{query}")
    for q in ("alice", "B-AB", "Center", "nobody", "%", "_"):
        yield get("carol", f"/api/admin/bookings?q={q}")
        yield get("carol", f"/api/users?q={q}")
        yield get("carol", f"/api/admin/audit?q={q}")
        yield get("carol", f"/api/admin/emails?q={q}")
    for who in ("alice", "bob"):
        yield get(who, "/api/stats/user?month=2026-03")
        yield get(who, "/api/stats/user?month=2026-02")
        yield get(who, "/api/stats/user.csv?month=2026-03")
        yield get(who, "/api/stats/user?month=march")
        yield get(who, "/api/export", headers={"Accept": "text/csv"})
    period = "from=2026-03-01&to=2026-03-03"
    for query in (period, f"{period}&lot_id={{center}}", "from=2026-03-03&to=2026-03-01", "from=x&to=y"):
        yield get("carol", f"/api/stats/admin?{query}")
    for table in ("lots", "days"):
        yield get("carol", f"/api/stats/admin.csv?{period}&table={table}")
    yield get("carol", f"/api/stats/admin/hour?{period}&weekday=1&hour=13")
    yield get("carol", f"/api/stats/admin/hour?{period}&weekday=9&hour=25")


def _staff() -> Iterator[Step]:
    staff = "/api/lots/{center}/staff"
    yield get("carol", staff)
    yield post("carol", f"{staff}/person", {"email": "Emil@example.com"})
    yield post("carol", f"{staff}/person", {"email": "emil"})
    yield Step("carol", "PUT", staff + "/{emil}", {"role": "manager"})
    yield Step("carol", "PUT", staff + "/{emil}", {"role": "king"})
    yield get("alice", staff)
    yield post("alice", "/api/exports", {"kind": "lot_bookings"})
    yield Step("carol", "DELETE", staff + "/{emil}")
    yield Step("carol", "DELETE", staff + "/{emil}")


def _visitors() -> Iterator[Step]:
    visitors = "/api/lots/{center}/visitors"
    body = {"name": "Vera Visitor", "email": "vera@example.com", "vehicle_plate": "b vi 1", "locale": "de"}
    yield post("carol", visitors, body, headers={"Idempotency-Key": "visitor-1"}, keep={"visit": "booking.id"})
    yield post("carol", visitors, body, headers={"Idempotency-Key": "visitor-1"})
    yield post("carol", visitors, {"name": "Otto", "reserved_start": "2026-03-20T10:00:00Z"})
    yield post("carol", visitors, {"name": "www.example.com", "email": "nobody"})
    yield post("alice", visitors, {"name": "Gustav"})
    yield post("", visitors, {"name": "Gustav"})
    yield get("carol", "/api/admin/search?q=vera+visitor")
    yield post("carol", "/api/admin/bookings/{visit}/release", {"reason": "The visitor has left"})
    yield get("carol", "/api/admin/bookings?limit=1")
    yield post("", "/api/visitors/booking", {"token": "guess"})
    yield post("", "/api/visitors/booking/cancel", {"token": "guess"})
    yield post("", "/api/visitors/booking", {})


def _closures() -> Iterator[Step]:
    body = {"out_of_service": True, "from": "2026-03-20T09:00:00", "until": "2026-03-21T18:00:00", "reason": "Drain"}
    spot = "/api/spots/{spot1}"
    yield Step("carol", "PATCH", spot, body, keep={"closure": "spot.closures.0.id"})
    yield Step("carol", "PATCH", spot, body)
    yield Step("carol", "PATCH", spot, body | {"until": "2026-03-19T18:00:00"})
    yield Step("alice", "PATCH", spot, body)
    yield Step("carol", "PATCH", "/api/lots/{center}/spots?move=true", body | {"numbers": [2]})
    yield get("carol", "/api/admin/closures")
    yield get("carol", "/api/admin/closures?lot_id={center}&waiting=true")
    yield get("alice", "/api/admin/closures")
    yield Step("carol", "DELETE", spot + "/closures/{closure}")
    yield Step("carol", "DELETE", spot + "/closures/{closure}")


def _administration() -> Iterator[Step]:
    yield get("carol", "/api/users")
    yield get("carol", "/api/users?limit=2")
    yield get("carol", "/api/users?role=admin")
    yield get("carol", "/api/users/{alice}")
    yield get("carol", "/api/users/999")
    yield get("carol", "/api/users/{alice}/sessions")
    yield post("alice", "/api/book", {"lot_id": "{center}", "booking_type": "instant"}, keep={"towed": "booking.id"})
    yield post("carol", "/api/admin/bookings/{towed}/release", {"reason": "Towed away"}, travel=1800)
    yield get("alice", "/api/notices?limit=1", keep={"notice": "notices.0.id"})
    yield get("bob", "/api/notices")
    yield post("bob", "/api/notices/{notice}/dismiss")
    yield post("alice", "/api/notices/{notice}/dismiss")
    yield post("alice", "/api/notices/{notice}/dismiss")
    yield get("alice", "/api/notices")
    yield Step("carol", "PATCH", "/api/users/{emil}", {"active": False})
    yield Step("carol", "PATCH", "/api/users/{emil}", {"active": True, "roles": ["user", "admin"]})
    yield Step("carol", "PATCH", "/api/users/{carol}", {"roles": ["user"]})
    yield Step("carol", "PATCH", "/api/users/{emil}", {"roles": ["king"]})
    yield post("alice", "/api/book", {"lot_id": "{center}", "booking_type": "instant"}, keep={"again": "booking.id"})
    yield post("carol", "/api/admin/bookings/{again}/release", {})
    yield post("carol", "/api/admin/bookings/{again}/release", {"reason": "Towed away"}, travel=1800)
    yield post("carol", "/api/admin/bookings/{again}/release", {"reason": "Towed away"})
    later = _window("2026-03-05T10:00:00", "2026-03-05T12:00:00")
    yield post("alice", "/api/book", later, keep={"later": "booking.id"})
    yield post("carol", "/api/admin/bookings/{later}/cancel", {"reason": "Works"})
    yield Step("carol", "PATCH", "/api/spots/{spot1}", {"out_of_service": True, "reason": "Paint"})
    yield Step("carol", "PATCH", "/api/spots/{spot1}", {"out_of_service": False})
    yield post("bob", "/api/book", later)
    yield Step("carol", "DELETE", "/api/lots/{center}")
    yield Step("carol", "DELETE", "/api/lots/{center}?cancel_reservations=true")
    yield Step("carol", "DELETE", "/api/lots/{north}")
    yield post("carol", "/api/lots/{north}/restore")
    yield post("carol", "/api/lots/{north}/restore")
    for path in (
        "emails",
        "emails?state=queued",
        "emails?kind=booking_confirmation",
        "emails/kinds",
        "schedule",
        "audit",
    ):
        yield get("carol", f"/api/admin/{path}")
    yield get("carol", "/api/admin/audit?limit=3")
    yield get("carol", "/api/admin/emails/1")
    yield post("carol", "/api/admin/emails/1/discard")
    yield post("carol", "/api/admin/emails/1/retry")
    yield get("carol", "/api/admin/emails/preview/booking_confirmation")
    yield get("carol", "/api/admin/emails/preview/nothing")
    yield post("alice", "/api/exports", keep={"job": "export.id"})
    yield get("alice", "/api/exports")
    yield get("alice", "/api/exports/{job}")
    yield get("bob", "/api/exports/{job}")
    yield get("alice", "/api/exports/{job}/download")
    yield Step("alice", "DELETE", "/api/exports/{job}")
    yield get("", "/unsubscribe/guess")
    yield get("alice", "/api/me/data")
    yield Step("dora", "DELETE", "/auth/me", {"password": "wrong"})
    yield Step("dora", "DELETE", "/auth/me", {"password": PASSWORD})
    yield get("dora", "/auth/me")
    yield post("alice", "/auth/logout-all")
    yield get("alice", "/auth/me")


def _waitlist() -> Iterator[Step]:
    dock = {"name": "Dock", "capacity": 1, "price_per_hour": 3}
    yield post("carol", "/api/lots", dock, keep={"dock": "lot.id"})
    join = {"lot_ids": ["{dock}"], "booking_type": "instant", "for_minutes": 120}
    yield post("dora", "/api/waitlist", join)
    yield post("alice", "/api/book", {"lot_id": "{dock}"}, keep={"docked": "booking.id"})
    yield post("bob", "/api/book", {"lot_id": "{dock}"})
    yield get("bob", "/api/waitlist/position?lot_id={dock}")
    yield get("bob", "/api/waitlist/position?lot_id={dock}&from=2026-03-20T09:00:00&to=2026-03-20T10:00:00")
    key = {"Idempotency-Key": "wait"}
    yield post("bob", "/api/waitlist", {**join, "vehicle_plate": "B-AB 1"}, headers=key, keep={"waits": "entry.id"})
    yield post("bob", "/api/waitlist", {**join, "vehicle_plate": "B-AB 1"}, headers=key)
    yield post("bob", "/api/waitlist", join)
    yield post("bob", "/api/waitlist", {"lot_ids": ["{dock}"]})
    yield post("bob", "/api/waitlist", {"lot_ids": [], "for_minutes": 1, "booking_type": "instant"})
    yield post("", "/api/waitlist", join)
    yield post("dora", "/api/waitlist", join, keep={"next": "entry.id"})
    yield post("carol", "/api/book", {"lot_id": "{dock}"})
    yield get("carol", "/api/admin/waitlist?lot_id={dock}")
    yield get("bob", "/api/admin/waitlist")
    yield post("bob", "/api/waitlist/{waits}/claim")
    yield post("alice", "/api/release/{docked}", travel=600)
    yield get("bob", "/api/waitlist")
    yield get("dora", "/api/waitlist/{waits}")
    yield post("dora", "/api/waitlist/{waits}/claim")
    yield get("alice", "/api/spots/{dock}")
    yield post("alice", "/api/book", {"lot_id": "{dock}"})
    yield get("bob", "/api/notices?limit=1")
    yield get("bob", "/api/waitlist/{waits}", travel=900)
    yield post("bob", "/api/waitlist/{waits}/claim")
    yield get("dora", "/api/waitlist/{next}")
    yield post("dora", "/api/waitlist/{next}/claim", keep={"dockside": "booking.id"})
    yield post("dora", "/api/waitlist/{next}/claim")
    yield post("dora", "/api/waitlist/{next}/decline")
    yield Step("dora", "DELETE", "/api/waitlist/{next}")
    yield post("dora", "/api/release/{dockside}")
    yield get("carol", "/api/admin/waitlist?lot_id={dock}&status=Lapsed")
    yield get("carol", "/api/stats/admin?lot_id={dock}&from=2026-03-01&to=2026-03-31")
    yield get("bob", "/api/me/data")


def _series() -> Iterator[Step]:
    lot = {"name": "Weekly", "capacity": 2, "price_per_hour": 2, "timezone": "Europe/Berlin", "shorten_running": True}
    yield post("carol", "/api/lots", lot, keep={"weekly": "lot.id"})
    rule = {"lot_id": "{weekly}", "start_time": "08:00", "end_time": "17:30", "days": ["mo", "we"]}
    spring = {**rule, "from": "2026-03-16", "until": "2026-04-01"}
    yield post("dora", "/api/series/preview", spring)
    for wrong in ({**spring, "count": 3}, {**spring, "days": []}, {**spring, "start_time": "8"}, {**rule, "count": 2}):
        yield post("dora", "/api/series/preview", wrong)
    taken = _window("2026-03-18T09:00:00", "2026-03-18T10:00:00", "{weekly}")
    yield post("bob", "/api/book", taken)
    yield post("bob", "/api/book", taken)
    yield post("dora", "/api/series", spring)
    headers = {"Idempotency-Key": "weekly"}
    accepted = {**spring, "accept": ["2026-03-16", "2026-03-23", "2026-03-30", "2026-04-01"]}
    keep = {"series": "series.id", "first_date": "bookings.0.id"}
    yield post("dora", "/api/series", accepted, headers=headers, keep=keep)
    yield post("dora", "/api/series", accepted, headers=headers)
    yield post("dora", "/api/series", {**accepted, "accept": ["2026-03-17"]})
    later = {**rule, "from": "2026-05-04", "count": 2, "every_weeks": 2}
    yield post("dora", "/api/series", {**later, "wait_if_full": "perhaps"})
    yield post("dora", "/api/series", {**later, "wait_if_full": True})
    yield get("dora", "/api/series")
    yield get("dora", "/api/series/{series}")
    yield get("bob", "/api/series/{series}")
    yield post("dora", "/api/bookings/{first_date}/shorten", {"until": "2026-03-16T12:00"})
    yield post("dora", "/api/bookings/{first_date}/shorten", {"until": "2026-03-16T13:00"})
    yield post("dora", "/api/bookings/{first_date}/shorten", {})
    away = {"from": "2026-03-20T00:00", "until": "2026-03-28T00:00"}
    yield post("dora", "/api/bookings/cancel-range", {**away, "dry_run": True})
    yield post("dora", "/api/bookings/cancel-range", away)
    later_away = {"from": "2026-05-06T00:00", "until": "2026-06-01T00:00"}
    yield post("dora", "/api/bookings/cancel-range", {**later_away, "dry_run": True})
    yield post("dora", "/api/bookings/cancel-range", later_away)
    yield post("dora", "/api/bookings/cancel-range", {"from": "2026-03-28", "until": "2026-03-20"})
    yield Step("bob", "DELETE", "/api/series/{series}")
    yield Step("dora", "DELETE", "/api/series/{series}?from=2026-04-01")
    yield Step("dora", "DELETE", "/api/series/{series}")
    yield Step("dora", "DELETE", "/api/series/{series}?from=tomorrow")
