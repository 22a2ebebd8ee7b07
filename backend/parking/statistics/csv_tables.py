"""The tables of the statistics as CSV: numbers rounded once, here; days and times as the dialect writes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from parking import csv_writer
from parking.csv_writer import Bare, Cell, Dialect, Own, Table, Times
from parking.rounding import half_up

_MONEY = {"revenue", "revenue_previous", "revenue_per_spot_hour", "spent"}
_DECIMALS = {
    "occupancy_percent": 2,
    "turnover": 2,
    "revenue_per_spot_hour": 4,
    "percent": 2,
    "per_spot_day": 2,
    "money_per_spot_hour": 4,
}
"""Decimals of what is not exact, by column, and for the lines of `figures` by unit."""


def document(
    header: Sequence[str], rows: Sequence[Sequence[Any]], *, currency: str, zone: str, dialect: Dialect
) -> str:
    """The whole file as text. A column of money is named with its currency; local times are those of `zone`."""
    unit = header.index("unit") if "unit" in header else None

    def cells(row: Sequence[Any], times: Times) -> list[Cell]:
        forms = [*header] if unit is None else [row[unit] if name in ("value", "previous") else name for name in header]
        return [_cell(value, form, times(zone), dialect) for value, form in zip(row, forms, strict=True)]

    named = tuple(f"{name}_{currency}" if name in _MONEY else name for name in header)
    table = Table("statistics", named, cells, (lambda _: zone) if "at" in header else None)
    return csv_writer.whole(table, rows, dialect).decode()


def _cell(value: Any, form: str, instant: csv_writer.Instant, dialect: Dialect) -> Cell:
    if value is None:
        return None
    if form in _DECIMALS:
        return float(half_up(value, _DECIMALS[form]))
    if form == "day":
        return date.fromisoformat(value)
    if form == "at":
        return instant(int(datetime.fromisoformat(value).timestamp())) if dialect.for_people else Own(value)
    if form == "local_hour":
        return Bare(value.replace("T", " ")) if dialect.for_people else Own(value)
    return value  # a count, a sum, a name
