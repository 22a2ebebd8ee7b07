"""Price lists and the lines of a price as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from parking.web import Out


class TariffOut(Out):
    id: int
    price_per_hour: float
    billing_step_seconds: int
    free_minutes: int
    daily_cap: float | None
    cap_day: Literal["rolling", "calendar"]


class LineOut(Out):
    """One line of a price. `capped`: limited by the daily maximum; `free`: within the free minutes."""

    text: str
    starts: datetime
    seconds: int
    amount: float
    capped: bool
    free: bool
