"""What a stay costs."""

from __future__ import annotations

from parking.pricing.rules import Line, Tariff, cost_lines, cost_minor, seconds_between, stay_cost

__all__ = ["Line", "Tariff", "cost_lines", "cost_minor", "seconds_between", "stay_cost"]
