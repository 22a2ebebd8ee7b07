"""What an administrator and the staff of a lot do in the recorded session."""

from __future__ import annotations

from collections.abc import Iterator

from tests.contract.steps import PASSWORD, Step, get, post, window


def lots() -> Iterator[Step]:
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
    yield from closures()
    yield Step("carol", "PATCH", "/api/lots/{north}/spots", {"numbers": [1, 2], "accessible": True})
    yield Step("carol", "PATCH", "/api/lots/{north}/spots", {"numbers": [9], "accessible": True})
    csv = {"Content-Type": "text/csv"}
    yield Step(
        "carol", "POST", "/api/lots/import?dry_run=true", data="name,capacity,price_per_hour\nEast,2,1\n", headers=csv
    )
    yield Step("carol", "POST", "/api/lots/import", data="name,capacity,price_per_hour\nEast,2,1.50\n", headers=csv)
    yield Step("carol", "POST", "/api/lots/import", data="name,capacity\nWest,2\n", headers=csv)
    yield Step("carol", "POST", "/api/lots/import", data="name,capacity,price_per_hour\nEast,x,1\n", headers=csv)


def staff() -> Iterator[Step]:
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


def visitors() -> Iterator[Step]:
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


def closures() -> Iterator[Step]:
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


def administration() -> Iterator[Step]:
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
    later = window("2026-03-05T10:00:00", "2026-03-05T12:00:00")
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
