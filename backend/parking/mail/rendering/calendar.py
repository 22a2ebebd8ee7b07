"""Calendar entries (RFC 5545, 5546): one stable UID, a SEQUENCE that rises, CANCEL removes the entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from icalendar import Calendar, Event, vCalAddress, vText

from parking.mail.smtp.addresses import addr_spec, header_text

if TYPE_CHECKING:
    from parking.mail.rendering.formatter import Formatter

CalendarMethod = Literal["REQUEST", "CANCEL", "PUBLISH"]


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
    """The .ics text of one entry."""
    return ics_of((entry,), entry.method, fmt)


def ics_of(entries: Sequence[CalendarEntry], method: CalendarMethod, fmt: Formatter) -> str:
    """The .ics text, CRLF and folded; of several entries only with PUBLISH (RFC 5546, 3.2), in which those that do not
    take place have the status CANCELLED. Times are in UTC, so no zone definitions are needed; the entries do not mark
    the recipient as busy."""
    calendar = Calendar()
    calendar.add("prodid", f"-//{one_line(fmt.site_name)}//parking//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    for entry in entries:
        calendar.add_component(_event(entry, method, fmt))
    return calendar.to_ical().decode()


def _event(entry: CalendarEntry, method: CalendarMethod, fmt: Formatter) -> Event:
    event = Event()
    event.add("uid", one_line(entry.uid))
    event.add("sequence", entry.sequence)
    event.add("dtstamp", fmt.created_at.astimezone(UTC))
    event.add("dtstart", entry.start)
    if entry.end > entry.start:  # RFC 5545, 3.8.2.2: a DTEND is later; an entry without one ends when it begins
        event.add("dtend", entry.end)
    event.add("summary", one_line(entry.summary))
    event.add("location", one_line(entry.location))
    event.add("description", one_line(entry.description))
    event.add("url", entry.url)
    event.add("status", "CANCELLED" if entry.method == "CANCEL" else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    event.add("organizer", _address(fmt.organizer, fmt.site_name), encode=False)
    if method != "PUBLISH":
        attendee = _address(fmt.email, fmt.name or fmt.email)
        attendee.params.update(
            {"PARTSTAT": vText("ACCEPTED"), "ROLE": vText("REQ-PARTICIPANT"), "RSVP": vText("FALSE")}
        )
        event.add("attendee", attendee, encode=False)
    return event


def _address(email: str, name: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{addr_spec(email)}")  # a URI is ASCII where it can be (RFC 6068)
    # RFC 5545 knows no escape for a double quote in a parameter.
    address.params["CN"] = vText(one_line(name).replace('"', "'"))
    return address


def one_line(text: str) -> str:
    """The text without line breaks and control characters: a name cannot add properties."""
    return header_text(text)
