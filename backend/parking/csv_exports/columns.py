"""What stands in a CSV file: RFC 4180, UTF-8 with a byte order mark, and nothing a spreadsheet would run.

Pure: raw database values in (instants as unix seconds, money in minor units), cells out. Text is quoted and made safe;
numbers are neither, so that a spreadsheet can add them up; times are ISO 8601 with the offset of the row's own zone.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

Cell = str | int | float | Decimal
BOM = b"\xef\xbb\xbf"
_QUARTER = 900
# What makes a spreadsheet calculate, also behind blanks it drops and in the wide forms it reads as the narrow ones.
_SIGN = "[=+\\-@|%＝＋－＠｜％]"
_FORMULA = re.compile(rf"[\s\0\ufeff\u200b-\u200f\u2060]*{_SIGN}|[\t\r\n\0]")
# The spreadsheet of another country splits at semicolons or tabs, and then sees neither our commas nor our quotes.
_BREAK = re.compile(r"[;\t\r\n]")
_FORMULA_AFTER = re.compile(rf'(\r\n|[;\t\r\n])(?=(?:[^\S\t\r\n]|["\0\ufeff\u200b-\u200f\u2060])*{_SIGN})')


@dataclass(frozen=True, slots=True)
class Table:
    """One file: its name without suffix, its header, and how a row of its query becomes cells."""

    name: str
    header: tuple[str, ...]
    cells: Callable[[Sequence[Any]], Sequence[Cell]]


def safe_text(value: str | None) -> str:
    """Text that stays text in a spreadsheet: what would be taken for a formula gets an apostrophe in front, also where
    a cell begins only for a spreadsheet that splits differently."""
    if not value:
        return ""
    front = "'" if not value[0].isalnum() and _FORMULA.match(value) else ""
    return front + (_FORMULA_AFTER.sub(r"\1'", value) if _BREAK.search(value) else value)


@lru_cache(maxsize=4096)
def money(minor: int | None) -> Cell:
    """Exact amount in major units with two decimals; empty where there is none."""
    return "" if minor is None else Decimal(minor).scaleb(-2)


def number(value: float | None) -> Cell:
    return "" if value is None else value


def yes_no(value: Any) -> str:
    return "yes" if value else "no"


@cache
def times(zone_name: str) -> Callable[[int | None], str]:
    """A writer of instants in that zone: unix seconds -> "2026-03-02T13:00:00+01:00", None -> "".

    Asking a zone for its offset is slow, so it is asked once for each quarter of an hour (no zone changes between).
    """
    zone = ZoneInfo(zone_name)
    offsets: dict[int, tuple[int, str]] = {}

    def offset_of(quarter: int) -> tuple[int, str]:
        local = datetime.fromtimestamp(quarter * _QUARTER, zone)
        if len(offsets) > 100_000:
            offsets.clear()
        offsets[quarter] = int(local.utcoffset().total_seconds()), local.isoformat()[19:]  # type: ignore[union-attr]  # aware
        return offsets[quarter]

    @lru_cache(maxsize=2048)
    def write(second: int | None) -> str:
        if second is None:
            return ""
        quarter = second // _QUARTER
        seconds, suffix = offsets.get(quarter) or offset_of(quarter)
        return datetime.fromtimestamp(second + seconds, UTC).isoformat()[:19] + suffix

    return write


def lines(table: Table, rows: Iterable[Sequence[Any]]) -> bytes:
    """These rows in the file's form."""
    return _encode(map(table.cells, rows))


def document(table: Table, parts: Iterable[Sequence[Sequence[Any]]]) -> Iterator[bytes]:
    """The whole file piece by piece: mark and header, then each part of the rows."""
    yield BOM + _encode([table.header])
    for part in parts:
        yield lines(table, part)


def whole(table: Table, rows: Sequence[Sequence[Any]]) -> bytes:
    """A small file at once (a mail's attachment)."""
    return b"".join(document(table, [rows]))


def _encode(rows: Iterable[Sequence[Cell]]) -> bytes:
    """Every text is quoted, whatever is in it."""
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n").writerows(rows)
    return buffer.getvalue().encode()


# the files --------------------------------------------------------------------------------

BOOKING_HEADER = (
    "id",
    "reference",
    "lot_name",
    "spot_number",
    "booking_type",
    "status",
    "start_time",
    "end_time",
    "reserved_start",
    "reserved_end",
    "checked_in_at",
    "duration_hours",
    "price_per_hour",
    "total_cost",
    "currency",
    "vehicle_plate",
    "timezone",
    "created_at",
)
_FREE = ("Cancelled", "No-show")
Live = Callable[[Sequence[Any]], tuple[str, int | None, int | None, float | None]]
"""(status, end, cost, hours) of a booking that was not over when the row was written, as the present finds it."""


def hours(status: str, start: int, end: int, reserved_start: int | None, reserved_end: int | None) -> float:
    """The hours of a stay that is over; one that ran to the end of a reservation counts its whole window."""
    if status in _FREE:
        return 0
    if reserved_start is not None and reserved_end is not None and status == "Completed":
        start, end = min(start, reserved_start), max(end, reserved_end)
    return round(max(end - start, 0) / 3600, 4)


def bookings(live: Live, *, with_user: bool = False) -> Table:
    """Rows of queries.bookings(). `live` completes what is still running or to come."""

    def cells(row: Sequence[Any]) -> list[Cell]:
        (ident, reference, lot, zone, spot, kind, status, start, end, reserved_start, reserved_end, checked_in,
         price, cost, currency, plate, created, *_) = row  # fmt: skip
        if end is None:
            status, end, cost, duration = live(row)
        else:
            duration = hours(status, start, end, reserved_start, reserved_end)
        time = times(zone)
        return [
            ident,
            safe_text(reference),
            safe_text(lot),
            spot,
            kind,
            status,
            time(start),
            time(end),
            time(reserved_start),
            time(reserved_end),
            time(checked_in),
            "" if duration is None else duration,
            money(price),
            money(cost),
            currency,
            safe_text(plate),
            zone,
            time(created),
        ]

    if not with_user:
        return Table("bookings", BOOKING_HEADER, cells)
    return Table(
        "bookings",
        (*BOOKING_HEADER, "lot_id", "spot_id", "user_id", "user_email", "username", "ended_by", "reason"),
        lambda row: cells(row) + _whose(row),
    )


def _whose(row: Sequence[Any]) -> list[Cell]:
    lot_id, spot_id, user_id, email, username, ended_by, reason = row[-7:]
    return [lot_id, spot_id, user_id, safe_text(email), safe_text(username), ended_by or "", safe_text(reason)]


def users(zone: str) -> Table:
    """Every account without its secrets; times in the operator's zone."""
    time = times(zone)

    def cells(row: Sequence[Any]) -> list[Cell]:
        ident, email, username, roles, active, own_zone, locale, created, deleted, count, spent, last = row
        return [
            ident,
            safe_text(email),
            safe_text(username),
            safe_text(roles),
            yes_no(active),
            safe_text(own_zone),
            safe_text(locale),
            time(created),
            time(deleted),
            count,
            money(spent),
            time(last),
        ]

    header = ("id", "email", "username", "roles", "active", "timezone", "locale", "created_at", "deleted_at")
    return Table("users", (*header, "total_bookings", "total_spent", "last_booking_at"), cells)


def _lot_cells(row: Sequence[Any]) -> list[Cell]:
    (ident, name, capacity, price, currency, zone, address, latitude, longitude, description, require_checkin, grace,
     hold, step, free, cap, cap_day, created, updated, deleted) = row  # fmt: skip
    time = times(zone)
    return [
        ident,
        safe_text(name),
        capacity,
        money(price),
        safe_text(currency),
        safe_text(zone),
        safe_text(address),
        number(latitude),
        number(longitude),
        safe_text(description),
        yes_no(require_checkin),
        grace // 60,
        hold // 60,
        number(step),
        "" if free is None else free // 60,
        money(cap),
        safe_text(cap_day),
        time(created),
        time(updated),
        time(deleted),
    ]


LOTS = Table(
    "lots",
    ("id", "name", "capacity", "price_per_hour", "currency", "timezone", "address", "latitude", "longitude",
     "description", "require_checkin", "checkin_grace_minutes", "instant_hold_minutes", "billing_step_seconds",
     "free_minutes", "daily_cap", "cap_day", "created_at", "updated_at", "deleted_at"),
    _lot_cells,
)  # fmt: skip


def _spot_cells(row: Sequence[Any]) -> list[Cell]:
    ident, lot_id, lot, zone, spot_number, level, ev, accessible, covered, retired = row
    return [
        ident,
        lot_id,
        safe_text(lot),
        spot_number,
        safe_text(level),
        yes_no(ev),
        yes_no(accessible),
        yes_no(covered),
        times(zone)(retired),
    ]


SPOTS = Table(
    "spots",
    ("id", "lot_id", "lot_name", "spot_number", "level", "ev", "accessible", "covered", "retired_at"),
    _spot_cells,
)
