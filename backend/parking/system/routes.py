"""What the page asks before anybody has signed in, and whether the system is well."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from apiflask import APIBlueprint
from flask import Response, current_app
from pydantic import Field

from parking import clock, settings
from parking.errors import Unavailable
from parking.mail import Outbox
from parking.system import health
from parking.web import Out, answer, requires, shutdown
from parking.web.rate_limits import PUBLIC, limiter

bp = APIBlueprint("operations", __name__, tag="Operations")


class Site(Out):
    site_name: str
    currency: str
    timezone: str
    locales: list[Literal["en", "de"]]
    password_min_length: int
    mail_configured: bool
    public_lots: bool
    email_proof: bool
    guests_per_user: Annotated[int, Field(description="Open bookings for guests that a driver may have; 0: none")]
    server_time: datetime
    operator_name: str | None
    operator_contact: Annotated[str | None, Field(description="An email address, a phone number or a web address")]
    operator_contact_url: Annotated[str | None, Field(description="The contact as a link: mailto:, tel: or https:")]
    imprint_url: str | None
    privacy_url: str | None


class SiteEnvelope(Out):
    site: Site


class Alive(Out):
    status: Literal["ok"]


class Ready(Alive):
    warnings: list[str]


class PartStatus(Out):
    ok: bool
    detail: str


class Database(PartStatus):
    kind: Literal["sqlite", "postgresql"]
    version: str


class Program(PartStatus):
    last_seen: datetime | None


class Disk(PartStatus):
    free_bytes: int
    total_bytes: int


class Names(PartStatus):
    """`count`: accounts and lots with the same name or address as an earlier one."""

    count: int


class Backup(PartStatus):
    """The last backup that was made on the schedule."""

    last_at: datetime | None
    file: str | None
    size_bytes: int | None


class MailCertificate(PartStatus):
    """The certificate at the last connection to the mail server; `expires_at` is null before the first one."""

    host: str
    expires_at: datetime | None


class Encryption(PartStatus):
    """`unencrypted`: the servers on other machines that are not reached over TLS with a checked certificate. They are
    no problem where the operator says that nobody else can reach the network (PRIVATE_NETWORK)."""

    unencrypted: list[Literal["database", "redis", "mail"]]


class Replica(Out):
    """`state` and `lag_seconds` are null where the database does not show them; the lag also until it is measured."""

    name: str
    state: str | None
    lag_seconds: float | None


class Replicas(PartStatus):
    """The replicas of PostgreSQL that are connected. `visible`: the database shows their state to this program."""

    visible: bool
    replicas: list[Replica]


class System(Out):
    database: Database
    redis: PartStatus
    worker: Program
    beat: Program
    outbox: Outbox
    disk: Disk
    names: Names
    backup: Backup
    mail_certificate: Annotated[MailCertificate | None, Field(description="Null where mail is sent without TLS")]
    replicas: Annotated[Replicas | None, Field(description="Null on SQLite, and where there is no replica")]
    encryption: Encryption
    version: str


class SystemEnvelope(Out):
    system: System


@bp.get("/healthz")
@bp.output(Alive)
def healthz() -> Response:
    """This process answers."""
    return answer({"status": "ok"})


@bp.get("/readyz")
@bp.output(Ready)
def readyz() -> dict[str, Any]:
    """Requests can be served: the database answers and has this program's schema.

    503 says what is missing, also while the server stops. A full disk is only a warning, because reading works; so is
    a database that a newer version has upgraded since this process was ready.
    """
    if shutdown.is_stopping():
        raise Unavailable("Not ready: the server is stopping.", code="not_ready", retry_after=2)
    now = health.readiness()
    if missing := now.problems:
        raise Unavailable(f"Not ready: {missing[0]}.", code="not_ready", errors={"database": missing}, retry_after=2)
    return {"status": "ok", "warnings": now.warnings}


@bp.get("/api/public/site")
@limiter.limit(PUBLIC)
@bp.output(SiteEnvelope)
@bp.doc(tags=["Site"])
def site() -> dict[str, Any]:
    """Name, currency and rules of the operator, without signing in."""
    current = settings.current()
    return {
        "site": {
            "site_name": current.site_name,
            "currency": current.currency,
            "timezone": current.timezone,
            "locales": ["en", "de"],
            "password_min_length": current.password_min_length,
            "mail_configured": bool(current.smtp_host),
            "public_lots": current.public_lots,
            "email_proof": current.email_proof,
            "guests_per_user": current.guests_per_user,
            "server_time": clock.now(),
            "operator_name": current.operator_name,
            "operator_contact": current.operator_contact,
            "operator_contact_url": current.operator_contact_url,
            "imprint_url": current.imprint_url,
            "privacy_url": current.privacy_url,
        }
    }


@bp.get("/api/admin/system")
@requires("admin")
@bp.output(SystemEnvelope)
def system_status() -> dict[str, Any]:
    """Status of each part, from database to replicas, and what to do about a problem."""
    return {"system": health.statuses(current_app.version)}  # type: ignore[attr-defined]  # APIFlask has a version
