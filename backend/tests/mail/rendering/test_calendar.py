"""The calendar entry is read by two parsers: icalendar, and a strict one of our own that knows RFC 5545's lines."""

import email
import email.policy
import re
from datetime import UTC, datetime

import pytest
from icalendar import Calendar

from parking.bookings.emails.confirmation import instant_sample
from parking.mail import TEMPLATES
from parking.mail.rendering import render
from tests.mail.drafts import LONG, SITE, draft

_PARAMETER = r';[A-Z0-9-]+=(?:"[^"\x00-\x08]*"|[^";:,\x00-\x08]*)'
_PROPERTY = re.compile(rf"(?P<name>[A-Z0-9-]+)(?P<params>(?:{_PARAMETER})*):(?P<value>.*)")


def strict(raw: bytes) -> list[tuple[str, dict, str]]:
    """Every content line as (name, parameters, value). Raises AssertionError for what RFC 5545 forbids."""
    text = raw.decode("utf-8")
    assert text.endswith("\r\n")
    lines = text.split("\r\n")[:-1]
    assert not any("\n" in line or "\r" in line for line in lines), "only CRLF ends a line"
    assert all(len(line.encode()) <= 75 for line in lines), "no line is longer than 75 bytes"
    unfolded = re.sub(r"\r\n[ \t]", "", text).split("\r\n")[:-1]
    lines = []
    for line in unfolded:
        match = _PROPERTY.fullmatch(line)
        assert match, line
        parameters = dict(p.split("=", 1) for p in re.findall(r';((?:[^";]|"[^"]*")+)', match["params"]))
        lines.append((match["name"], parameters, match["value"]))
    _check_nesting(lines)
    return lines


def _check_nesting(lines):
    stack = []
    for name, _, value in lines:
        if name == "BEGIN":
            stack.append(value)
        if name == "END":
            assert stack.pop() == value
    assert stack == []


def parts_of(kind, **more):
    raw = render.wire(draft(kind, **more), SITE)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    return [part for part in message.walk() if part.get_content_type() == "text/calendar"]


def entry_of(kind, **more):
    alternative, attached = parts_of(kind, **more)
    assert alternative.get_payload(decode=True) == attached.get_payload(decode=True)
    assert attached.get_content_disposition() == "attachment"
    assert alternative.get_content_disposition() is None
    raw = alternative.get_payload(decode=True)
    lines = strict(raw)
    values = {name: value for name, _, value in lines}
    assert alternative["Content-Type"].params["method"] == values["METHOD"]
    assert attached["Content-Type"].params["method"] == values["METHOD"]
    (event,) = Calendar.from_ical(raw).walk("VEVENT")
    return values, event


@pytest.mark.parametrize(
    ("kind", "method", "sequence", "status"),
    [
        ("booking_confirmation", "REQUEST", "0", "CONFIRMED"),
        ("booking_moved", "REQUEST", "1", "CONFIRMED"),
        ("booking_cancelled", "CANCEL", "2", "CANCELLED"),
        ("booking_no_show", "CANCEL", "1", "CANCELLED"),
    ],
)
def test_both_parsers_read_the_entry(kind, method, sequence, status):
    values, event = entry_of(kind)
    assert values["METHOD"] == method
    assert values["SEQUENCE"] == sequence == str(event["SEQUENCE"])
    assert values["STATUS"] == status == str(event["STATUS"])
    assert values["DTSTART"] == "20261124T090000Z"
    assert event["DTSTART"].dt == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert event["DTEND"].dt == datetime(2026, 11, 24, 17, 30, tzinfo=UTC)
    assert {"UID", "DTSTAMP", "ORGANIZER", "ATTENDEE"} <= set(values)


def test_one_booking_has_one_entry_through_its_whole_life():
    kinds = ("booking_confirmation", "booking_moved", "booking_cancelled")
    uids = {str(entry_of(kind)[1]["UID"]) for kind in kinds}
    assert uids == {"booking-4711-PW-7K3M-Q2@park.example.com"}
    sequences = [int(entry_of(kind)[1]["SEQUENCE"]) for kind in kinds]
    assert sequences == sorted(set(sequences))


def test_a_file_of_several_cancels_each_of_them_and_invites_nobody():
    """CANCEL is for one entry alone (RFC 5546, 3.2.5), but PUBLISH may say of several that they are cancelled."""
    (file,) = parts_of("bookings_cancelled")
    assert (file.get_content_disposition(), file.get_filename()) == ("attachment", "cancelled.ics")
    raw = file.get_payload(decode=True)
    names = [name for name, _, _ in strict(raw)]
    events = Calendar.from_ical(raw).walk("VEVENT")
    assert file["Content-Type"].params["method"] == str(Calendar.from_ical(raw)["METHOD"]) == "PUBLISH"
    assert [(str(event["STATUS"]), int(event["SEQUENCE"])) for event in events] == [("CANCELLED", 1)] * 3
    assert len({str(event["UID"]) for event in events}) == 3
    assert (names.count("ORGANIZER"), names.count("ATTENDEE")) == (3, 0)
    assert "CONFIRMED" in parts_of("series_booked")[0].get_payload(decode=True).decode()


def test_an_instant_booking_shows_the_guaranteed_time():
    _, event = entry_of("booking_confirmation", context=instant_sample())
    assert event["DTEND"].dt == datetime(2026, 11, 23, 14, 12, tzinfo=UTC)


def test_awkward_text_is_escaped_and_folded():
    context = TEMPLATES["booking_confirmation"].sample()
    context["booking"]["lot_name"] = f'{LONG}; "A, B" \\ C\nD'
    _, event = entry_of("booking_confirmation", context=context, name='Zoë "the driver"; Ö:X,Y')
    assert str(event["SUMMARY"]) == f'Spot 17, {LONG}; "A, B" \\ C D'
    assert event["ATTENDEE"].params["CN"] == "Zoë 'the driver'; Ö:X,Y"


def test_the_attendee_has_an_ascii_domain():
    _, event = entry_of("booking_confirmation", email="vera@straße.example")
    assert event["ATTENDEE"] == "mailto:vera@xn--strae-oqa.example"


def test_mails_that_change_no_calendar_have_no_entry():
    for kind in ("reservation_reminder", "password_changed", "test_message"):
        assert parts_of(kind) == []
    window = {"start_time": "2026-11-24T09:00:00Z", "end_time": "2026-11-24T17:30:00Z"}
    context = TEMPLATES["release_receipt"].sample()
    context["booking"] |= {"reserved_start": window["start_time"], "reserved_end": window["end_time"], **window}
    assert parts_of("release_receipt", context=context) == [], "it ended as the diary has it"


@pytest.mark.parametrize("kind", ["release_receipt", "booking_force_released"])
def test_the_end_of_a_stay_is_told_to_the_diary(kind):
    values, event = entry_of(kind)
    assert (values["METHOD"], values["STATUS"], values["SEQUENCE"]) == ("REQUEST", "CONFIRMED", "1")
    assert event["DTSTART"].dt == datetime(2026, 11, 23, 10, 12, tzinfo=UTC)
    assert event["DTEND"].dt == datetime(2026, 11, 23, 15, 40, 27, tzinfo=UTC)


def test_a_stay_of_no_length_has_no_end_that_is_not_later():
    context = TEMPLATES["release_receipt"].sample()
    context["booking"]["end_time"] = context["booking"]["start_time"]
    values, event = entry_of("release_receipt", context=context)
    assert "DTEND" not in values
    assert event["DTSTART"].dt == datetime(2026, 11, 23, 10, 12, tzinfo=UTC)


def test_messages_queued_by_older_versions_still_have_their_entry():
    """Their context say nothing of the status."""
    context = TEMPLATES["booking_cancelled"].sample()
    del context["booking"]["status"]
    context["booking"]["end_time"] = "2026-11-23T11:00:00Z"
    _, event = entry_of("booking_cancelled", context=context)
    assert (str(event["STATUS"]), event["DTEND"].dt) == ("CANCELLED", datetime(2026, 11, 24, 17, 30, tzinfo=UTC))


def test_the_strict_reader_refuses_what_it_should():
    good = parts_of("booking_confirmation")[0].get_payload(decode=True)
    for broken in (
        good.replace(b"\r\n", b"\n"),
        good.replace(b"END:VEVENT\r\n", b""),
        good.replace(b"SEQUENCE:", b"SEQUENCE"),
        good.replace(b"URL:", b"URL:" + b"x" * 80),
    ):
        with pytest.raises(AssertionError):
            strict(broken)
