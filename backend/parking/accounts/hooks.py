"""Functions of the domains above accounts, which accounts must not import. They register here at start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class BookingSummary:
    """Totals of a user's bookings; money in minor units."""

    active_bookings: int = 0
    total_bookings: int = 0
    total_spent_minor: int = 0
    last_booking_at: datetime | None = None


class LotRoleRow(Protocol):
    """One lot in which a user works, and their role there."""

    @property
    def lot_id(self) -> int: ...
    @property
    def lot_name(self) -> str: ...
    @property
    def role(self) -> str: ...


SummariesOf = Callable[[Session, list[int]], dict[int, BookingSummary]]
Enabled = Callable[[Session, int], None]
Blocker = Callable[[Session, int], str | None]
Eraser = Callable[[Session, int], None]
LotOfBooking = Callable[[int], int | None]
KnownLots = Callable[[Session, list[int]], set[int]]
LotRolesOf = Callable[[Session | None, int], Sequence[LotRoleRow]]

_summaries: list[SummariesOf] = []
_blockers: list[Blocker] = []
_erasers: list[Eraser] = []
_enabled: list[Enabled] = []
_lots_of_bookings: list[LotOfBooking] = []
_known_lots: list[KnownLots] = []
_lot_roles: list[LotRolesOf] = []


def register_booking_summaries(source: SummariesOf) -> None:
    """`source(session, user_ids)` returns the summaries of a page of users in one query; no entry without bookings."""
    _summaries[:] = [source]


def register_blocker(blocker: Blocker) -> None:
    """`blocker(session, user_id)` returns a sentence why this account cannot be deleted now, or None."""
    if blocker not in _blockers:
        _blockers.append(blocker)


def register_eraser(eraser: Eraser) -> None:
    """`eraser(session, user_id)` deletes a domain's personal data of a user whose account is being deleted."""
    if eraser not in _erasers:
        _erasers.append(eraser)


def register_enabled(act: Enabled) -> None:
    """`act(session, user_id)` does what a domain owes a user whose account is enabled again."""
    if act not in _enabled:
        _enabled.append(act)


def register_lots(lot_of_booking: LotOfBooking, known_lots: KnownLots) -> None:
    """`lot_of_booking(booking_id)` returns the lot of a booking, None where there is no such booking;
    `known_lots(session, ids)` returns those ids that are open lots."""
    _lots_of_bookings[:], _known_lots[:] = [lot_of_booking], [known_lots]


def register_lot_roles(lot_roles: LotRolesOf) -> None:
    """`lot_roles(session, user_id)` returns the lots in which a user works, by name, with their role in each; without a
    session it reads outside of a transaction."""
    _lot_roles[:] = [lot_roles]


def booking_summaries(session: Session, user_ids: list[int]) -> dict[int, BookingSummary]:
    """The summaries of these users, each with an entry."""
    summaries = _summaries[0](session, user_ids) if _summaries and user_ids else {}
    return {user_id: summaries.get(user_id, BookingSummary()) for user_id in user_ids}


def deletion_blocker(session: Session, user_id: int) -> str | None:
    """The first reason why the account cannot be deleted, or None."""
    return next((reason for blocker in _blockers if (reason := blocker(session, user_id))), None)


def erase(session: Session, user_id: int) -> None:
    """Deletes the personal data of the user in every domain."""
    for eraser in _erasers:
        eraser(session, user_id)


def enabled(session: Session, user_id: int) -> None:
    """Tells every domain that the user's account is enabled again."""
    for act in _enabled:
        act(session, user_id)


def lot_of_booking(booking_id: int) -> int | None:
    """The lot of a booking; None where there is no such booking."""
    return _lots_of_bookings[0](booking_id) if _lots_of_bookings else None


def known_lots(session: Session, ids: list[int]) -> set[int]:
    """Those of these ids that are open lots."""
    return _known_lots[0](session, ids) if _known_lots else set()


def lot_roles(session: Session | None, user_id: int) -> list[LotRoleRow]:
    """The lots in which a user works, by name."""
    return list(_lot_roles[0](session, user_id)) if _lot_roles else []
