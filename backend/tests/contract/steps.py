"""One request of the recorded session, and short ways to write it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

PASSWORD = "correct horse battery"


HOUR = 3600


@dataclass(frozen=True)
class Step:
    """`keep` maps a name to the path of a number in the answer, as `booking.id`; `travel` moves the clock first."""

    who: str
    method: str
    path: str
    json: Any = None
    data: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    keep: dict[str, str] = field(default_factory=dict)
    travel: int = 0


def get(who: str, path: str, **more: Any) -> Step:
    return Step(who, "GET", path, **more)


def post(who: str, path: str, json: Any = None, **more: Any) -> Step:
    return Step(who, "POST", path, {} if json is None and "data" not in more else json, **more)


def window(start: str, end: str, lot: str = "{center}") -> dict[str, Any]:
    return {"lot_id": lot, "booking_type": "reserved", "reserved_start": start, "reserved_end": end}
