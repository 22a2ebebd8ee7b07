"""Reading a CSV file that a spreadsheet of some country has saved: its encoding, separator and decimal sign.

Pure: bytes in, rows of text and a `Reading` out. Raises Unreadable with a sentence for a person.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

SEPARATORS = (",", ";", "\t")
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_CHARSETS = {
    **dict.fromkeys(("utf-8", "utf8", "us-ascii"), "utf-8"),
    **dict.fromkeys(("utf-16", "utf-16le"), "utf-16-le"),
    "utf-16be": "utf-16-be",
    **dict.fromkeys(("windows-1252", "cp1252", "iso-8859-1", "latin1"), "windows-1252"),
    **{name: name for name in ("windows-1250", "windows-1251", "windows-1253", "windows-1254", "iso-8859-2", "koi8-r")},
}
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_BLANKS = dict.fromkeys(map(ord, " \u00a0\u2007\u2009\u202f'’"))
"""What may stand between groups of three digits besides a comma or a point."""


class Unreadable(ValueError):
    """This is no CSV text. `reason` is a word for programs."""

    def __init__(self, reason: str, sentence: str, line: int | None = None) -> None:
        super().__init__(sentence)
        self.reason, self.line = reason, line


@dataclass(frozen=True, slots=True)
class Reading:
    """How the file was read. `decimal` is None where no number shows which sign it uses."""

    encoding: str
    separator: str
    decimal: str | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Lines:
    """The heading and the rows, each with the number of the line it begins in. A blank line is no row."""

    heading: list[str]
    rows: list[tuple[int, list[str]]]
    separator: str


# encoding ---------------------------------------------------------------------------------


def decode(data: bytes, charset: str | None = None) -> tuple[str, str]:
    """(text, encoding): by its mark, by the zero bytes of UTF-16, as UTF-8, and else as Windows-1252.

    `charset` is what the sender says; it counts where no mark contradicts it. Raises Unreadable.
    """
    if data.startswith(_WORKBOOKS):
        raise Unreadable("workbook", "This is a workbook, not a CSV file. Please save it as CSV and try again.")
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _checked(data[len(mark) :], encoding)
    if utf16 := _utf16_without_mark(data):
        return _checked(data, utf16)
    named = _CHARSETS.get((charset or "utf-8").lower())
    if named is None:
        raise Unreadable("encoding", "The file must be UTF-8, UTF-16 or Windows-1252 text. Please save it as UTF-8.")
    if named != "utf-8":
        return _checked(data, named)
    try:
        return _checked(data, "utf-8")
    except UnicodeDecodeError:
        return _checked(data, "windows-1252")


def _utf16_without_mark(data: bytes) -> str | None:
    """Separators and digits are ASCII, so every second byte of most pairs is zero."""
    sample = data[: 4000 - len(data) % 2]
    if len(sample) < 4 or sample.count(0) * 3 < len(sample):
        return None
    return "utf-16-le" if sample[1::2].count(0) > sample[0::2].count(0) else "utf-16-be"


def _checked(data: bytes, encoding: str) -> tuple[str, str]:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        if encoding == "utf-8":
            raise
        raise Unreadable("encoding", f"The file is not {encoding} text. Please save it as UTF-8.") from None
    if "\0" in text:
        raise Unreadable("encoding", "The file is not text: it contains zero bytes.")
    return text.removeprefix("\ufeff"), encoding


# separator --------------------------------------------------------------------------------


def split(text: str, is_column: Callable[[str], bool]) -> Lines:
    """The cells, split at the separator that `sep=…` names (a line of Excel's), or at the one with which the first
    line names the most columns. Raises Unreadable."""
    first, _, rest = text.partition("\n")
    named, skipped = re.fullmatch(r"(?i)sep=(.?)", first.strip().strip('"')), 0
    if named:
        separator, text, skipped = named[1] or "\t", rest, 1
    else:
        separator = max(SEPARATORS, key=lambda mark: _columns_named(text, mark, is_column))
    if separator not in SEPARATORS:
        raise Unreadable("separator", "The cells must be separated by commas, semicolons or tabs.", 1)
    rows = [(line + skipped, row) for line, row in _rows(text, separator, skipped) if any(cell.strip() for cell in row)]
    return Lines(rows[0][1], rows[1:], separator) if rows else Lines([], [], separator)


def _columns_named(text: str, separator: str, is_column: Callable[[str], bool]) -> int:
    try:
        heading = next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), [])
    except csv.Error:
        return 0
    return sum(map(is_column, heading))


def _rows(text: str, separator: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    try:
        for row in reader:
            yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        line = reader.line_num + skipped
        if "limit" in str(error):
            raise Unreadable("not_csv", f"A cell has more than {csv.field_size_limit():,} characters.", line) from None
        raise Unreadable("not_csv", "This line is not CSV: check its quotation marks.", line) from None


# decimal sign -----------------------------------------------------------------------------


def decimal_sign(cells: Iterable[str]) -> str | None:
    """The sign the numbers of a file use for decimals; None where none of them shows it.

    "2,5" and "1.234,50" show a comma; "1,234" shows nothing, because it may be a thousand. Raises Unreadable when
    both signs are used."""
    signs = {sign for cell in cells if (sign := _shown_sign(cell)) is not None}
    if len(signs) > 1:
        sentence = "Some numbers have a decimal comma and some a decimal point. Please use one of them."
        raise Unreadable("decimals", sentence)
    return signs.pop() if signs else None


def _shown_sign(cell: str) -> str | None:
    text = cell.strip().translate(_BLANKS)
    if not re.fullmatch(r"[+-]?[\d.,]+", text):
        return None
    signs = re.findall(r"[.,]", text)
    if len(set(signs)) == 2:
        return signs[-1] if signs.count(signs[-1]) == 1 else None
    if len(signs) == 1 and not re.fullmatch(r"[+-]?[1-9]\d{0,2}[.,]\d{3}", text):
        return str(signs[0])
    return None


def plain_number(cell: str, decimal: str | None) -> str:
    """The number as programs write it: "1.234,50" -> "1234.50". What is no such number comes back as it is."""
    text = cell.strip().translate(_BLANKS)
    signs = sorted(set(re.findall(r"[.,]", text)))
    sign = decimal or (signs[0] if len(signs) == 1 and text.count(signs[0]) == 1 else None)
    if sign is None or not signs:
        return text if re.fullmatch(r"[+-]?\d+", text) else cell
    group = "." if sign == "," else ","
    whole, mark, part = text.partition(sign)
    if group in whole:
        if not re.fullmatch(rf"[+-]?\d{{1,3}}({re.escape(group)}\d{{3}})+", whole):
            return cell
        whole = whole.replace(group, "")
    return f"{whole}.{part}" if mark else whole


def numbers(rows: Sequence[tuple[int, list[str]]], columns: Iterable[int]) -> Iterator[str]:
    """The cells of these columns."""
    indexes = list(columns)
    for _, row in rows:
        yield from (row[n] for n in indexes if n < len(row))
