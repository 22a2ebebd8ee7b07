"""Changing a lot's capacity: which spots come and go. Values in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SpotState:
    """One spot as the resize sees it. `retired_at` = when it was removed; `free` = no booking, running or to come,
    stands on it."""

    id: int
    number: int
    retired_at: datetime | None
    free: bool


@dataclass(frozen=True, slots=True)
class Resize:
    """What a new capacity means. `short` > 0: so many spots too few can be removed, and nothing may be done."""

    restore: tuple[int, ...] = ()
    create: tuple[int, ...] = ()
    retire: tuple[int, ...] = ()
    blocking: tuple[int, ...] = ()
    short: int = 0


def resize(spots: Sequence[SpotState], capacity: int) -> Resize:
    """How to get from these spots to `capacity` of them.

    Up: what was removed last comes back first (so that the old capacity undoes the last change), the lowest numbers of
    it first; then new numbers follow the highest. Down: the highest-numbered free spots go. `restore`, `retire` and
    `blocking` hold spot ids, `create` holds spot numbers.
    """
    present = sorted((s for s in spots if s.retired_at is None), key=lambda s: s.number)
    if capacity >= len(present):
        missing = capacity - len(present)
        back = sorted((s for s in spots if s.retired_at), key=_last_removed)[:missing]
        top = max((s.number for s in spots), default=0)
        new = range(top + 1, top + 1 + missing - len(back))
        return Resize(restore=tuple(s.id for s in back), create=tuple(new))
    surplus = len(present) - capacity
    removable = [s for s in reversed(present) if s.free]
    if len(removable) < surplus:
        return Resize(blocking=tuple(s.id for s in present if not s.free), short=surplus - len(removable))
    return Resize(retire=tuple(s.id for s in removable[:surplus]))


def _last_removed(spot: SpotState) -> tuple[float, int]:
    return -spot.retired_at.timestamp() if spot.retired_at else 0, spot.number
