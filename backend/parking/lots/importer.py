"""Many lots from one CSV file: all of them, or none and a list of what is wrong, by line."""

from __future__ import annotations

import csv
import io
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
_YES = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def parse(text: str) -> list[Changes]:
    """The lots of a CSV text whose first line names the columns (those of POST /api/lots).

    Raises Invalid with every fault found, as {"line 3": ["capacity: …"]}.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        _check_header(reader.fieldnames or [])
        rows = list(reader)
    except csv.Error as fault:
        raise Invalid.field(f"line {reader.line_num}", f"This line is not CSV: {fault}.") from None
    if not rows or len(rows) > MOST_ROWS:
        raise Invalid.field("file", f"A file holds 1 to {MOST_ROWS} car parks.")
    return _checked(rows)


def _check_header(names: list[str] | Any) -> None:
    unknown = [name for name in names if name not in LotIn.model_fields]
    missing = [name for name in ("name", "capacity", "price_per_hour") if name not in names]
    if unknown or missing:
        said = [f"{name}: unknown column." for name in unknown] + [
            f"{name}: this column is missing." for name in missing
        ]
        raise Invalid("The first line does not name the columns of a car park.", errors={"line 1": said})


def _checked(rows: list[dict[str, str]]) -> list[Changes]:
    found: list[Changes] = []
    errors: dict[str, list[str]] = {}
    names: dict[str, int] = {}
    for line, row in enumerate(rows, start=2):
        try:
            lot = LotIn.model_validate(_typed(row))
        except ValidationError as fault:
            errors[f"line {line}"] = [_said(error) for error in fault.errors()]
            continue
        before = names.setdefault(lot.name.lower(), line)
        if before != line:
            errors[f"line {line}"] = [f"name: the same as in line {before}."]
        found.append(Changes(lot.model_dump(exclude_unset=True)))
    if errors:
        raise Invalid(f"{len(errors)} line(s) are wrong; nothing was imported.", errors=errors)
    return found


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


def _said(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"])
    return f"{where}: {error['msg'].removeprefix('Value error, ')}"
