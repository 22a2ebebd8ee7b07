"""Every route, asked by everybody: who may, who may not, and that nothing is forgotten.

A new route fails `test_every_route_has_a_row` until it has a row in ROUTES. To add one: write the method and the rule
exactly as the route declares them, then who may use it and the status a rightful caller gets:

    OPEN(200)    everybody, signed in or not          SELF(200)    whoever is signed in, for himself
    ADMIN(200)   administrators                        OWNER(200)   the one it belongs to; for others it is not there
    STAFF("viewer", 200)    administrators, and staff with this role or a higher one: of the lot that the path names
                            (others' lots are not there), or of any lot

Staff are `viewer`, `attendant` and `manager` of alice's lot, and `elsewhere`, the manager of another one. `unproven` is
a driver whose address is not confirmed, where EMAIL_PROOF is on: who is signed in and may look, but not book.

`path` says which thing of the stage below is meant (`{stay}` is alice's running booking), `json`, `query` and
`headers` make the request a good one. Everything belongs to alice. Identities that must never pass (nobody, a disabled
person, an administrator who was demoted and still has the old token, an expired token, a tampered one) follow by
themselves: 401 on every route that is not open.
"""

from __future__ import annotations

import dataclasses
import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from parking import clock, mail, signing
from parking.accounts.admin import service
from parking.accounts.models import Role, User
from parking.accounts.sessions import access_tokens
from parking.database import db
from parking.mail import unsubscribe
from parking.mail.models import OutboxMail
from parking.staff import LotStaff

PASSWORD = "correct horse battery"
NOBODY = ("anonymous", "disabled", "demoted", "expired", "tampered")
LOT_ROLES = ("viewer", "attendant", "manager")
DRIVERS = ("other", *LOT_ROLES, "elsewhere", "unproven")
"""Who may be asked for what is alice's: staff are drivers as well."""
IDENTITIES = (*NOBODY, "user", *DRIVERS, "admin")


@dataclass(frozen=True)
class Row:
    """What each identity is answered, and a good request to ask with."""

    statuses: dict[str, int]
    path: str = ""
    json: Any = None
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    data: str | None = None
    owned: bool = False
    role: str = ""
    """What the view declares: empty for nobody's, else `any`, `admin`, or the role of staff."""


def _row(statuses: dict[str, int], **more: Any) -> Row:
    return Row({identity: statuses.get(identity, 401) for identity in IDENTITIES}, **more)


def OPEN(status: int, **request: Any) -> Row:
    return _row(dict.fromkeys(IDENTITIES, status), **request)


def SELF(status: int, role: str = "any", unproven: int | None = None, **request: Any) -> Row:
    statuses = {"user": status, **dict.fromkeys(DRIVERS, status), "admin": status}
    return _row(statuses | {"unproven": unproven or status}, role=role, **request)


def OWNER(status: int, **request: Any) -> Row:
    return _row({"user": status, **dict.fromkeys(DRIVERS, 404), "admin": 404}, owned=True, role="any", **request)


def ADMIN(status: int, **request: Any) -> Row:
    return _row({"user": 403, **dict.fromkeys(DRIVERS, 403), "admin": status}, role="admin", **request)


def STAFF(role: str, status: int, **request: Any) -> Row:
    may = {held: status if LOT_ROLES.index(held) >= LOT_ROLES.index(role) else 403 for held in LOT_ROLES}
    elsewhere = 404 if "path" in request else status
    drivers = dict.fromkeys(("user", "other", "unproven"), 403)
    return _row({**drivers, **may, "elsewhere": elsewhere, "admin": status}, role=role, **request)


def VISITORS(status: int, **request: Any) -> Row:
    """For attendants of the lot; where guests are allowed (tests/visitors), for everybody: so the view declares no
    role."""
    return dataclasses.replace(STAFF("attendant", status, **request), role="any")


TOMORROW = {"from": "2026-03-03T10:00:00Z", "to": "2026-03-03T12:00:00Z"}
WINDOW = {"reserved_start": TOMORROW["from"], "reserved_end": TOMORROW["to"]}
CLOSURE = {"from": TOMORROW["from"], "until": TOMORROW["to"]}
WEEKLY = {"start_time": "18:00", "end_time": "20:00", "days": ["we"], "from": "2026-03-03", "count": 2}
MARCH = {"from": "2026-03-01", "to": "2026-03-02"}
CSV = {"Content-Type": "text/csv"}

ROUTES: dict[str, Row] = {
    # whether all is well, and what everybody may read
    "GET /healthz": OPEN(200),
    "GET /readyz": OPEN(200),
    "GET /metrics": OPEN(200),  # from the loopback address, or with METRICS_TOKEN
    "GET /docs": OPEN(200),
    "GET /docs/assets/<name>": OPEN(200, path="/docs/assets/swagger-ui.css"),
    "GET /api/openapi.json": OPEN(200),
    "GET /api/public/lots": OPEN(200),
    "GET /api/public/lots/<int:lot_id>": OPEN(200, path="/api/public/lots/{lot}"),
    "GET /api/public/site": OPEN(200),
    "GET /api/frames/mail": OPEN(200),
    "GET /api/frames/mail.js": OPEN(200),
    # accounts
    "POST /auth/register": OPEN(201, json={"email": "new@example.com", "username": "New", "password": PASSWORD}),
    "POST /auth/login": OPEN(200, json={"email": "alice@example.com", "password": PASSWORD}),
    "POST /auth/setup": OPEN(
        404, json={"token": "guess", "email": "new@example.com", "username": "New", "password": PASSWORD}
    ),
    "POST /auth/password/forgot": OPEN(202, json={"email": "alice@example.com"}),
    "POST /auth/password/reset": OPEN(404, json={"token": "guess", "password": PASSWORD}),
    "POST /auth/email/confirm": OPEN(404, json={"token": "guess"}),
    "POST /auth/refresh": OPEN(401, headers={"X-Requested-With": "x"}),  # the cookie says who; nobody here has one
    "POST /auth/logout": SELF(200, role="", json={}),  # the cookie may say who
    "POST /auth/logout-all": SELF(200, json={}),
    "GET /auth/me": SELF(200),
    "GET /auth/verify": SELF(200),
    "PATCH /auth/me": SELF(200, json={"theme": "dark"}),
    "POST /auth/password/change": SELF(200, json={"current_password": PASSWORD, "new_password": "another horse"}),
    "POST /auth/password/verify": SELF(200, json={"password": PASSWORD}),
    "POST /auth/email/proof": SELF(409, unproven=202),
    "POST /auth/email/change": SELF(202, json={"email": "other@example.com", "password": PASSWORD}),
    "GET /auth/sessions": SELF(200),
    "DELETE /auth/sessions/<int:session_id>": OWNER(200, path="/auth/sessions/{session}"),
    "GET /auth/second-factor": SELF(200),
    "POST /auth/second-factor": SELF(201, json={"password": PASSWORD}),
    "POST /auth/second-factor/confirm": SELF(409, json={"code": "123456"}),  # nobody here has begun, or has one
    "POST /auth/second-factor/recovery-codes": SELF(409, json={"code": "123456"}),
    "POST /auth/second-factor/verify": SELF(409, json={"code": "123456"}),
    "POST /auth/second-factor/off": SELF(409, json={"password": PASSWORD, "code": "123456"}),
    "GET /api/tokens": SELF(200),
    "POST /api/tokens": SELF(201, json={"name": "Display", "scopes": ["lots:read"]}),
    "DELETE /api/tokens/<int:token_id>": OWNER(204, path="/api/tokens/{token}"),
    # people
    "GET /api/users": ADMIN(200),
    "GET /api/users/<int:user_id>": ADMIN(200, path="/api/users/{alice}"),
    "GET /api/users/<int:user_id>/sessions": ADMIN(200, path="/api/users/{alice}/sessions"),
    "DELETE /api/users/<int:user_id>/sessions": ADMIN(200, path="/api/users/{alice}/sessions"),
    "DELETE /api/users/<int:user_id>/second-factor": ADMIN(200, path="/api/users/{alice}/second-factor"),
    "PATCH /api/users/<int:user_id>": ADMIN(200, path="/api/users/{alice}", json={"active": False}),
    # lots and spots
    "GET /api/lots": SELF(200),
    "GET /api/lots/<int:lot_id>": SELF(200, path="/api/lots/{lot}"),
    "GET /api/lots/<int:lot_id>/availability": SELF(200, path="/api/lots/{lot}/availability", query=TOMORROW),
    "GET /api/spots/<int:lot_id>": SELF(200, path="/api/spots/{lot}"),
    "POST /api/lots": ADMIN(201, json={"name": "North", "capacity": 2, "price_per_hour": 1.5}),
    "PUT /api/lots/<int:lot_id>": STAFF("manager", 200, path="/api/lots/{lot}", json={"name": "South"}),
    "DELETE /api/lots/<int:lot_id>": ADMIN(200, path="/api/lots/{empty_lot}"),
    "POST /api/lots/<int:lot_id>/restore": ADMIN(200, path="/api/lots/{deleted_lot}/restore"),
    "POST /api/lots/import": ADMIN(201, headers=CSV, data="name,capacity,price_per_hour\nEast,3,2.50\n"),
    "PATCH /api/lots/<int:lot_id>/spots": STAFF(
        "attendant", 200, path="/api/lots/{lot}/spots", json={"numbers": [2], "out_of_service": False}
    ),
    "PATCH /api/spots/<int:spot_id>": STAFF(
        "attendant", 200, path="/api/spots/{spot}", json={"out_of_service": True, "reason": "Works", **CLOSURE}
    ),
    # their staff
    "GET /api/lots/<int:lot_id>/staff": STAFF("manager", 200, path="/api/lots/{lot}/staff"),
    "POST /api/lots/<int:lot_id>/staff/person": STAFF(
        "manager", 200, path="/api/lots/{lot}/staff/person", json={"email": "bob@example.com"}
    ),
    "PUT /api/lots/<int:lot_id>/staff/<int:user_id>": STAFF(
        "manager", 200, path="/api/lots/{lot}/staff/{vera}", json={"role": "attendant"}
    ),
    "DELETE /api/lots/<int:lot_id>/staff/<int:user_id>": STAFF("manager", 200, path="/api/lots/{lot}/staff/{vera}"),
    "DELETE /api/spots/<int:spot_id>/closures/<int:closure_id>": STAFF(
        "attendant", 200, path="/api/spots/{spot}/closures/{closure}"
    ),
    "GET /api/admin/closures": STAFF("viewer", 200),
    # visitors
    "POST /api/lots/<int:lot_id>/visitors": VISITORS(
        201, path="/api/lots/{lot}/visitors", json={"name": "Vera", **WINDOW}
    ),
    "POST /api/visitors/booking": OPEN(200, json={"token": "{visit}"}),
    "POST /api/visitors/booking/cancel": OPEN(200, json={"token": "{visit}"}),
    # bookings
    "GET /api/quote": SELF(200, query={"lot_id": "{lot}", **TOMORROW}),
    "POST /api/book": SELF(201, unproven=403, json={"lot_id": "{lot}", "booking_type": "instant"}),
    "GET /api/bookings": SELF(200),
    "GET /api/bookings/<int:booking_id>": OWNER(200, path="/api/bookings/{stay}"),
    "GET /api/bookings/<int:booking_id>/receipt": OWNER(200, path="/api/bookings/{ended}/receipt"),
    "GET /api/bookings/<int:booking_id>/calendar.ics": OWNER(200, path="/api/bookings/{reservation}/calendar.ics"),
    "POST /api/bookings/<int:booking_id>/extend": OWNER(
        200, path="/api/bookings/{reservation}/extend", json={"minutes": 30}
    ),
    "POST /api/bookings/<int:booking_id>/shorten": OWNER(
        200, path="/api/bookings/{reservation}/shorten", json={"until": "2026-03-03T13:00:00Z"}
    ),
    "POST /api/bookings/cancel-range": SELF(200, json={**CLOSURE, "dry_run": True}),
    "POST /api/series/preview": SELF(200, unproven=403, json={"lot_id": "{lot}", **WEEKLY}),
    "POST /api/series": SELF(201, unproven=403, json={"lot_id": "{lot}", **WEEKLY}),
    "GET /api/series": SELF(200),
    "GET /api/series/<int:series_id>": OWNER(200, path="/api/series/{series}"),
    "DELETE /api/series/<int:series_id>": OWNER(200, path="/api/series/{series}"),
    "POST /api/bookings/<int:booking_id>/check-in": OWNER(200, path="/api/bookings/{arriving}/check-in", json={}),
    "POST /api/bookings/<int:booking_id>/cancel": OWNER(200, path="/api/bookings/{reservation}/cancel", json={}),
    "POST /api/release/<int:booking_id>": OWNER(200, path="/api/release/{stay}", json={}),
    "GET /api/admin/search": STAFF("viewer", 200, query={"q": "alice"}),
    "GET /api/admin/bookings": STAFF("viewer", 200),
    "GET /api/admin/bookings/totals": STAFF("viewer", 200),
    "POST /api/admin/bookings/<int:booking_id>/release": STAFF(
        "attendant", 200, path="/api/admin/bookings/{stay}/release", json={"reason": "Towed away"}
    ),
    "POST /api/admin/bookings/<int:booking_id>/cancel": STAFF(
        "attendant", 200, path="/api/admin/bookings/{reservation}/cancel", json={"reason": "Works ahead"}
    ),
    "POST /api/admin/bookings/<int:booking_id>/check-in": STAFF(
        "attendant", 200, path="/api/admin/bookings/{arriving}/check-in", json={}
    ),
    # the waitlist
    "POST /api/waitlist": SELF(
        201, unproven=403, json={"lot_ids": "{full_lots}", "booking_type": "instant", "for_minutes": 60}
    ),
    "GET /api/waitlist": SELF(200),
    "GET /api/waitlist/position": SELF(200, query={"lot_id": "{lot}"}),
    "GET /api/waitlist/<int:entry_id>": OWNER(200, path="/api/waitlist/{entry}"),
    "DELETE /api/waitlist/<int:entry_id>": OWNER(200, path="/api/waitlist/{entry}"),
    "POST /api/waitlist/<int:entry_id>/claim": OWNER(200, path="/api/waitlist/{entry}/claim", json={}),
    "POST /api/waitlist/<int:entry_id>/decline": OWNER(200, path="/api/waitlist/{entry}/decline", json={}),
    "GET /api/admin/waitlist": STAFF("viewer", 200),
    # figures
    "GET /api/stats/user": SELF(200),
    "GET /api/stats/user.csv": SELF(200),
    "GET /api/stats/admin": STAFF("viewer", 200, query=MARCH),
    "GET /api/stats/admin.csv": STAFF("viewer", 200, query=MARCH),
    "GET /api/stats/admin/hour": STAFF("viewer", 200, query={**MARCH, "weekday": "0", "hour": "9"}),
    "GET /api/stats/admin/hour.csv": STAFF("viewer", 200, query={**MARCH, "weekday": "0", "hour": "9"}),
    # exports
    "GET /api/export": SELF(202),
    "GET /api/me/data": SELF(200),
    "GET /api/admin/bookings.csv": STAFF("viewer", 200),
    "GET /api/users.csv": ADMIN(200),
    "GET /api/admin/lots.csv": STAFF("viewer", 200),
    "GET /api/admin/audit.csv": ADMIN(200),
    "GET /api/admin/emails.csv": ADMIN(200),
    "GET /api/exports.csv": STAFF("viewer", 200),
    "POST /api/exports": SELF(202, json={"kind": "bookings"}),
    "GET /api/exports": SELF(200),
    "GET /api/exports/<int:job_id>": OWNER(200, path="/api/exports/{export}"),
    "GET /api/exports/<int:job_id>/download": OWNER(409, path="/api/exports/{export}/download"),  # not made yet
    "DELETE /api/exports/<int:job_id>": OWNER(200, path="/api/exports/{export}"),
    "POST /api/admin/export-all-data": ADMIN(202),
    "POST /api/admin/export-all": ADMIN(202),
    # notices
    "GET /api/notices": SELF(200),
    "POST /api/notices/<int:notice_id>/dismiss": OWNER(200, path="/api/notices/{notice}/dismiss"),
    # mail
    "GET /api/admin/emails": ADMIN(200),
    "GET /api/admin/emails/<int:mail_id>": ADMIN(200, path="/api/admin/emails/{mail}"),
    "POST /api/admin/emails/<int:mail_id>/retry": ADMIN(200, path="/api/admin/emails/{mail}/retry"),
    "POST /api/admin/emails/<int:mail_id>/discard": ADMIN(200, path="/api/admin/emails/{mail}/discard"),
    "GET /api/admin/emails/kinds": ADMIN(200),
    "GET /api/admin/emails/preview/<kind>": ADMIN(200, path="/api/admin/emails/preview/booking_confirmation"),
    "POST /api/admin/emails/preview/<kind>/send": ADMIN(
        202, path="/api/admin/emails/preview/booking_confirmation/send"
    ),
    "POST /api/admin/emails/resume": ADMIN(200),
    "POST /api/admin/emails/release": ADMIN(409, json={}),  # nothing is held
    "GET /unsubscribe/<token>": OPEN(200, path="/unsubscribe/{unsubscribe}"),
    "POST /unsubscribe/<token>": OPEN(200, path="/unsubscribe/{unsubscribe}"),
    "GET /unsubscribe/style.css": OPEN(200),
    # running it
    "GET /api/admin/schedule": ADMIN(200),
    "POST /api/admin/send-daily-reminder": ADMIN(202),
    "POST /api/admin/send-daily-report": ADMIN(202),
    "POST /api/admin/send-monthly-report": ADMIN(202),
    "GET /api/admin/system": ADMIN(200),
    "GET /api/admin/audit": ADMIN(200),
    "GET /api/stream": SELF(200),
    # last: after it, an identity is nobody
    "DELETE /auth/me": _row(
        {"user": 409, **dict.fromkeys(DRIVERS, 200), "admin": 409}, json={"password": PASSWORD}, role="any"
    ),
}
"""DELETE /auth/me: alice is parked, carol is the last administrator."""


@pytest.fixture
def database_url(templates, tmp_path, request):
    """Who may do what is decided before the database is asked: one of them is enough, and its file can be put back."""
    shutil.copy(templates("sqlite", request), tmp_path / "parking.db")
    return f"sqlite:///{tmp_path / 'parking.db'}"


def _filled(given: dict[str, Any] | None, things: dict[str, Any]) -> dict[str, Any] | None:
    """The names of things replaced by their ids."""
    if given is None:
        return None
    return {k: things[v.strip("{}")] if isinstance(v, str) and v.startswith("{") else v for k, v in given.items()}


class Stage:
    """alice's things, the tokens of all identities, and the way back to how it was."""

    def __init__(self, app, people: dict[str, User], file, auth) -> None:
        self.app, self.file, self.auth, self.people = app, file, auth, people
        self.client = app.test_client()
        self.things: dict[str, Any] = {"alice": people["user"].id}
        self._build()
        self.tokens = self._tokens()
        self._keep()

    def call(self, method: str, path: str, who: str, status: int, **more: Any) -> Any:
        answer = self.client.open(path, method=method, headers=self.auth(self.people[who]), **more)
        assert answer.status_code == status, (path, answer.json)
        return answer.json

    def _build(self) -> None:
        things = self.things
        for name in ("lot", "empty_lot", "deleted_lot"):
            body = {"name": name, "capacity": 8, "price_per_hour": 2, "require_checkin": name == "lot"}
            things[name] = self.call("POST", "/api/lots", "admin", 201, json=body)["lot"]["id"]
        self.call("DELETE", f"/api/lots/{things['deleted_lot']}", "admin", 200)
        works = {**dict.fromkeys(LOT_ROLES, things["lot"]), "elsewhere": things["empty_lot"]}
        for who, lot in works.items():
            role = who if who in LOT_ROLES else "manager"
            user_id = self.people[who].id
            db.session.add(LotStaff(lot_id=lot, user_id=user_id, role=role, created_at=clock.now()))
        db.session.commit()
        things["vera"] = self.people["viewer"].id
        spots = self.call("GET", f"/api/spots/{things['lot']}", "admin", 200)["spots"]
        things["spot"] = spots[-1]["id"]
        closed = {"out_of_service": True, "from": (clock.now() + timedelta(days=9)).isoformat()}
        answer = self.call("PATCH", f"/api/spots/{things['spot']}", "admin", 200, json=closed)
        things["closure"] = answer["spot"]["closures"][0]["id"]
        now = {"lot_id": things["lot"], "booking_type": "instant"}
        things["ended"] = self.call("POST", "/api/book", "user", 201, json=now)["booking"]["id"]
        self.call("POST", f"/api/release/{things['ended']}", "user", 200, json={})
        towed = self.call("POST", "/api/book", "user", 201, json=now)["booking"]["id"]
        self.call("POST", f"/api/admin/bookings/{towed}/release", "admin", 200, json={"reason": "Towed away"})
        things["notice"] = self.call("GET", "/api/notices", "user", 200)["notices"][0]["id"]
        things["stay"] = self.call("POST", "/api/book", "user", 201, json=now)["booking"]["id"]
        for name, start in (("arriving", timedelta(minutes=5)), ("reservation", timedelta(days=1))):
            begin = clock.now() + start
            window = {"reserved_start": begin.isoformat(), "reserved_end": (begin + timedelta(hours=2)).isoformat()}
            body = {"lot_id": things["lot"], "booking_type": "reserved", **window}
            things[name] = self.call("POST", "/api/book", "user", 201, json=body)["booking"]["id"]
        weekly = {"lot_id": things["lot"], **WEEKLY, "days": ["fr"]}
        things["series"] = self.call("POST", "/api/series", "user", 201, json=weekly)["series"]["id"]
        guest = {"name": "Vera", "email": "vera@example.com", **WINDOW}
        self.call("POST", f"/api/lots/{things['lot']}/visitors", "admin", 201, json=guest)
        confirmation = db.session.scalars(select(OutboxMail).where(OutboxMail.email == guest["email"])).one()
        booking = confirmation.facts["booking"]
        settings = self.app.extensions["settings"]
        things["visit"] = signing.serializer(settings, "visitor-booking").dumps([booking["id"], booking["reference"]])
        clock.travel(300)  # the one has arrived
        things["export"] = self.call("POST", "/api/exports", "user", 202, json={"kind": "bookings"})["export"]["id"]
        token = {"name": "Gate", "scopes": ["lots:read"]}
        things["token"] = self.call("POST", "/api/tokens", "user", 201, json=token)["id"]
        things["mail"] = self.call("GET", "/api/admin/emails", "admin", 200)["emails"][0]["id"]
        self.client.post("/auth/login", json={"email": "alice@example.com", "password": PASSWORD})
        things["session"] = self.call("GET", "/auth/sessions", "user", 200)["sessions"][0]["id"]
        things["unsubscribe"] = unsubscribe.make(
            self.app.extensions["settings"], things["alice"], mail.subscriptions()[0]
        )
        self._make_an_offer()

    def _make_an_offer(self) -> None:
        """A full lot, and in it a spot that is held for alice."""
        body = {"name": "full_lot", "capacity": 1, "price_per_hour": 2}
        full = self.call("POST", "/api/lots", "admin", 201, json=body)["lot"]["id"]
        begin = clock.now() + timedelta(days=1)
        window = {"reserved_start": begin.isoformat(), "reserved_end": (begin + timedelta(hours=2)).isoformat()}
        self.call("POST", "/api/book", "disabled", 201, json={"lot_id": full, "booking_type": "instant"})
        there = {"lot_id": full, "booking_type": "reserved", **window}
        booking = self.call("POST", "/api/book", "disabled", 201, json=there)["booking"]["id"]
        entry = self.call("POST", "/api/waitlist", "user", 201, json={"lot_ids": [full], **window})["entry"]["id"]
        self.call("POST", f"/api/bookings/{booking}/cancel", "disabled", 200, json={})
        self.things |= {"full_lots": [full], "entry": entry}

    def _tokens(self) -> dict[str, str]:
        issued = {name: access_tokens.issue(person.fs_uniquifier) for name, person in self.people.items()}
        service.change(self.people["disabled"].id, False, None)
        service.change(self.people["demoted"].id, None, ["user"])
        for name in ("user", *DRIVERS, "admin"):  # whose password is a moment old
            login = {"email": self.people[name].email, "password": PASSWORD}
            issued[name] = self.app.test_client().post("/auth/login", json=login).json["token"]
        with clock.set_to(clock.now() - timedelta(days=2)):
            issued["expired"] = access_tokens.issue(self.people["user"].fs_uniquifier)
        head, payload, _ = issued["admin"].split(".")
        issued["tampered"] = ".".join([head, payload, issued["user"].split(".")[2]])
        return issued

    def _keep(self) -> None:
        db.session.close()
        db.engine.dispose()
        shutil.copy(self.file, f"{self.file}.kept")

    def back(self) -> None:
        """Everything is as it was before the first question."""
        db.session.close()
        db.engine.dispose()
        for end in ("-wal", "-shm"):
            self.file.with_name(self.file.name + end).unlink(missing_ok=True)
        shutil.copy(f"{self.file}.kept", self.file)

    def ask(self, name: str, row: Row, identity: str, things: dict[str, Any] | None = None) -> Any:
        """The answer to this identity."""
        method, rule = name.split(" ", 1)
        known = things or self.things
        path = (row.path or rule).format_map(known)
        body, query = _filled(row.json, known), _filled(row.query, known)
        headers = dict(row.headers)
        if identity != "anonymous":
            headers["Authorization"] = f"Bearer {self.tokens[identity]}"
        return self.app.test_client().open(
            path,
            method=method,
            json=body,
            data=row.data,
            query_string=query or None,
            headers=headers,
            buffered=False,
        )


@pytest.fixture
def stage(app, tmp_path, auth, monkeypatch):
    from flask_security.utils import hash_password

    from parking.accounts import routes

    monkeypatch.setattr(routes, "FORGOT_SECONDS", 0)
    names = {"user": "alice", "other": "bob", "admin": "carol", "disabled": "dan", "demoted": "erin"}
    names |= {"viewer": "vera", "attendant": "arno", "manager": "mona", "elsewhere": "elsa", "unproven": "uma"}
    people = {}
    for identity, name in names.items():
        roles = ["admin"] if identity in ("admin", "demoted") else ["user"]
        people[identity] = User(
            email=f"{name}@example.com",
            username=name,
            password=hash_password(PASSWORD),
            active=True,
            fs_uniquifier=f"uniquifier-of-{name}",
            confirmed_at=None if identity == "unproven" else clock.now(),
            roles=list(db.session.query(Role).filter(Role.name.in_(roles))),
        )
    db.session.add_all(people.values())
    db.session.commit()
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], email_proof=True)
    return Stage(app, people, tmp_path / "parking.db", auth)


def routes_of(app) -> set[str]:
    return {
        f"{method} {rule.rule}" for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}
    }


def test_every_route_has_a_row(app):
    assert routes_of(app) - ROUTES.keys() == set(), "decide who may use these routes: see the top of this file"


def test_every_row_has_a_route(app):
    assert ROUTES.keys() - routes_of(app) == set()


def test_every_row_says_what_its_view_declares(app):
    declared = {}
    for rule in app.url_map.iter_rules():
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            declared[f"{method} {rule.rule}"] = app.view_functions[rule.endpoint].__dict__.get("_role", "")
    assert declared == {name: row.role for name, row in ROUTES.items()}


@pytest.mark.parametrize("identity", IDENTITIES)
def test_everybody_gets_what_was_decided(stage, identity):
    got = {}
    for name, row in ROUTES.items():
        answer = stage.ask(name, row, identity)
        got[name] = answer.status_code
        answer.close()
        if row.statuses[identity] < 300 or answer.status_code < 300:
            stage.back()
    assert got == {name: row.statuses[identity] for name, row in ROUTES.items()}


def test_who_must_set_up_a_second_factor_reaches_their_own_account_alone(stage):
    settings = stage.app.extensions["settings"]
    stage.app.extensions["settings"] = dataclasses.replace(settings, require_totp="all")
    for name, row in ROUTES.items():
        if row.statuses["anonymous"] != 401 or name.split(" ")[1].startswith("/auth/"):
            continue
        for identity in ("user", *DRIVERS, "admin"):
            answer = stage.ask(name, row, identity)
            assert (answer.status_code, answer.json["code"]) == (403, "second_factor_setup_required"), (name, identity)


def test_what_belongs_to_another_looks_like_what_is_not_there(stage):
    """Same status, same body: nobody learns which ids exist."""
    missing = dict.fromkeys(stage.things, 10**9)
    for name, row in ROUTES.items():
        if row.owned:
            foreign, nothing = stage.ask(name, row, "other"), stage.ask(name, row, "other", missing)
            assert (foreign.status_code, nothing.status_code) == (404, 404), name
            assert {**foreign.json, "request_id": ""} == {**nothing.json, "request_id": ""}, name


def test_a_lot_of_others_looks_like_what_is_not_there(stage):
    """Staff of another lot get the same status and body for a lot, a booking or a spot that is and one that is not."""
    missing, checked = dict.fromkeys(stage.things, 10**9), 0
    for name, row in ROUTES.items():
        if row.role not in LOT_ROLES or not row.path:
            continue
        foreign, nothing = stage.ask(name, row, "elsewhere"), stage.ask(name, row, "elsewhere", missing)
        assert (foreign.status_code, nothing.status_code) == (404, 404), name
        assert {**foreign.json, "request_id": ""} == {**nothing.json, "request_id": ""}, name
        checked += 1
    assert checked >= 9


def test_a_refusal_changes_nothing(stage):
    """Nobody-identities and wrong roles leave the database as it was."""

    def rows() -> dict[str, list[Any]]:
        db.session.close()
        with db.engine.connect() as connection:
            return {t.name: connection.execute(t.select()).all() for t in db.metadata.sorted_tables}

    before = rows()
    for name, row in ROUTES.items():
        for identity in IDENTITIES:
            if row.statuses[identity] in (401, 403, 404):
                stage.ask(name, row, identity).close()
    assert rows() == before


def test_enough_is_asked():
    assert len(ROUTES) >= 40
    assert len(ROUTES) * len(IDENTITIES) >= 360
