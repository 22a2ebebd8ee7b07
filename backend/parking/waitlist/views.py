"""Entries of the waitlist as JSON."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from parking import pricing
from parking.accounts import User
from parking.bookings import Booking
from parking.lots import Lot, Spot
from parking.money import to_number
from parking.pricing import Tariff, terms_of
from parking.timestamps import to_rfc3339
from parking.waitlist import queries
from parking.waitlist.models import WaitlistEntry, WaitlistLot
from parking.waitlist.rules import reason_at, status_at


def entry_views(session: Session, entries: Sequence[WaitlistEntry], now: datetime) -> list[dict[str, Any]]:
    """Returns the entries as they are at `now`."""
    ids = [entry.id for entry in entries]
    lots, offers = _lots(session, ids), _offers(session, [entry.booking_id for entry in entries])
    places = queries.positions(session, ids, now)
    return [_view(entry, lots.get(entry.id, []), offers.get(entry.booking_id or 0), places, now) for entry in entries]


def staff_views(
    session: Session, entries: Sequence[WaitlistEntry], now: datetime, lots: Collection[int] | None
) -> list[dict[str, Any]]:
    """Returns the entries with their people, and nothing of any lot but these (None: of all)."""
    people = _people(session, entries)
    views = entry_views(session, entries, now)
    return [
        (view if lots is None else _within(view, entry, lots)) | _person(people.get(entry.user_id or 0))
        for view, entry in zip(views, entries, strict=True)
    ]


def _within(view: dict[str, Any], entry: WaitlistEntry, lots: Collection[int]) -> dict[str, Any]:
    own = [lot for lot in view["lots"] if lot["id"] in lots]
    view = {**view, "lots": own, "position": _first_position(own)}
    return view if entry.offer_lot_id in lots else {**view, "offer": None, "booking_id": None}


def entry_view(session: Session, entry: WaitlistEntry, now: datetime) -> dict[str, Any]:
    """Returns one entry."""
    session.flush()
    [view] = entry_views(session, [entry], now)
    return view


def _view(
    entry: WaitlistEntry, lots: list[Any], offer: Any | None, places: dict[tuple[int, int], int], now: datetime
) -> dict[str, Any]:
    status = status_at(entry.status, entry.waits_until, offer and offer.Booking.claim_by, now)  # type: ignore[arg-type]  # a CHECK
    waits = status == "Waiting"
    in_lots = [
        {
            "id": lot.id,
            "name": lot.name,
            "timezone": lot.timezone,
            "position": places.get((entry.id, lot.id)) if waits else None,
        }
        for lot in lots
    ]
    return {
        "id": entry.id,
        "status": status,
        "booking_type": entry.booking_type,
        "lots": in_lots,
        "position": _first_position(in_lots),
        "reserved_start": to_rfc3339(entry.reserved_start),
        "reserved_end": to_rfc3339(entry.reserved_end),
        "waits_until": to_rfc3339(entry.waits_until),
        "needs": list(entry.needs),
        "vehicle_plate": entry.vehicle_plate,
        "created_at": to_rfc3339(entry.created_at),
        "ended_at": to_rfc3339(_ended_at(entry, status, offer)),
        "told_at": to_rfc3339(entry.told_at),
        "reason": reason_at(status, entry.reason if status == entry.status else None),  # type: ignore[arg-type]  # a CHECK
        "series_id": entry.series_id,
        "booking_id": entry.booking_id if status == "Claimed" else None,
        "offer": None if offer is None or status not in _WITH_OFFER else _offer_view(entry, offer),
    }


def _first_position(lots: Sequence[dict[str, Any]]) -> int | None:
    return min((lot["position"] for lot in lots if lot["position"]), default=None)


_WITH_OFFER = ("Offered", "Lapsed", "Declined")


def _ended_at(entry: WaitlistEntry, status: str, offer: Any | None) -> datetime | None:
    if entry.ended_at is not None or status in ("Waiting", "Offered"):
        return entry.ended_at
    return offer.Booking.claim_by if status == "Lapsed" and offer else entry.waits_until


def _offer_view(entry: WaitlistEntry, row: Any) -> dict[str, Any]:
    hold, lot, tariff = row.Booking, row.Lot, row.Tariff
    return {
        "booking_id": hold.id,
        "lot_id": lot.id,
        "lot_name": lot.name,
        "lot_timezone": lot.timezone,
        "spot_id": hold.spot_id,
        "spot_number": row.spot_number,
        "offered_at": to_rfc3339(hold.created_at),
        "claim_by": to_rfc3339(hold.claim_by),
        "booking_type": entry.booking_type,
        "reserved_start": to_rfc3339(hold.reserved_start),
        "reserved_end": to_rfc3339(hold.reserved_end),
        "price_per_hour": to_number(tariff.hourly_minor),
        "currency": tariff.currency,
        "total_cost": None if entry.reserved_start is None else to_number(price_of(entry, tariff)),
    }


def price_of(entry: WaitlistEntry, tariff: Tariff) -> int:
    """Returns what the window of the entry costs, in minor units."""
    assert entry.reserved_start is not None
    assert entry.reserved_end is not None
    return pricing.cost_minor(terms_of(tariff), entry.reserved_start, entry.reserved_end)


def _lots(session: Session, entry_ids: list[int]) -> dict[int, list[Any]]:
    columns = (WaitlistLot.entry_id, Lot.id, Lot.name, Lot.timezone)
    rows = select(*columns).join_from(WaitlistLot, Lot, Lot.id == WaitlistLot.lot_id)
    by_entry: dict[int, list[Any]] = {}
    for row in session.execute(rows.where(WaitlistLot.entry_id.in_(entry_ids)).order_by(Lot.sort_key, Lot.id)):
        by_entry.setdefault(row.entry_id, []).append(row)
    return by_entry


def _offers(session: Session, booking_ids: list[int | None]) -> dict[int, Any]:
    """Booking -> itself with its lot, spot number and tariff."""
    rows = (
        select(Booking, Lot, Tariff, Spot.spot_number)
        .join(Lot, Lot.id == Booking.lot_id)
        .join(Spot, and_(Spot.lot_id == Booking.lot_id, Spot.id == Booking.spot_id))
        .join(Tariff, and_(Tariff.lot_id == Booking.lot_id, Tariff.id == Booking.tariff_id))
        .where(Booking.id.in_([one for one in booking_ids if one]))
        .execution_options(populate_existing=True)  # the transitions write without the session's knowledge
    )
    return {row.Booking.id: row for row in session.execute(rows)}


def _people(session: Session, entries: Sequence[WaitlistEntry]) -> dict[int, Any]:
    ids = {entry.user_id for entry in entries if entry.user_id}
    rows = session.execute(select(User.id, User.email, User.username).where(User.id.in_(ids)))
    return {row.id: row for row in rows}


def _person(row: Any | None) -> dict[str, Any]:
    """The person of an entry; null where they were taken off it."""
    return {"user_id": row and row.id, "user_email": row and row.email, "username": row and row.username}
