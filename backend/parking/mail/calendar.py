"""The calendar entry of a booking (RFC 5545, 5546): one stable UID, a SEQUENCE that rises, CANCEL removes it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from icalendar import Calendar, Event, vCalAddress, vText

from parking.mail.i18n import parse
from parking.mail.smtp.addresses import addr_spec, header_text

if TYPE_CHECKING:
    from parking.mail.templates.context import Context
    from parking.mail.templates.contexts import BookingFacts

Method = Literal["REQUEST", "CANCEL", "PUBLISH"]
_NOT_TAKEN_PLACE = ("Cancelled", "No-show")


def entry(b: BookingFacts, c: Context, method: Method | None = None) -> str:
    """The whole .ics text, CRLF and folded. Without `method`, the file of a download: see `method_of_file`.

    REQUEST with the reader as an attendee who has accepted puts the entry into the diary by itself or changes it, and
    CANCEL takes it out again; PUBLISH invites nobody, but names its organizer (RFC 5546, 3.2). Times are in UTC, so no
    zone definitions are needed. The entry does not make the reader busy.
    """
    method = method or method_of_file(b)
    calendar = Calendar()
    calendar.add("prodid", f"-//{_plain(c.site_name)}//parking//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    calendar.add_component(_event(b, c, method))
    return calendar.to_ical().decode()


def method_of_file(b: BookingFacts) -> Method:
    """CANCEL for a booking that did not take place: opened, the file must not put a removed entry back."""
    return "CANCEL" if b.get("status") in _NOT_TAKEN_PLACE else "PUBLISH"


def _event(b: BookingFacts, c: Context, method: Method) -> Event:
    start, end = span(b)
    event = Event()
    event.add("uid", uid(b, c.public_url))
    event.add("sequence", b.get("sequence") or 0)
    event.add("dtstamp", c.made_at.astimezone(UTC))
    event.add("dtstart", start)
    if end > start:  # RFC 5545, 3.8.2.2: a DTEND is later; an entry without one ends when it begins
        event.add("dtend", end)
    event.add("summary", _plain(f"{c.t('common.spot')} {b['spot_number']}, {b['lot_name']}"))
    event.add("location", _plain(", ".join(part for part in (b["lot_name"], b.get("lot_address")) if part)))
    event.add("description", _plain(f"{c.t('common.reference')}: {b['reference']}"))
    event.add("url", c.page("booking", id=b["id"]))
    event.add("status", "CANCELLED" if method == "CANCEL" else "CONFIRMED")
    event.add("transp", "TRANSPARENT")
    event.add("organizer", _person(c.organizer, c.site_name), encode=False)
    if method != "PUBLISH":
        attendee = _person(c.email, c.name or c.email)
        attendee.params.update(
            {"PARTSTAT": vText("ACCEPTED"), "ROLE": vText("REQ-PARTICIPANT"), "RSVP": vText("FALSE")}
        )
        event.add("attendee", attendee, encode=False)
    return event


def uid(b: BookingFacts, public_url: str) -> str:
    """The same for every entry of this booking, whatever changes in it."""
    return f"booking-{b['id']}-{_plain(b['reference'])}@{urlsplit(public_url).hostname or 'localhost'}"


def span(b: BookingFacts) -> tuple[datetime, datetime]:
    """What stands in the diary: the stay when it is over; until then, and for a booking that did not take place, the
    reserved window, or for an instant booking the time that is sure."""
    if b.get("status") == "Completed":
        start, end = parse(b["start_time"]), parse(b.get("end_time") or b["start_time"])
    else:
        start = parse(b.get("reserved_start") or b["start_time"])
        end = parse(b.get("reserved_end") or b.get("held_until") or b["start_time"])
    return start, max(start, end)


def _person(email: str, name: str) -> vCalAddress:
    person = vCalAddress(f"mailto:{addr_spec(email)}")  # a URI is ASCII where it can be (RFC 6068)
    # RFC 5545 knows no escape for a double quote in a parameter.
    person.params["CN"] = vText(_plain(name).replace('"', "'"))
    return person


def _plain(text: str) -> str:
    """One line without control characters: a name cannot add properties."""
    return header_text(text)
