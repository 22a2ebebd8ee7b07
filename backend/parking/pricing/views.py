"""Price lists and the lines of a price as JSON."""

from __future__ import annotations

from typing import Any

from parking.money import plain_text, to_number, unit
from parking.pricing.models import Tariff
from parking.pricing.rules import Line, TariffTerms
from parking.timestamps import to_rfc3339


def terms_of(tariff: Tariff) -> TariffTerms:
    """Returns the price list as the rules take it."""
    return TariffTerms(
        hourly_minor=tariff.hourly_minor,
        step_s=tariff.step_s,
        free_s=tariff.free_s,
        day_cap_minor=tariff.day_cap_minor,
        cap_day=tariff.cap_day,
        timezone=tariff.timezone,
        unit_minor=unit(tariff.currency),
    )


def tariff_view(tariff: Tariff) -> dict[str, Any]:
    """Returns the price list as JSON."""
    return {
        "id": tariff.id,
        "price_per_hour": to_number(tariff.hourly_minor),
        "billing_step_seconds": tariff.step_s,
        "free_minutes": tariff.free_s // 60,
        "daily_cap": None if tariff.day_cap_minor is None else to_number(tariff.day_cap_minor),
        "cap_day": tariff.cap_day,
    }


def price_lines(lines: list[Line], tariff: Tariff) -> list[dict[str, Any]]:
    """Returns the lines of a price as JSON: their parts, for a client in another language, and an English text. The
    amounts add up to the total."""
    return [
        {
            "text": _line_text(line, tariff),
            "starts": to_rfc3339(line.starts),
            "seconds": line.seconds,
            "amount": to_number(line.amount_minor),
            "capped": line.capped,
            "free": line.free,
        }
        for line in lines
    ]


def _line_text(line: Line, tariff: Tariff) -> str:
    hours, remaining = divmod(line.seconds, 3600)
    minutes, seconds = divmod(remaining, 60)
    parts = [f"{n} {unit}" for n, unit in ((hours, "h"), (minutes, "min"), (seconds, "s")) if n]
    text = f"{' '.join(parts) or '0 min'} × {plain_text(tariff.hourly_minor, tariff.currency)} {tariff.currency}/h"
    if line.capped:
        return f"{text}, at most {plain_text(tariff.day_cap_minor or 0, tariff.currency)} {tariff.currency} a day"
    return f"{text}, within the free minutes" if line.free else text
