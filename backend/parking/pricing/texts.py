"""A tariff in one line of a mail. The page writes the same line (frontend/src/features/lots/useTariffText.ts)."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from parking.mail import Texts
from parking.pricing.models import Tariff

_STEPS = {1: "second", 60: "minute", 3600: "full_hour"}
"""Steps that have a word of their own."""


class TariffContext(TypedDict):
    """A tariff as a mail stores it."""

    hourly_minor: int
    step_seconds: NotRequired[int]  # started steps are charged whole; 1 = to the second
    free_minutes: NotRequired[int]
    daily_cap_minor: NotRequired[int | None]
    cap_day: NotRequired[Literal["rolling", "calendar"]]


TARIFF_SAMPLE: TariffContext = {
    "hourly_minor": 250,
    "step_seconds": 900,
    "free_minutes": 10,
    "daily_cap_minor": 1800,
    "cap_day": "calendar",
}
"""Of the mails that `flask mail render` and the page show as samples."""


def tariff_context(tariff: Tariff) -> dict[str, Any]:
    """Returns the TariffContext of the tariff."""
    return {
        "hourly_minor": tariff.hourly_minor,
        "step_seconds": tariff.step_s,
        "free_minutes": tariff.free_s // 60,
        "daily_cap_minor": tariff.day_cap_minor,
        "cap_day": tariff.cap_day,
    }


def tariff_line(tariff: TariffContext, currency: str, t: Texts) -> str:
    """Returns the price per hour, the step that is billed, the daily maximum and the free minutes:
    "€2.80/h · billed per 15 min · max €18/day · up to 15 min free"."""
    if not tariff["hourly_minor"]:
        return t("tariff.nothing")
    step, free, cap = tariff.get("step_seconds") or 1, tariff.get("free_minutes"), tariff.get("daily_cap_minor")
    parts = [
        t("tariff.hour", amount=t.money(tariff["hourly_minor"], currency, short=True)),
        t(f"tariff.{_STEPS[step]}") if step in _STEPS else t("tariff.step", step=t.duration(step)),
    ]
    if cap is not None:
        key = f"tariff.cap_{tariff.get('cap_day') or 'rolling'}"
        parts.append(t(key, amount=t.money(cap, currency, short=True)))
    if free:
        parts.append(t("tariff.free", time=t.duration(free * 60)))
    return " · ".join(parts)
