"""What a diary hears of a booking: every state of one, and every way an entry comes about (mail or download)."""

import email
import email.policy
from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar
from sqlalchemy import select, update

from parking import clock
from parking.bookings import expiry, service
from parking.database import db
from parking.mail.models import OutboxMail
from parking.mail.outbox import delivery
from parking.mail.rendering import render
from parking.settings import current
from tests.bookings.helpers import make_lot, park, reserve, row, text
from tests.mail.rendering.test_calendar import strict

H = timedelta(hours=1)
START = datetime(2026, 3, 2, 12, tzinfo=UTC)


class Entry:
    """One calendar file, read by a strict reader of RFC 5545 and by icalendar."""

    def __init__(self, raw: bytes) -> None:
        values = {name: value for name, _, value in strict(raw)}
        (event,) = Calendar.from_ical(raw).walk("VEVENT")
        self.method, self.status = values["METHOD"], str(event["STATUS"])
        self.uid, self.sequence = str(event["UID"]), int(event["SEQUENCE"])
        self.start = event["DTSTART"].dt
        self.end = event["DTEND"].dt if "DTEND" in event else self.start
        self.stamp = event["DTSTAMP"].dt
        self.check(values)

    def check(self, values):
        """RFC 5546: who must be named for which method (3.2.1, 3.2.2, 3.2.5), and which status goes with it."""
        assert "ORGANIZER" in values
        assert ("ATTENDEE" in values) == (self.method in ("REQUEST", "CANCEL"))
        assert (self.status == "CANCELLED") == (self.method == "CANCEL")
        assert "DTEND" not in values or self.end > self.start, "RFC 5545, 3.8.2.2"

    def __repr__(self):
        return f"{self.method} {self.status} {self.sequence} {self.start:%d %H:%M:%S}-{self.end:%d %H:%M:%S}"


def mailed(booking_id):
    """(kind, entry or None) of every mail about the booking, in the order they were queued."""
    db.session.rollback()
    files = []
    for queued in db.session.scalars(select(OutboxMail).filter_by(booking_id=booking_id).order_by(OutboxMail.id)):
        raw = render.wire(delivery.draft(queued, current()), delivery.site(current()))
        message = email.message_from_bytes(raw, policy=email.policy.default)
        parts = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
        entries = {part.get_payload(decode=True) for part in parts}
        assert len(entries) <= 1
        entry = Entry(entries.pop()) if entries else None
        assert all(part["Content-Type"].params["method"] == entry.method for part in parts)
        files.append((queued.kind, entry))
    return files


@pytest.fixture
def download(client, auth, alice):
    def get(booking_id):
        answer = client.get(f"/api/bookings/{booking_id}/calendar.ics", headers=auth(alice))
        assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
        return Entry(answer.data)

    return get


# lives: each makes a booking, has the clock and people act on it, and yields its id at every stop -------------


def sent(booking):
    """The mails so far are with their reader, and two minutes have passed: the next is not joined with them."""
    db.session.execute(update(OutboxMail).values(state="sent", sent_at=clock.now()))
    db.session.commit()
    clock.travel(120)
    return booking


def leaves_early(alice, lot):
    booking = park(alice, lot)["id"]
    yield booking
    clock.travel(1)
    service.release(booking, alice.id)
    yield booking


def leaves_at_once(alice, lot):
    booking = park(alice, lot)["id"]
    service.release(booking, alice.id)
    yield booking


def overstays(alice, lot):
    booking = park(alice, lot)["id"]
    for _ in range(3):
        clock.travel(3 * 3600)
        expiry.apply_all_due_transitions()
        yield booking
    service.release(booking, alice.id)
    yield booking


def extends_and_is_put_out(alice, lot):
    booking = sent(park(alice, lot)["id"])
    service.extend(booking, alice.id, minutes=90)
    yield booking
    clock.travel(2 * 3600 - 120)
    service.release(booking, None, reason="A fire inspection.")
    yield booking


def cancels(alice, lot):
    booking = reserve(alice, lot, 3 * H, 2 * H)["id"]
    yield booking
    service.cancel(booking, alice.id)
    yield booking


def extends_twice_at_once(alice, lot):
    """One mail tells the last state (at most one confirmation a minute)."""
    booking = park(alice, lot)["id"]
    for _ in range(2):
        service.extend(booking, alice.id, minutes=30)
        yield booking
    clock.travel(3600)
    service.release(booking, alice.id)
    yield booking


def extends_and_cancels(alice, lot):
    booking = sent(reserve(alice, lot, 3 * H, 2 * H)["id"])
    service.extend(booking, alice.id, minutes=30)
    yield booking
    service.cancel(booking, None, reason="Level 2 is closed.")
    yield booking


def begins_and_ends_by_itself(alice, lot):
    booking = reserve(alice, lot, H, H)["id"]
    clock.travel(3600)
    expiry.apply_all_due_transitions()
    yield booking
    clock.travel(3700)
    yield booking  # over by the clock, not yet swept
    expiry.apply_all_due_transitions()
    yield booking


def leaves_before_the_end(alice, lot):
    booking = reserve(alice, lot, H, 2 * H)["id"]
    clock.travel(2 * 3600)
    service.release(booking, alice.id)
    yield booking


def comes_early_and_stays_late(alice, lot):
    booking = reserve(alice, lot, H, H)["id"]
    clock.travel(3600 - 600)
    service.check_in(booking, alice.id)
    yield booking
    clock.travel(3 * 3600)
    expiry.apply_all_due_transitions()
    yield booking
    service.release(booking, alice.id)
    yield booking


def never_comes(alice, lot):
    booking = reserve(alice, lot, H, H)["id"]
    yield booking
    clock.travel(3 * 3600)
    yield booking  # missed by the clock, not yet swept
    expiry.apply_all_due_transitions()
    yield booking


def is_moved_and_cancels(alice, lot):
    """Another car stays on the spot when the window begins."""
    other = park(alice, lot, spot_id=None)
    booking = reserve(alice, lot, 5 * H, H, spot_id=other["spot_id"])["id"]
    yield booking
    clock.travel(5 * 3600)
    expiry.apply_all_due_transitions()
    assert row(booking).spot_id != other["spot_id"]
    yield booking
    clock.travel(600)
    expiry.apply_all_due_transitions()
    yield booking


R, C = ("REQUEST", "CONFIRMED"), ("CANCEL", "CANCELLED")
_OF = {
    "confirmation": "booking_confirmation",
    "receipt": "release_receipt",
    "forced": "booking_force_released",
    "cancelled": "booking_cancelled",
    "moved": "booking_moved",
    "no-show": "booking_no_show",
}
# life, check-in asked for, [mail, its entry: (method, status), begins, ends in seconds after noon], the same of the
# download at the end (PUBLISH where the booking took place)
LIVES = [
    (leaves_early, False, [("confirmation", R, 0, 14400), ("receipt", R, 0, 1)], (0, 1)),
    (leaves_at_once, False, [("confirmation", R, 0, 14400), ("receipt", R, 0, 0)], (0, 0)),
    (overstays, False, [("confirmation", R, 0, 14400), ("receipt", R, 0, 32400)], (0, 32400)),
    (
        extends_and_is_put_out,
        False,
        [("confirmation", R, 0, 14400), ("confirmation", R, 0, 19800), ("forced", R, 0, 7200)],
        (0, 7200),
    ),
    (extends_twice_at_once, False, [("confirmation", R, 0, 18000), ("receipt", R, 0, 3600)], (0, 3600)),
    (cancels, False, [("confirmation", R, 10800, 18000), ("cancelled", C, 10800, 18000)], C),
    (
        extends_and_cancels,
        False,
        [("confirmation", R, 10800, 18000), ("confirmation", R, 10800, 19800), ("cancelled", C, 10800, 19800)],
        C,
    ),
    (begins_and_ends_by_itself, False, [("confirmation", R, 3600, 7200), ("receipt", None, 0, 0)], (3600, 7200)),
    (leaves_before_the_end, False, [("confirmation", R, 3600, 10800), ("receipt", R, 3600, 7200)], (3600, 7200)),
    (comes_early_and_stays_late, True, [("confirmation", R, 3600, 7200), ("receipt", R, 3000, 13800)], (3000, 13800)),
    (never_comes, True, [("confirmation", R, 3600, 7200), ("no-show", C, 3600, 7200)], C),
    (is_moved_and_cancels, False, [("confirmation", R, 18000, 21600), ("moved", R, 18000, 21600)], (18000, 21600)),
]


@pytest.mark.parametrize(("life", "check_in", "mails", "final"), LIVES, ids=lambda case: getattr(case, "__name__", ""))
def test_the_calendar_entry_follows_every_change(alice, carol, download, life, check_in, mails, final):
    lot = make_lot(carol, require_checkin=check_in)
    downloads = []
    for booking in life(alice, lot):
        downloads.append((db.session.rollback(), row(booking).status, download(booking))[1:])
    mailed_entries = mailed(booking)
    assert [kind for kind, _ in mailed_entries] == [_OF[kind] for kind, *_ in mails]
    for (_, entry), (kind, expected, begins, ends) in zip(mailed_entries, mails, strict=True):
        assert (entry is None) == (expected is None), kind
        if entry:
            assert (entry.method, entry.status) == expected
            assert (entry.start - START, entry.end - START) == (timedelta(seconds=begins), timedelta(seconds=ends))

    entries = [entry for _, entry in mailed_entries if entry]
    assert len({entry.uid for entry in [*entries, *(entry for _, entry in downloads)]}) == 1
    sequences = [entry.sequence for entry in entries]
    assert sequences == sorted(set(sequences)), "every mailed change has a SEQUENCE of its own"
    loaded = [entry.sequence for _, entry in downloads]
    assert loaded == sorted(loaded)
    assert loaded[-1] >= sequences[-1], "a file never takes a diary back"

    last = downloads[-1][1]
    if final is C:
        assert (last.method, last.status) == C
        assert (last.start, last.end) == (entries[-1].start, entries[-1].end)
    else:
        assert (last.method, last.status) == ("PUBLISH", "CONFIRMED")
        assert (last.start - START, last.end - START) == tuple(timedelta(seconds=n) for n in final)


def test_one_entry_shows_one_window_for_one_sequence(alice, carol, download):
    """RFC 5546, 2.1.4: whenever the window changes, the SEQUENCE rises; also with the renewals nobody is mailed of."""
    for life, check_in, *_ in LIVES:
        lot = make_lot(carol, life.__name__, require_checkin=check_in)
        with clock.set_to(START):
            windows = {}
            for booking in life(alice, lot):
                entry = download(booking)
                windows.setdefault(entry.sequence, set()).add((entry.start, entry.end, entry.status))
        for _, entry in mailed(booking):
            if entry:
                windows.setdefault(entry.sequence, set()).add((entry.start, entry.end, entry.status))
        assert all(len(of_one) == 1 for of_one in windows.values()), (life.__name__, windows)


def test_a_receipt_has_the_times_of_the_entry(alice, carol, client, auth, download):
    booking = park(alice, make_lot(carol))["id"]
    clock.travel(1234)
    service.release(booking, alice.id)
    receipt = client.get(f"/api/bookings/{booking}/receipt", headers=auth(alice)).json["receipt"]["booking"]
    entry = download(booking)
    assert (receipt["start_time"], receipt["end_time"]) == (text(entry.start), text(entry.end))


def test_the_calendar_file_is_downloaded(client, auth, alice, carol):
    booking = reserve(alice, make_lot(carol), H, H)
    answer = client.get(f"/api/bookings/{booking['id']}/calendar.ics", headers=auth(alice))
    assert answer.mimetype == "text/calendar"
    [event] = Calendar.from_ical(answer.data).walk("VEVENT")
    assert event["DTSTART"].dt == clock.now() + H
