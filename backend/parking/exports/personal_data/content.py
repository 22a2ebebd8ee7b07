"""Everything kept about one person, as one JSON file (GDPR art. 15 and 20): for its owner alone, a piece at a time.

Columns are named one by one: a secret (password, token hashes, the mark in tokens) can only get in by being written
here. What others did is told without who they were.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, case, or_, select, true, union_all
from sqlalchemy.orm import Session

from parking import clock, settings
from parking.accounts import profile
from parking.accounts.models import LoginSession, SingleUse, User
from parking.audit.models import AuditEntry
from parking.bookings.models import Booking
from parking.bookings.reading.queries import Filters
from parking.database import db
from parking.exports import columns, queries, stream
from parking.exports.models import ExportJob
from parking.lot_calendar import zone_of_stay
from parking.mail.models import OutboxMail
from parking.money import to_number
from parking.timestamps import to_rfc3339
from parking.web import Identity

Item = Callable[[Sequence[Any]], dict[str, Any]]
Source = tuple[str, Iterable[Sequence[Sequence[Any]]], Item]


def document(who: Identity) -> Iterator[bytes]:
    """The file, piece by piece. The database is asked as it is read, also after the request's context has ended."""
    now = clock.now()
    head = {
        "made_at": to_rfc3339(now),
        "site": settings.current().site_name,
        "account": _account(db.session(), who.id),
    }
    sources = [(name, stream.parts(query), item) for name, query, item in _lists(who.id, now)]
    return _pieces(head, sources)


def _pieces(head: dict[str, Any], sources: Sequence[Source]) -> Iterator[bytes]:
    """One object: the members of `head`, then each list with an item a line."""
    yield _text(head)[:-1].encode()
    for name, parts, item in sources:
        yield f",\n{_text(name)}: [".encode()
        between = "\n"
        for part in parts:
            yield (between + ",\n".join(_text(item(row)) for row in part)).encode()
            between = ",\n"
        yield b"\n]"
    yield b"}\n"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _account(session: Session, user_id: int) -> dict[str, Any]:
    user = session.get_one(User, user_id)
    shown = profile.shown(session, user)
    return {**shown, "created_at": to_rfc3339(user.created_at), "email_confirmed_at": to_rfc3339(user.confirmed_at)}


# the lists --------------------------------------------------------------------------------


def _lists(user_id: int, now: datetime) -> list[tuple[str, queries.Rows, Item]]:
    return [
        ("bookings", queries.bookings(Filters(user_id=user_id), now, with_user=True), _booking(queries.as_of(now))),
        ("mails", _mails(user_id), _named("id kind subject recipient state created_at sent_at booking_id")),
        ("sign_ins", _sign_ins(user_id), _named(_SIGN_IN_NAMES)),
        ("links", _links(user_id), _named("purpose created_at expires_at used_at")),
        ("exports", _exports(user_id), _named("id kind filters state rows size_bytes created_at finished_at")),
        ("log_by_you", _by_person(user_id), _own_entry),
        ("log_about_you", _by_others(user_id), _named(_ENTRY_NAMES)),
    ]


def _named(names: str) -> Item:
    """Items whose members have these names, in the order of the columns."""
    keys = names.split()

    def item(row: Sequence[Any]) -> dict[str, Any]:
        return {
            key: to_rfc3339(value) if isinstance(value, datetime) else value
            for key, value in zip(keys, row, strict=True)
        }

    return item


def _booking(live: columns.Live) -> Item:
    """A row of queries.bookings(with_user=True), with its tariff and, once it is over, what was charged."""

    def item(row: Sequence[Any]) -> dict[str, Any]:
        (ident, reference, lot, calendar, spot, kind, status, start, end, reserved_start, reserved_end, checked_in,
         price, cost, currency, plate, created, grace, step, free, cap, cap_day, tariff_zone,
         lot_id, spot_id, _user_id, _email, _username, ended_by, reason) = row  # fmt: skip
        zone = zone_of_stay(calendar, end)
        if end is None:
            status, end, cost, duration = live(row)
        else:
            duration = columns.hours(status, start, end, reserved_start, reserved_end)
        return {
            "id": ident,
            "reference": reference,
            "lot_id": lot_id,
            "lot_name": lot,
            "lot_timezone": zone,
            "spot_id": spot_id,
            "spot_number": spot,
            "booking_type": kind,
            "status": status,
            "start_time": _time(start),
            "end_time": _time(end),
            "reserved_start": _time(reserved_start),
            "reserved_end": _time(reserved_end),
            "checked_in_at": _time(checked_in),
            "checkin_grace_seconds": grace,
            "duration_hours": duration,
            "vehicle_plate": plate,
            "ended_by": ended_by,
            "reason": reason,
            "created_at": _time(created),
            "tariff": {
                "price_per_hour": to_number(price),
                "currency": currency,
                "billing_step_seconds": step,
                "free_minutes": free // 60,
                "daily_cap": None if cap is None else to_number(cap),
                "cap_day": cap_day,
                "timezone": tariff_zone,
            },
            "total_cost": to_number(cost or 0),
            "receipt_number": f"{reference}-{ident}" if status == "Completed" else None,
        }

    return item


def _time(second: int | None) -> str | None:
    return None if second is None else to_rfc3339(datetime.fromtimestamp(second, UTC))


def _mails(user_id: int) -> queries.Rows:
    """What was written to the person; the letters' own words repeat what stands elsewhere in this file."""
    return (
        select(
            OutboxMail.id,
            OutboxMail.kind,
            OutboxMail.subject,
            OutboxMail.email,
            OutboxMail.state,
            OutboxMail.created_at,
            OutboxMail.sent_at,
            OutboxMail.booking_id,
        )
        .where(OutboxMail.user_id == user_id)
        .order_by(OutboxMail.id)
    )


_SIGN_IN_NAMES = "id created_at last_used_at expires_at ended_at user_agent network_address"


def _sign_ins(user_id: int) -> queries.Rows:
    return (
        select(
            LoginSession.id,
            LoginSession.created_at,
            LoginSession.last_used_at,
            LoginSession.expires_at,
            LoginSession.ended_at,
            LoginSession.user_agent,
            LoginSession.ip,
        )
        .where(LoginSession.user_id == user_id)
        .order_by(LoginSession.id)
    )


def _links(user_id: int) -> queries.Rows:
    """Links that were mailed (a new password, a new address), without what opens them."""
    return (
        select(SingleUse.purpose, SingleUse.created_at, SingleUse.expires_at, SingleUse.used_at)
        .where(SingleUse.user_id == user_id)
        .order_by(SingleUse.id)
    )


def _exports(user_id: int) -> queries.Rows:
    return (
        select(
            ExportJob.id,
            ExportJob.kind,
            ExportJob.filters,
            ExportJob.state,
            ExportJob.rows_done,
            ExportJob.size_bytes,
            ExportJob.created_at,
            ExportJob.finished_at,
        )
        .where(ExportJob.user_id == user_id)
        .order_by(ExportJob.id)
    )


def _by_person(user_id: int) -> queries.Rows:
    """Entries of the audit log by the person. The last column: whether what was changed is the person's own.

    Of other people's bookings only what an administrator ended is in it. Older versions wrote what the clock had done
    to a booking down as the deed of whoever asked at that moment; the log never changes, so it is left out here."""
    of_entry = Booking.id == AuditEntry.entity_id
    own_booking = select(Booking.id).where(of_entry, Booking.user_id == user_id).exists()
    by_hand = AuditEntry.action.in_(("booking.force_released", "booking.cancelled"))
    ended_by_hand = and_(by_hand, select(Booking.id).where(of_entry, Booking.ended_by == "admin").exists())
    theirs = or_(AuditEntry.entity != "booking", own_booking, ended_by_hand)
    own = case(
        (AuditEntry.entity == "user", AuditEntry.entity_id == user_id),
        (AuditEntry.entity == "booking", own_booking),
        else_=true(),
    )
    return select(*_ENTRY, AuditEntry.ip, own).where(AuditEntry.actor_id == user_id, theirs).order_by(AuditEntry.id)


def _by_others(user_id: int) -> queries.Rows:
    """Entries by others, or by the system, about the account and its bookings; from where is theirs and stays away."""
    others = AuditEntry.actor_id.is_distinct_from(user_id)
    account = select(*_ENTRY).where(AuditEntry.entity == "user", AuditEntry.entity_id == user_id, others)
    mine = and_(AuditEntry.entity == "booking", AuditEntry.entity_id == Booking.id, Booking.user_id == user_id)
    bookings = select(*_ENTRY).select_from(Booking).join(AuditEntry, mine).where(others)
    both = union_all(account, bookings).subquery()
    return select(both).order_by(both.c.id)


_ENTRY = (
    AuditEntry.id,
    AuditEntry.at,
    AuditEntry.action,
    AuditEntry.entity,
    AuditEntry.entity_id,
    AuditEntry.before,
    AuditEntry.after,
)
_ENTRY_NAMES = "id at action entity entity_id before after"


def _own_entry(row: Sequence[Any]) -> dict[str, Any]:
    """What an administrator changed of other people's is no matter of this file."""
    entry = _named(f"{_ENTRY_NAMES} network_address")(row[:-1])
    return entry if row[-1] else {**entry, "before": None, "after": None}
