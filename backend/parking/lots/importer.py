"""Many lots from one CSV file: all of them, or none and a list of what is wrong, by line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from parking.errors import Invalid
from parking.lots.schemas import LotIn
from parking.lots.service import Changes

MOST_ROWS = 5_000
_NUMBERS = {
    "capacity": int,
    "price_per_hour": float,
    "latitude": float,
    "longitude": float,
    "checkin_grace_minutes": int,
    "instant_hold_minutes": int,
    "billing_step_seconds": int,
    "free_minutes": int,
    "daily_cap": float,
}
_REASONS = {
    "missing": "missing",
    "string_too_short": "missing",
    "string_too_long": "too_long",
    "string_pattern_mismatch": "characters",
    "int_type": "whole_number",
    "int_parsing": "whole_number",
    "int_from_float": "whole_number",
    "float_type": "number",
    "float_parsing": "number",
    "finite_number": "number",
    "greater_than_equal": "at_least",
    "less_than_equal": "at_most",
    "bool_type": "yes_no",
    "bool_parsing": "yes_no",
    "literal_error": "one_of",
}
"""pydantic's names of faults -> ours, for which the page has words (locales/*/adminLots.json)."""
_BOUNDS = ("ge", "le", "max_length")
_YES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: `said` in English, `reason` and `values` for a page that says it in other languages."""

    line: int | None
    column: str | None
    reason: str
    said: str
    values: dict[str, Any] = field(default_factory=dict)


def parse(text: str) -> list[Changes]:
    """The lots of a CSV text whose first line names the columns (those of POST /api/lots).

    Raises Invalid with every fault found: as {"line 3": ["capacity: …"]}, and one by one in the member `faults`.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        _check_header(reader.fieldnames or [])
        rows = list(reader)
    except csv.Error as fault:
        said = f"This line is not CSV: {fault}."
        raise _refused(said, [Fault(reader.line_num, None, "not_csv", said)]) from None
    if not rows or len(rows) > MOST_ROWS:
        said = f"A file holds 1 to {MOST_ROWS} car parks."
        raise _refused(said, [Fault(None, None, "count", said, {"n": MOST_ROWS})])
    return _checked(rows)


def _check_header(names: list[str] | Any) -> None:
    unknown = [name for name in names if name not in LotIn.model_fields]
    missing = [name for name in ("name", "capacity", "price_per_hour") if name not in names]
    if unknown or missing:
        faults = [Fault(1, name, "unknown_column", f"{name}: unknown column.") for name in unknown]
        faults += [Fault(1, name, "missing_column", f"{name}: this column is missing.") for name in missing]
        raise _refused("The first line does not name the columns of a car park.", faults)


def _checked(rows: list[dict[str, str]]) -> list[Changes]:
    found: list[Changes] = []
    faults: list[Fault] = []
    names: dict[str, int] = {}
    for line, row in enumerate(rows, start=2):
        try:
            lot = LotIn.model_validate(_typed(row))
        except ValidationError as fault:
            faults += [_fault(line, error) for error in fault.errors()]
            continue
        before = names.setdefault(lot.name.lower(), line)
        if before != line:
            faults.append(Fault(line, "name", "same_name", f"name: the same as in line {before}.", {"n": before}))
        found.append(Changes(lot.model_dump(exclude_unset=True)))
    if faults:
        wrong = len({fault.line for fault in faults})
        raise _refused(f"{wrong} line(s) are wrong; nothing was imported.", faults)
    return found


def _refused(detail: str, faults: Sequence[Fault]) -> Invalid:
    errors: dict[str, list[str]] = {}
    for fault in faults:
        errors.setdefault(f"line {fault.line}" if fault.line else "file", []).append(fault.said)
    told = [{"line": f.line, "column": f.column, "reason": f.reason, "values": f.values} for f in faults]
    return Invalid(detail, errors=errors, faults=told)


def _typed(row: dict[str, str]) -> dict[str, Any]:
    """The cells as the JSON of the same request would have them; empty ones left out."""
    made: dict[str, Any] = {}
    for name, cell in row.items():
        if name is None or cell is None:
            made[str(name)] = cell  # too many or too few cells: named as an unknown or missing field
        elif cell.strip():
            made[name] = _value(name, cell.strip())
    return made


def _value(name: str, cell: str) -> Any:
    if name == "require_checkin":
        return _YES.get(cell.lower(), cell)
    try:
        return _NUMBERS[name](cell) if name in _NUMBERS else cell
    except ValueError:
        return cell  # refused by the model, with its own words


def _fault(line: int, error: Any) -> Fault:
    """A fault of the model in words of ours."""
    column = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return Fault(line, None, "too_many_cells", "There are more cells than columns.")
    reason = _REASONS.get(error["type"], "wrong")
    if error["input"] is None:
        reason = "missing"  # too few cells
    elif error["type"] == "value_error":
        reason = "zone" if column == "timezone" else "amount"
    said = f"{column}: {error['msg'].removeprefix('Value error, ')}"
    return Fault(line, column, reason, said, _values(error.get("ctx", {})))


def _values(told: dict[str, Any]) -> dict[str, Any]:
    """The bound that was overstepped as `n`, the words that may stand there as `choices`."""
    if "expected" in told:
        return {"choices": ", ".join(re.findall(r"'([^']*)'", told["expected"]))}
    bounds = [told[name] for name in _BOUNDS if name in told]
    return {"n": bounds[0]} if bounds else {}
