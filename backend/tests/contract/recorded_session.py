"""A working day of three drivers and an administrator: about 300 requests over the whole API, always the same.

Each step is one request; a step may keep a number of its answer under a name that later paths use. The clock stands and
is moved by hand, so that the answers depend on nothing but the program.
"""

from __future__ import annotations

from collections.abc import Iterator

from tests.contract.recorded_administration import administration, lots, staff, visitors
from tests.contract.steps import HOUR, PASSWORD, Step, get, post, window


def steps() -> Iterator[Step]:
    """The whole session, in order."""
    day = (_accounts, lots, _walk_ins, _reservations, _time_passes, _refusals, _reading, _series)
    for part in (*day, staff, visitors, _waitlist, administration):
        yield from part()


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
    morning = window("2026-03-03T10:00:00", "2026-03-03T12:00:00")
    yield post("alice", "/api/book", morning, keep={"morning": "booking.id", "its_spot": "booking.spot_id"})
    yield post("bob", "/api/book", {**morning, "spot_id": "{its_spot}"})
    yield post("bob", "/api/book", morning, keep={"his": "booking.id"})
    yield post("carol", "/api/book", morning)
    yield post("dora", "/api/book", morning)
    yield post("bob", "/api/book", window("2026-03-03T11:00:00Z", "2026-03-03T13:00:00+01:00"))
    yield post("bob", "/api/book", window("2026-03-01T11:00:00", "2026-03-01T13:00:00"))
    yield post("bob", "/api/book", window("2026-09-01T11:00:00", "2026-09-01T13:00:00"))
    yield post("bob", "/api/book", window("2026-03-05T11:00:00", "2026-04-25T13:00:00"))
    yield post("bob", "/api/book", window("soon", "later"))
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
    night = window("2026-03-02T18:00:00Z", "2026-03-02T20:00:00Z", "{north}")
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
    taken = window("2026-03-18T09:00:00", "2026-03-18T10:00:00", "{weekly}")
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
