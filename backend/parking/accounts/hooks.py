"""What accounts must know of the domains above it, which it may not import: they register here at start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session


@dataclass(frozen=True)
class Figures:
    """What a driver's bookings come to; money in minor units."""

    active_bookings: int = 0
    total_bookings: int = 0
    total_spent_minor: int = 0
    last_booking_at: datetime | None = None


FiguresOf = Callable[[Session, list[int]], dict[int, Figures]]
Blocker = Callable[[Session, int], str | None]
Eraser = Callable[[Session, int], None]

_figures: list[FiguresOf] = []
_blockers: list[Blocker] = []
_erasers: list[Eraser] = []


def register_figures(source: FiguresOf) -> None:
    """`source(session, user_ids)` gives the figures of a page of people in one query; without bookings, no entry."""
    _figures[:] = [source]


def register_blocker(blocker: Blocker) -> None:
    """`blocker(session, user_id)` says in a sentence why this account cannot be deleted now, or None."""
    if blocker not in _blockers:
        _blockers.append(blocker)


def register_eraser(eraser: Eraser) -> None:
    """`eraser(session, user_id)` removes what a domain knows of a person whose account is being deleted."""
    if eraser not in _erasers:
        _erasers.append(eraser)


def figures(session: Session, user_ids: list[int]) -> dict[int, Figures]:
    """Figures of these people, each with an entry."""
    known = _figures[0](session, user_ids) if _figures and user_ids else {}
    return {user_id: known.get(user_id, Figures()) for user_id in user_ids}


def reason_to_stay(session: Session, user_id: int) -> str | None:
    """The first reason why the account cannot be deleted, or None."""
    return next((reason for blocker in _blockers if (reason := blocker(session, user_id))), None)


def erase(session: Session, user_id: int) -> None:
    """Lets every domain forget the person."""
    for eraser in _erasers:
        eraser(session, user_id)
