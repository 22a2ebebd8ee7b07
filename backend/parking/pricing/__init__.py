"""Price lists, and what a stay costs."""

from __future__ import annotations

from parking.pricing.models import Tariff
from parking.pricing.rules import Line, TariffTerms, cost_lines, cost_minor, seconds_between, stay_cost
from parking.pricing.schemas import LineOut, TariffOut
from parking.pricing.texts import TARIFF_SAMPLE, TariffContext, tariff_context, tariff_line
from parking.pricing.views import price_lines, tariff_view, terms_of

__all__ = [
    "TARIFF_SAMPLE",
    "Line",
    "LineOut",
    "Tariff",
    "TariffContext",
    "TariffOut",
    "TariffTerms",
    "cost_lines",
    "cost_minor",
    "price_lines",
    "seconds_between",
    "stay_cost",
    "tariff_context",
    "tariff_line",
    "tariff_view",
    "terms_of",
]
