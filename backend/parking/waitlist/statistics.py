"""Demand that a lot turned away: who joined its waitlist, and what became of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from parking.waitlist import queries
from parking.waitlist.models import WaitlistEntry, WaitlistLot
from parking.waitlist.rules import ENDED

_OF_OFFER = ("Claimed", "Lapsed", "Declined")
"""These count in the lot of the offer; the others in every lot that the entry named."""


def turned_away(
    session: Session, periods: Collection[tuple[Collection[int] | None, datetime, datetime]], now: datetime
) -> dict[str, int]:
    """Returns `joined` and the number of each way to end by `now`, in lower case. `periods`: lots (None: all) with an
    instant from which and one before which. An entry is counted once, however many of the lots it named."""
    counts = dict.fromkeys(["joined", *(status.lower() for status in ENDED)], 0)
    if not periods:
        return counts
    entry = WaitlistEntry
    joined = or_(*(and_(*_in_lots(lots), entry.created_at >= a, entry.created_at < b) for lots, a, b in periods))
    counts["joined"] = session.scalar(select(func.count()).select_from(entry).where(joined)) or 0
    ended = or_(*(and_(*_ended_in(lots, now), queries.has_ended(a, b, now)) for lots, a, b in periods))
    statuses = select(queries.status_at(now).label("status")).where(ended).subquery()
    for status, number in session.execute(select(statuses.c.status, func.count()).group_by(statuses.c.status)):
        counts[status.lower()] = number
    return counts


def _in_lots(lots: Collection[int] | None) -> list[Any]:
    if lots is None:
        return []
    return [WaitlistEntry.id.in_(select(WaitlistLot.entry_id).where(WaitlistLot.lot_id.in_(sorted(lots))))]


def _ended_in(lots: Collection[int] | None, now: datetime) -> list[Any]:
    """Conditions for entries that ended in these lots: where the offer was, or else wherever they waited."""
    if lots is None:
        return []
    of_offer = queries.status_at(now).in_(_OF_OFFER)
    return [or_(and_(of_offer, WaitlistEntry.offer_lot_id.in_(sorted(lots))), and_(~of_offer, *_in_lots(lots)))]
