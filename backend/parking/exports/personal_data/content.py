"""All data stored about one user, as one streamed JSON file for that user alone (GDPR art. 15 and 20).

Every column is named, so that a secret (password, token hashes, the id in tokens) can only be exported by being
written here. Actions of others are listed without their names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, case, or_, select, true, union_all
from sqlalchemy.orm import Session

from parking import clock, notices, settings, waitlist
from parking.accounts import ApiToken, LoginSession, SingleUse, User, profile_view
from parking.audit import AuditEntry
from parking.bookings import Booking, Filters, Series, select_of_user
from parking.database import db
from parking.exports import columns, queries, stream
from parking.exports.models import ExportJob
from parking.exports.rows import BookingRow
from parking.lot_calendar import zone_of_stay
from parking.lots import Lot
from parking.mail import Formatter, OutboxMail
from parking.money import to_number
from parking.spot_features import FEATURES
from parking.staff import LotStaff
from parking.timestamps import to_rfc3339
from parking.waitlist import WaitlistEntry, WaitlistLot
from parking.web import Identity

Item = Callable[[Sequence[Any]], dict[str, Any]]
Source = tuple[str, Iterable[Sequence[Sequence[Any]]], Item]


def document(who: Identity) -> Iterator[bytes]:
    """The file in pieces. The database is read as they are taken, also after the request context has ended."""
    now = clock.now()
    head = {
        "made_at": to_rfc3339(now),
        "site": settings.current().site_name,
        "account": _account(db.session(), who.id),
    }
    sources = [(name, stream.read_parts(query), item) for name, query, item in _lists(who, now)]
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
    account = profile_view(session, user)
    return {**account, "created_at": to_rfc3339(user.created_at), "email_confirmed_at": to_rfc3339(user.confirmed_at)}


def _lists(who: Identity, now: datetime) -> list[tuple[str, queries.Rows, Item]]:
    user_id, reader = who.id, notices.reader(who.email, who.username, who.locale, who.timezone)
    return [
        (
            "bookings",
            queries.booking_rows(Filters(user_id=user_id), now, with_user=True),
            _booking(queries.live_values_at(now)),
        ),
        ("waitlist", _waitlist(user_id, now), _waitlist_entry),
        ("series", select_of_user(user_id), _series),
        ("mails", _mails(user_id), _named("id kind subject recipient state created_at sent_at booking_id")),
        ("notices", _notices(user_id), _notice(reader)),
        ("sign_ins", _sign_ins(user_id), _named(_SIGN_IN_NAMES)),
        ("links", _links(user_id), _named("purpose created_at expires_at used_at")),
        ("api_tokens", _api_tokens(user_id), _api_token),
        ("lot_roles", _lot_roles(user_id), _named("lot_id lot_name role since")),
        ("exports", _exports(user_id), _named("id kind filters state rows size_bytes created_at finished_at")),
        ("log_by_you", _by_user(user_id), _own_entry),
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
    """Items of the rows of queries.bookings(with_user=True), with the tariff and the cost."""

    def item(values: Sequence[Any]) -> dict[str, Any]:
        row = BookingRow(*values)
        zone = zone_of_stay(row.calendar, row.end)
        status, end, cost, duration = columns.finished_values(row) if row.end is not None else live(row)
        return {
            "id": row.id,
            "reference": row.reference,
            "lot_id": row.lot_id,
            "lot_name": row.lot_name,
            "lot_timezone": zone,
            "spot_id": row.spot_id,
            "spot_number": row.spot_number,
            "booking_type": row.booking_type,
            "status": status,
            "start_time": _time(row.start),
            "end_time": _time(end),
            "reserved_start": _time(row.reserved_start),
            "reserved_end": _time(row.reserved_end),
            "checked_in_at": _time(row.checked_in),
            "checkin_grace_seconds": row.checkin_grace_s,
            "duration_hours": duration,
            "vehicle_plate": row.plate,
            "needs": list(row.needs),
            "series_id": row.series_id,
            "visitor_name": row.visitor_name,
            "visitor_email": row.visitor_email,
            "ended_by": row.ended_by,
            "reason": row.reason,
            "created_at": _time(row.created),
            "tariff": {
                "price_per_hour": to_number(row.hourly_minor),
                "currency": row.currency,
                "billing_step_seconds": row.step_s,
                "free_minutes": row.free_s // 60,
                "daily_cap": None if row.day_cap_minor is None else to_number(row.day_cap_minor),
                "cap_day": row.cap_day,
                "timezone": row.tariff_zone,
            },
            "total_cost": to_number(cost),
            "receipt_number": f"{row.reference}-{row.id}" if status == "Completed" else None,
        }

    return item


def _time(second: int | None) -> str | None:
    return None if second is None else to_rfc3339(datetime.fromtimestamp(second, UTC))


def _waitlist(user_id: int, now: datetime) -> queries.Rows:
    """What the user waited for, a row for each lot of an entry, as it is at `now`."""
    entry, status = WaitlistEntry, waitlist.status_at(now)
    columns = (entry.id, status, entry.booking_type, WaitlistLot.lot_id, Lot.name, entry.reserved_start)
    more = (entry.reserved_end, entry.waits_until, entry.vehicle_plate, entry.booking_id, entry.offered_at)
    rows = select(
        *(*columns, *more, entry.told_at, entry.created_at, waitlist.ended_at(now), entry.series_id),
        *(case((status == entry.status, entry.reason)), *(getattr(entry, f) for f in FEATURES)),
    )
    rows = rows.join(WaitlistLot, WaitlistLot.entry_id == entry.id).join(Lot, Lot.id == WaitlistLot.lot_id)
    return rows.where(entry.user_id == user_id).order_by(entry.id, WaitlistLot.lot_id)


def _waitlist_entry(row: Sequence[Any]) -> dict[str, Any]:
    *values, reason, accessible, ev, covered = row
    names = "id status booking_type lot_id lot_name reserved_start reserved_end waits_until vehicle_plate booking_id"
    has = dict(zip(FEATURES, (accessible, ev, covered), strict=True))
    return {
        **_named(f"{names} offered_at told_at created_at ended_at series_id")(values),
        "reason": waitlist.reason_at(row[1], reason),
        "needs": [name for name in FEATURES if has[name]],
    }


_SERIES_NAMES = (
    "id lot_id start_time end_time every_weeks from until next_date lot_name vehicle_plate wait_if_full created_at"
    " ended_at"
)


def _series(row: Sequence[Any]) -> dict[str, Any]:
    *values, days, needs, omitted = row
    one = _named(_SERIES_NAMES)(values)
    dates = {name: one[name].isoformat() if one[name] else None for name in ("from", "until", "next_date")}
    return {**one, **dates, "days": list(days), "needs": list(needs), "omitted_dates": list(omitted)}


def _mails(user_id: int) -> queries.Rows:
    """The mails to the user, without their texts, which repeat other parts of this file."""
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


def _notices(user_id: int) -> queries.Rows:
    rows = notices.Notice
    columns = (rows.id, rows.kind, rows.booking_id, rows.created_at, rows.dismissed_at, rows.context)
    return select(*columns).where(rows.user_id == user_id).order_by(rows.id)


def _notice(reader: Formatter) -> Item:
    """Items of the notices, in the words that the page shows."""
    named = _named("id kind booking_id created_at dismissed_at")

    def item(row: Sequence[Any]) -> dict[str, Any]:
        *values, context = row
        words = notices.words(row[1], context, reader)
        details = [f"{detail.label}: {detail.value}" for detail in words.details]
        return {**named(values), "text": [words.title, words.place, *words.paragraphs, *details]}

    return item


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
    """Mailed links (for a new password or address), without their tokens."""
    return (
        select(SingleUse.purpose, SingleUse.created_at, SingleUse.expires_at, SingleUse.used_at)
        .where(SingleUse.user_id == user_id)
        .order_by(SingleUse.id)
    )


def _api_tokens(user_id: int) -> queries.Rows:
    """The API tokens, without the hashes of their secrets."""
    token = ApiToken
    columns = (token.id, token.name, token.lot_ids, token.created_at, token.expires_at, token.last_used_at)
    return select(*columns, token.scopes).where(token.user_id == user_id).order_by(token.id)


def _api_token(row: Sequence[Any]) -> dict[str, Any]:
    *values, scopes = row
    return {**_named("id name lot_ids created_at expires_at last_used_at")(values), "scopes": list(scopes)}


def _lot_roles(user_id: int) -> queries.Rows:
    """The lots to whose staff the user belongs, deleted ones too."""
    columns = (LotStaff.lot_id, Lot.name, LotStaff.role, LotStaff.created_at)
    rows = select(*columns).join(Lot, Lot.id == LotStaff.lot_id)
    return rows.where(LotStaff.user_id == user_id).order_by(LotStaff.lot_id)


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


def _by_user(user_id: int) -> queries.Rows:
    """The audit log entries by the user. The last column says whether the changed row is the user's own.

    Of other users' bookings only those that an administrator ended are included. Older versions recorded changes made
    by the clock as actions of the user who sent the request; the log is immutable, so those are left out here."""
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
    """The entries by others, or by the system, about the account, its bookings, its series and what it waits for,
    without IP addresses."""
    others = AuditEntry.actor_id.is_distinct_from(user_id)
    account = select(*_ENTRY).where(AuditEntry.entity == "user", AuditEntry.entity_id == user_id, others)
    mine = and_(AuditEntry.entity == "booking", AuditEntry.entity_id == Booking.id, Booking.user_id == user_id)
    bookings = select(*_ENTRY).select_from(Booking).join(AuditEntry, mine).where(others)
    of_series = and_(AuditEntry.entity == "series", AuditEntry.entity_id == Series.id, Series.user_id == user_id)
    series = select(*_ENTRY).select_from(Series).join(AuditEntry, of_series).where(others)
    entry = AuditEntry.entity_id == WaitlistEntry.id, WaitlistEntry.user_id == user_id
    of_entry = and_(AuditEntry.entity == "waitlist_entry", *entry)
    waits = select(*_ENTRY).select_from(WaitlistEntry).join(AuditEntry, of_entry).where(others)
    every = union_all(account, bookings, series, waits).subquery()
    return select(every).order_by(every.c.id)


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
    """An entry by the user; the values of other users' rows are left out."""
    entry = _named(f"{_ENTRY_NAMES} network_address")(row[:-1])
    return entry if row[-1] else {**entry, "before": None, "after": None}
