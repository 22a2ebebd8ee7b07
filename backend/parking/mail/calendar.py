"""Calendar entries (RFC 5545, 5546): one stable UID, a SEQUENCE that rises, CANCEL removes the entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from parking.mail.smtp.addresses import addr_spec, header_text

if TYPE_CHECKING:
    from parking.mail.formatter import Formatter

CalendarMethod = Literal["REQUEST", "CANCEL", "PUBLISH"]
LINE_BYTES = 74
"""Of a content line on one line, beside the space before a continuation."""


@dataclass(frozen=True, slots=True)
class CalendarEntry:
    """One event. `uid` is the same for every version of it; `sequence` rises with every change.

    REQUEST, with the recipient as an attendee who has accepted, adds the entry to the calendar or changes it, and
    CANCEL removes it; PUBLISH invites nobody, but names its organizer (RFC 5546, 3.2).
    """

    uid: str
    sequence: int
    method: CalendarMethod
    start: datetime
    end: datetime
    summary: str
    location: str
    description: str
    url: str


def ics(entry: CalendarEntry, fmt: Formatter) -> str:
    """The .ics text, CRLF and folded. Times are in UTC, so no zone definitions are needed; the entry does not mark
    the recipient as busy."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        f"PRODID:-//{_text(fmt.site_name)}//parking//EN",
        "CALSCALE:GREGORIAN",
        f"METHOD:{entry.method}",
        *_event(entry, fmt),
        "END:VCALENDAR",
    ]
    return "".join(map(_folded, lines))


def _event(entry: CalendarEntry, fmt: Formatter) -> list[str]:
    lines = ["BEGIN:VEVENT", f"SUMMARY:{_text(entry.summary)}", f"DTSTART:{_instant(entry.start)}"]
    if entry.end > entry.start:  # RFC 5545, 3.8.2.2: a DTEND is later; an entry without one ends when it begins
        lines.append(f"DTEND:{_instant(entry.end)}")
    lines += [f"DTSTAMP:{_instant(fmt.created_at)}", f"UID:{_text(entry.uid)}", f"SEQUENCE:{entry.sequence}"]
    if entry.method != "PUBLISH":
        more = ";PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;RSVP=FALSE"
        lines.append(f"ATTENDEE;{_address(fmt.email, fmt.name or fmt.email, more)}")
    return [
        *lines,
        f"DESCRIPTION:{_text(entry.description)}",
        f"LOCATION:{_text(entry.location)}",
        f"ORGANIZER;{_address(fmt.organizer, fmt.site_name)}",
        f"STATUS:{'CANCELLED' if entry.method == 'CANCEL' else 'CONFIRMED'}",
        "TRANSP:TRANSPARENT",
        f"URL:{one_line(entry.url)}",
        "END:VEVENT",
    ]


def _instant(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _address(email: str, name: str, more: str = "") -> str:
    """Parameters and value of a property that holds an address; the URI is ASCII where it can be (RFC 6068)."""
    # RFC 5545 knows no escape for a double quote in a parameter; RFC 6868 has one for "^".
    common_name = one_line(name).replace('"', "'").replace("^", "^^")
    return f'CN="{common_name}"{more}:mailto:{addr_spec(email)}'


_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,"})


def _text(text: str) -> str:
    """A value of type TEXT (RFC 5545, 3.3.11)."""
    return one_line(text).translate(_ESCAPES)


def _folded(line: str) -> str:
    """The line on lines of at most 75 bytes; none ends inside a character (RFC 5545, 3.1)."""
    data, pieces = line.encode(), []
    while len(data) > LINE_BYTES:
        end = LINE_BYTES
        while data[end] & 0xC0 == 0x80:  # a byte that continues a character
            end -= 1
        pieces.append(data[:end].decode())
        data = data[end:]
    return "\r\n ".join([*pieces, data.decode()]) + "\r\n"


def one_line(text: str) -> str:
    """The text without line breaks and control characters: a name cannot add properties."""
    return header_text(text)
