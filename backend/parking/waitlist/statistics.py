"""Demand that a lot turned away: who joined its waitlist, and what became of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from parking.waitlist.models import WaitlistEntry, WaitlistLot
from parking.waitlist.rules import ENDED

_OF_OFFER = ("Claimed", "Lapsed", "Declined")
"""These count in the lot of the offer; the others in every lot that the entry named."""


def turned_away(
    session: Session, periods: Collection[tuple[Collection[int] | None, datetime, datetime]]
) -> dict[str, int]:
    """Returns `joined` and the number of each way to end, in lower case. `periods`: lots (None: all) with an instant
    from which and one before which. An entry is counted once, however many of the lots it named."""
    counts = dict.fromkeys(["joined", *(status.lower() for status in ENDED)], 0)
    if not periods:
        return counts
    entry = WaitlistEntry
    joined = or_(*(and_(*_in_lots(lots), entry.created_at >= a, entry.created_at < b) for lots, a, b in periods))
    counts["joined"] = session.scalar(select(func.count()).select_from(entry).where(joined)) or 0
    ended = or_(*(and_(*_ended_in(lots), entry.ended_at >= a, entry.ended_at < b) for lots, a, b in periods))
    rows = session.execute(select(entry.status, func.count()).where(ended).group_by(entry.status))
    for status, number in rows:
        counts[status.lower()] = number
    return counts


def _in_lots(lots: Collection[int] | None) -> list[Any]:
    if lots is None:
        return []
    return [WaitlistEntry.id.in_(select(WaitlistLot.entry_id).where(WaitlistLot.lot_id.in_(sorted(lots))))]


def _ended_in(lots: Collection[int] | None) -> list[Any]:
    """Conditions for entries that ended in these lots: where the offer was, or else wherever they waited."""
    if lots is None:
        return []
    of_offer = WaitlistEntry.status.in_(_OF_OFFER)
    return [or_(and_(of_offer, WaitlistEntry.offer_lot_id.in_(sorted(lots))), and_(~of_offer, *_in_lots(lots)))]
