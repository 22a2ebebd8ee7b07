"""A booking before it has its spot."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from parking.spot_features import Needs

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True, slots=True)
class NewBooking:
    """A booking to be inserted, without its spot."""

    lot_id: int
    user_id: int
    tariff_id: int | None
    booking_type: str
    status: str
    start_time: datetime
    held_until: datetime
    reserved_start: datetime | None = None
    reserved_end: datetime | None = None
    checked_in_at: datetime | None = None
    checkin_grace_s: int | None = None
    vehicle_plate: str | None = None
    needs: Needs = ()
    series_id: int | None = None
    reference: str = ""
    visitor_name: str | None = None
    visitor_email: str | None = None
    visitor_locale: str | None = None
    reason: str | None = None
    sequence: int = 0
    created_at: datetime | None = None
    claim_by: datetime | None = None
    """Only of a hold."""

    @property
    def kind(self) -> str:
        """`instant` or `reserved`; a hold is of the kind of the booking that it may become."""
        return "instant" if self.reserved_start is None else "reserved"


def new_reference() -> str:
    """Returns a random booking reference: eight characters that are not mistaken for one another."""
    characters = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    return f"{characters[:4]}-{characters[4:]}"
