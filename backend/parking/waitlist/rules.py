"""The rules of the waitlist. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, get_args

Status = Literal["Waiting", "Offered", "Claimed", "Lapsed", "Declined", "Left", "Expired"]
STATUSES: tuple[Status, ...] = get_args(Status)
LIVE: tuple[Status, ...] = ("Waiting", "Offered")
ENDED = tuple(status for status in STATUSES if status not in LIVE)

StoredReason = Literal["lot_closed", "spot_closed", "series_ended", "account_deleted"]
STORED_REASONS: tuple[StoredReason, ...] = get_args(StoredReason)
Reason = Literal[
    "lot_closed", "spot_closed", "series_ended", "account_deleted", "time_over", "not_claimed", "declined", "left"
]

SHORTEST_HOLD = timedelta(minutes=5)
"""With less time before the start, a free spot is told of and not held: hardly anybody could read a mail, claim the
spot and be there in time; whoever stands before the gate can book it."""
MOST_ENTRIES = 5
"""Entries that one person may have waiting or offered. A week of working days fits; whoever waits for everything would
push those back who need one spot."""
MOST_LOTS = 10
"""Lots that one entry may name."""


def claim_by(now: datetime, minutes: int, start: datetime | None, instant_hold_s: int) -> datetime:
    """Returns until when an offer made now may be claimed: so many minutes from now, not past the start of the window;
    a spot for a car that comes now, no longer than such a car has it."""
    last = start if start is not None else now + timedelta(seconds=instant_hold_s)
    return min(now + timedelta(minutes=minutes), last)


def status_at(status: Status, waits_until: datetime, claim_by: datetime | None, now: datetime) -> Status:
    """Returns the status at `now`, also where a change that is due is not written yet."""
    if status == "Offered" and claim_by is not None and now >= claim_by:
        return "Lapsed"
    return "Expired" if status == "Waiting" and now >= waits_until else status


_REASONS: dict[Status, Reason] = {
    "Lapsed": "not_claimed",
    "Declined": "declined",
    "Left": "left",
    "Expired": "time_over",
}


def reason_at(status: Status, stored: StoredReason | None) -> Reason | None:
    """Returns why an entry with this status (`status_at`) ended, or, of one that waits, why it lost its last offer or
    one of its lots. None: it waits for its first offer, has one, or was claimed."""
    return None if status in ("Offered", "Claimed") else stored or _REASONS.get(status)
