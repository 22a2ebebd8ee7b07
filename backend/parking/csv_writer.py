"""The one place where CSV is written: RFC 4180, UTF-8 with a byte order mark, and nothing a spreadsheet would run.

Values in, cells out. Text is quoted and made safe, whatever column it stands in; numbers and times are not quoted, so
that a spreadsheet can calculate with them. A `Dialect` says how a file is written: for programs (MACHINE), or for the
spreadsheet of a person, which splits at the separator and reads the decimal sign of its country.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache, lru_cache, partial
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo

from parking.csv_labels import LANGUAGES, label, word

Cell = str | int | float | Decimal | date | None
Instant = Callable[[int | None], Cell]
Times = Callable[[str], Instant]
"""Zone name -> writer of instants (unix seconds) in that zone."""

Format = Literal["auto", "machine", "comma", "semicolon"]
FORMATS: tuple[str, ...] = get_args(Format)
"""How a caller names a dialect. `auto`: the one that the account has chosen, which may be `auto` too: as the account's
language writes."""

BOM = b"\xef\xbb\xbf"
_QUARTER = 900


class Bare(str):
    """A number or a time written as text. csv.writer does not quote what has a `__float__`, and spreadsheets take
    quoted cells for text when their user asks them to."""

    __slots__ = ()

    def __float__(self) -> float:
        return math.nan  # nobody calls it


class Own(str):
    """Text that the program made itself and that is safe as it is: it is quoted, and not looked at again."""

    __slots__ = ()


class Word(str):
    """A value of a closed set, such as a status: people get it in the language of their file."""

    __slots__ = ()


class NotYet(Decimal):
    """An amount that stands only at the end of a stay: zero for programs, an empty cell for people."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written. `language` None: for programs, with times in ISO 8601 with their offset; else with
    headings in that language and local times, which spreadsheets read as dates, and whose zone stands in a column."""

    separator: Literal[",", ";"]
    decimal: Literal[".", ","]
    language: str | None

    @property
    def for_people(self) -> bool:
        return self.language is not None


MACHINE = Dialect(",", ".", None)
_SEMICOLON_LANGUAGES = ("de",)


def resolved(name: str, locale: str | None, own_format: str = "auto") -> str:
    """One of FORMATS without `auto`, in whose place stands what the account has chosen, or else what its language
    writes."""
    name = own_format if name == "auto" else name
    if name != "auto":
        return name
    return "semicolon" if _language(locale) in _SEMICOLON_LANGUAGES else "comma"


def dialect_of(name: str, locale: str | None = None, own_format: str = "auto") -> Dialect:
    """The dialect a caller asks for by one of FORMATS; `locale` and `own_format` (one of FORMATS) are the account's."""
    form = resolved(name, locale, own_format)
    if form == "machine":
        return MACHINE
    return Dialect(",", ".", _language(locale)) if form == "comma" else Dialect(";", ",", _language(locale))


def _language(locale: str | None) -> str:
    tag = (locale or "").replace("_", "-").split("-")[0].lower()
    return tag if tag in LANGUAGES else LANGUAGES[0]


@dataclass(frozen=True, slots=True)
class Table:
    """One file: its name without suffix, its columns, and how a row of its query becomes cells.

    `zone` gives the zone of a row's times where no column says it: files for people get one more column."""

    name: str
    header: tuple[str, ...]
    cells: Callable[[Sequence[Any], Times], Sequence[Cell]]
    zone: Callable[[Sequence[Any]], str] | None = None


def lines(table: Table, rows: Iterable[Sequence[Any]], dialect: Dialect = MACHINE) -> bytes:
    """These rows in the file's form."""
    times, cells, zone = times_of(dialect), table.cells, table.zone
    if zone is None or not dialect.for_people:
        return _encode((cells(row, times) for row in rows), dialect)
    return _encode(([*cells(row, times), zone(row)] for row in rows), dialect)


def document(table: Table, parts: Iterable[Sequence[Sequence[Any]]], dialect: Dialect = MACHINE) -> Iterator[bytes]:
    """The whole file piece by piece: mark and header, then each part of the rows."""
    names = table.header
    if dialect.language:
        more = () if table.zone is None else ("time_zone",)
        names = tuple(label(name, dialect.language) for name in (*names, *more))
    yield BOM + _encode([names], dialect)
    for part in parts:
        yield lines(table, part, dialect)


def whole(table: Table, rows: Sequence[Sequence[Any]], dialect: Dialect = MACHINE) -> bytes:
    """A small file at once (an attachment, an answer)."""
    return b"".join(document(table, [rows], dialect))


def _encode(rows: Iterable[Sequence[Cell]], dialect: Dialect) -> bytes:
    write = _WRITERS[dialect].get
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=dialect.separator, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerows([cell if (form := write(type(cell))) is None else form(cell) for cell in row] for row in rows)
    return buffer.getvalue().encode(errors="replace")  # a lone surrogate is no reason to have no file


# cells ------------------------------------------------------------------------------------

# What makes a spreadsheet calculate, also behind blanks and invisible characters it drops, and in the wide forms it
# reads as the narrow ones.
_SIGN = "[=+\\-@|%＝＋－＠｜％]"
_CONTROL = "\x00-\x1f\x7f-\x9f"
_INVISIBLE = "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
_FORMULA = re.compile(rf"[\s{_CONTROL}{_INVISIBLE}]*{_SIGN}|[{_CONTROL}]")
# A spreadsheet that splits at something else sees neither our separators nor our quotes; a cell may then begin behind
# any of its own separators and line ends.
_BREAKS = {",": ";|\t\r\n", ";": ",;|\t\r\n"}
_BLANKS = rf'(?:[^\S\t\r\n]|["{_INVISIBLE}\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f])*'
_FORMULA_AFTER = {
    separator: re.compile(rf"(\r\n|[{breaks}])(?={_BLANKS}{_SIGN})") for separator, breaks in _BREAKS.items()
}


def safe_text(value: str | None, separator: str = ",") -> str:
    """Text that stays text in a spreadsheet: what would be taken for a formula gets an apostrophe in front, also where
    a cell begins only for a spreadsheet that splits differently."""
    if not value:
        return ""
    front = "'" if not value[0].isalnum() and _FORMULA.match(value) else ""
    return front + _FORMULA_AFTER[separator].sub(r"\1'", value)


def _point(value: float | Decimal) -> Cell:
    return Bare(f"{Decimal(repr(value)) if isinstance(value, float) else value:f}".replace(".", ","))


def _writers(dialect: Dialect) -> dict[type, Callable[[Any], Cell]]:
    """How values of each type become cells; other types (whole numbers, Bare, Own) go as they are."""
    yes, no = {"de": ("ja", "nein")}.get(dialect.language or "", ("yes", "no"))
    forms: dict[type, Callable[[Any], Cell]] = {
        str: lru_cache(maxsize=4096)(lambda text: safe_text(text, dialect.separator)),
        bool: lambda value: yes if value else no,
        type(None): lambda _: "",
        date: lambda day: Bare(day.isoformat()),
    }
    if dialect.language:
        forms |= {Word: lru_cache(maxsize=64)(partial(word, language=dialect.language)), NotYet: lambda _: ""}
    if dialect.decimal == ",":
        forms |= {float: _point, Decimal: lru_cache(maxsize=4096)(_point)}
    return forms


_WRITERS = {
    dialect: _writers(dialect)
    for dialect in (MACHINE, *(dialect_of(name, tag) for name in ("comma", "semicolon") for tag in LANGUAGES))
}


# times ------------------------------------------------------------------------------------


def times_of(dialect: Dialect) -> Times:
    """Writers of instants: "2026-03-02T13:00:00+01:00" for programs, "2026-03-02 13:00:00" for people (what every
    spreadsheet reads as a date, whatever its country)."""
    return local_times if dialect.for_people else times


@cache
def times(zone_name: str) -> Instant:
    """A writer of instants in that zone: unix seconds -> "2026-03-02T13:00:00+01:00", None -> "".

    Asking a zone for its offset is slow, so it is asked once for each quarter of an hour (no zone changes between).
    """
    at = _local(zone_name)

    @lru_cache(maxsize=2048)
    def write(second: int | None) -> Cell:
        return "" if second is None else Own("{}T{}{}".format(*at(second)))

    return write


@cache
def local_times(zone_name: str) -> Instant:
    """The same as "2026-03-02 13:00:00"."""
    at = _local(zone_name)

    @lru_cache(maxsize=2048)
    def write(second: int | None) -> Cell:
        return "" if second is None else Bare("{} {}".format(*at(second)))

    return write


def _local(zone_name: str) -> Callable[[int], tuple[str, str, str]]:
    """unix seconds -> (date, time, offset) in that zone."""
    zone = ZoneInfo(zone_name)
    offsets: dict[int, tuple[int, str]] = {}

    def offset_of(quarter: int) -> tuple[int, str]:
        local = datetime.fromtimestamp(quarter * _QUARTER, zone)
        if len(offsets) > 100_000:
            offsets.clear()
        offsets[quarter] = int(local.utcoffset().total_seconds()), local.isoformat()[19:]  # type: ignore[union-attr]  # aware
        return offsets[quarter]

    def at(second: int) -> tuple[str, str, str]:
        quarter = second // _QUARTER
        seconds, suffix = offsets.get(quarter) or offset_of(quarter)
        wall = datetime.fromtimestamp(second + seconds, UTC).isoformat()
        return wall[:10], wall[11:19], suffix

    return at
