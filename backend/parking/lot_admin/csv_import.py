"""Many lots from one CSV file: all of them, or none and a list of what is wrong, by line."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, get_args

from pydantic import ValidationError

from parking import csv_labels, money
from parking.errors import Conflict, Invalid, Problem
from parking.lot_admin import csv_reader
from parking.lot_admin.csv_reader import Reading, Unreadable
from parking.lot_admin.edit import LotChanges
from parking.lot_admin.schemas import CapDay, LotIn
from parking.money import check_price
from parking.text import names
from parking.text.counting import counted
from parking.web.errors.validation import sentences

MOST_ROWS = 5_000
MOST_SPOTS = 50_000
"""Spots of all lots of a file together: writing them keeps others from booking for a second at most."""
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
"""pydantic's names of errors -> ours, for which the page has words (frontend/src/features/lots/admin/locales)."""
_BOUNDS = ("ge", "le", "max_length")
_YES = {
    **dict.fromkeys(("true", "yes", "1", "ja", "wahr"), True),
    **dict.fromkeys(("false", "no", "0", "nein", "falsch"), False),
}
_COLUMNS = frozenset(LotIn.model_fields)
_OF_EXPORTS = frozenset(("id", "currency", "created_at", "updated_at", "deleted_at"))
"""What an exported list of lots has beside them. It may come back: a currency must be the operator's, the rest is not
read."""
AMOUNTS = ("price_per_hour", "daily_cap")


@dataclass(frozen=True, slots=True)
class CsvError:
    """One error of a file: `message` in English; `reason` and `values` for a client in another language."""

    line: int | None
    column: str | None
    reason: str
    message: str
    values: dict[str, Any] = field(default_factory=dict)

    def member(self, headings: Mapping[str, str]) -> dict[str, Any]:
        """The error as JSON; `heading` is what the file itself calls the column."""
        heading = headings.get(self.column or "")
        return {
            "line": self.line, "column": self.column, "heading": heading, "reason": self.reason, "values": self.values
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Import:
    """The lots of a file, and how it was read."""

    lots: list[LotChanges]
    reading: Reading


def parse(
    data: bytes | str,
    charset: str | None = None,
    *,
    currency: str = "",
    timezone: str | None = None,
    taken: Container[str] = (),
) -> Import:
    """The lots of a CSV file whose first line names the columns (those of POST /api/lots, or their German names).

    The file may come from any spreadsheet: UTF-8, UTF-16 or Windows-1252, split at commas, semicolons or tabs, with
    decimal points or commas. `charset` is what its sender says of it, `currency` that of the prices, `timezone` that of
    lots without one, `taken` the keys of names that other lots have. Raises Invalid with every error (Conflict
    `name_taken` where that is all): by line, as {"line 3": ["capacity: …"]}, and one by one in the member `faults`.
    """
    try:
        text, encoding = csv_reader.decode(data, charset) if isinstance(data, bytes) else (data, "utf-8")
        lines = csv_reader.split(text.removeprefix("\ufeff"), lambda name: _column(name) is not None)
        columns = _columns(lines.heading)
        rows = [(line, _without_currency(columns, row, currency)) for line, row in lines.rows]
        numeric = [n for n, column in enumerate(columns) if column in _NUMBERS]
        decimal = csv_reader.decimal_sign(csv_reader.numbers(rows, numeric))
    except Unreadable as error:
        raise _refused(str(error), [CsvError(error.line, None, error.reason, str(error))]) from None
    if not rows or len(rows) > MOST_ROWS:
        message = f"A file must have 1 to {MOST_ROWS} lots."
        raise _refused(message, [CsvError(None, None, "count", message, {"n": MOST_ROWS})])
    lots, csv_errors = _checked(columns, rows, decimal, currency, taken)
    if csv_errors:
        wrong = len({error.line for error in csv_errors})
        sentence = f"{counted(wrong, 'line is', 'lines are')} wrong; nothing was imported."
        raise _refused(sentence, csv_errors, dict(zip(columns, lines.heading, strict=True)))
    if (spots := sum(lot.fields["capacity"] for lot in lots)) > MOST_SPOTS:
        message = f"A file can create at most {MOST_SPOTS:,} spots; this one has {spots:,}."
        raise _refused(message, [CsvError(None, "capacity", "spots", message, {"n": MOST_SPOTS})])
    for lot in lots:
        if timezone is not None and not lot.fields.get("timezone"):
            lot.fields["timezone"] = timezone
    return Import(lots, Reading(encoding, lines.separator, decimal))


def _without_currency(columns: Sequence[str], row: Sequence[str], currency: str) -> list[str]:
    """The cells, those with amounts without the sign or code of the currency: "2,50 €" -> "2,50"."""
    names = dict(enumerate(columns))
    return [money.without_sign(cell, currency) if names.get(n) in AMOUNTS else cell for n, cell in enumerate(row)]


def _column(heading: str) -> str | None:
    return csv_labels.column_of(heading, _COLUMNS | _OF_EXPORTS)


def _columns(heading: Sequence[str]) -> list[str]:
    """The fields the columns stand for. A column without a name is an empty one that a spreadsheet has left behind."""
    columns = [_column(name) or (name if name.strip() else "") for name in heading]
    unknown = [name for name in columns if name and name not in _COLUMNS | _OF_EXPORTS]
    missing = [name for name in ("name", "capacity", "price_per_hour") if name not in columns]
    twice = [name for name in _COLUMNS if columns.count(name) > 1]
    if unknown or missing or twice:
        csv_errors = [CsvError(1, name, "unknown_column", f"{name}: unknown column.") for name in unknown]
        csv_errors += [CsvError(1, name, "missing_column", f"{name}: this column is missing.") for name in missing]
        csv_errors += [CsvError(1, name, "column_twice", f"{name}: there are two such columns.") for name in twice]
        raise _refused("The first line must contain the column names of a lot.", csv_errors)
    return columns


def _checked(
    columns: Sequence[str],
    rows: Sequence[tuple[int, list[str]]],
    decimal: str | None,
    currency: str,
    taken: Container[str],
) -> tuple[list[LotChanges], list[CsvError]]:
    lots: list[LotChanges] = []
    csv_errors: list[CsvError] = []
    first_lines: dict[str, int] = {}
    for line, row in rows:
        values = _typed(columns, row, decimal)
        of_export = {name: values.pop(name, None) for name in _OF_EXPORTS}
        if of_export["currency"] not in (None, currency):
            message = f"currency: prices here are in {currency}."
            csv_errors.append(CsvError(line, "currency", "one_of", message, {"choices": currency}))
            continue
        try:
            lot = LotIn.model_validate(values)
        except ValidationError as refusal:
            csv_errors += [_csv_error(line, error) for error in refusal.errors()]
            continue
        before = first_lines.setdefault(names.key(lot.name), line)
        if before != line:
            csv_errors.append(
                CsvError(line, "name", "same_name", f"name: the same as in line {before}.", {"n": before})
            )
        elif names.key(lot.name) in taken:
            message = f"name: there is already a lot named {lot.name}."
            csv_errors.append(CsvError(line, "name", "taken_name", message, {"choices": lot.name}))
        lots.append(LotChanges(lot.model_dump(exclude_unset=True)))
        if misfit := _amounts(line, lot, currency):
            csv_errors.append(misfit)
    return lots, csv_errors


def _amounts(line: int, lot: LotIn, currency: str) -> CsvError | None:
    """An amount with decimals in a currency that has none."""
    for name in AMOUNTS:
        try:
            check_price(getattr(lot, name) or 0, currency)
        except ValueError as refusal:
            return CsvError(line, name, "whole_amount", f"{name}: {refusal}", {"choices": currency})
    return None


def _refused(detail: str, csv_errors: Sequence[CsvError], headings: Mapping[str, str] | None = None) -> Problem:
    """A file whose only fault is that other lots have its names is a conflict: it may be right tomorrow."""
    errors: dict[str, list[str]] = {}
    for error in csv_errors:
        errors.setdefault(f"line {error.line}" if error.line else "file", []).append(error.message)
    members = [error.member(headings or {}) for error in csv_errors]
    if {error.reason for error in csv_errors} == {"taken_name"}:
        return Conflict(detail, code="name_taken", errors=errors, faults=members)
    return Invalid(detail, errors=errors, faults=members)


def _typed(columns: Sequence[str], row: Sequence[str], decimal: str | None) -> dict[str, Any]:
    """The cells as the JSON of the same request would have them; empty ones left out."""
    values: dict[str, Any] = {}
    for number, cell in enumerate(row):
        column = columns[number] if number < len(columns) else ""
        if cell.strip():  # behind or below no heading: named as a cell too many
            values[column] = _value(column, cell.strip(), decimal)
    for column in columns[len(row) :]:
        values[column] = None  # too few cells: named as missing
    return values


def _value(name: str, cell: str, decimal: str | None) -> str | int | float | bool:
    if name in ("require_checkin", "shorten_running"):
        return _YES.get(cell.lower(), cell)
    if name == "cap_day":
        return csv_labels.value_of(cell, get_args(CapDay))
    try:
        return _NUMBERS[name](csv_reader.plain_number(cell, decimal)) if name in _NUMBERS else cell
    except ValueError:
        return cell  # refused by the model, with its own words


def _csv_error(line: int, error: Any) -> CsvError:
    """An error of the model in words of ours."""
    column = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return CsvError(line, None, "too_many_cells", "There are more cells than columns.")
    reason = _REASONS.get(error["type"], "wrong")
    if error["input"] is None:
        reason = "missing"  # too few cells
    elif error["type"] == "value_error":
        reason = {"timezone": "zone", "name": "characters"}.get(column, "amount")
    ((sentence, *_),) = sentences([error], "json").values()
    message = f"{column}: {sentence}"
    return CsvError(line, column, reason, message, _values(error.get("ctx", {})))


def _values(context: dict[str, Any]) -> dict[str, Any]:
    """The bound that was overstepped as `n`, the words that may stand there as `choices`."""
    if "expected" in context:
        return {"choices": ", ".join(re.findall(r"'([^']*)'", context["expected"]))}
    bounds = [context[name] for name in _BOUNDS if name in context]
    return {"n": bounds[0]} if bounds else {}
