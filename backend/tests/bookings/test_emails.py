"""The texts of the mails about a booking."""

from parking.mail import TEMPLATES
from parking.mail.rendering import render
from tests.mail.drafts import SITE, draft, with_long_names


def test_a_long_lot_name_leaves_the_spot_readable():
    context = with_long_names(TEMPLATES["booking_confirmation"].sample())
    subject = render.subject(draft("booking_confirmation", context=context), SITE)
    assert subject.startswith("Reserved: spot 17 at Überland")
    assert subject.endswith("…")


DAYS = [
    {"starts": "2026-11-24T08:00:00Z", "seconds": 57_600, "amount_minor": 1800, "capped": True},
    {"starts": "2026-11-25T00:00:00Z", "seconds": 3_661, "amount_minor": 254},
]


def said_of(lines, lang, **booking):
    context = {"booking": {**TEMPLATES["release_receipt"].sample()["booking"], **booking, "lines": lines}}
    return render.render(draft("release_receipt", lang, context), SITE).text.replace("\u00a0", " ")


def test_the_lines_of_a_receipt_are_in_the_recipients_language():
    assert "Tue 24 Nov 2026: €18.00 (16 h × €2.50, daily maximum)" in said_of(DAYS, "en")
    german = said_of(DAYS, "de")
    assert "Di., 24. Nov. 2026: 18,00 € (16 Std. × 2,50 €, Tageshöchstbetrag)" in german
    assert "Mi., 25. Nov. 2026: 2,54 € (1 Std. 1 Min. 1 s × 2,50 €)" in german
    free = [{"starts": DAYS[0]["starts"], "seconds": 300, "amount_minor": 0, "free": True}]
    assert "5 Min. × 2,50 €: 0,00 €, innerhalb der kostenlosen Zeit" in said_of(free, "de")


def test_a_receipt_shows_stay_and_reserved_time():
    """Who leaves early pays the window: the hours parked are not the hours charged."""
    window = {"reserved_start": "2026-11-23T10:00:00Z", "reserved_end": "2026-11-23T18:00:00Z"}
    text = said_of([], "en", **window, duration_seconds=28_800)
    assert "Duration: 5 h 28 min\n" in text
    assert "Reserved: Mon 23 Nov 2026, 10:00 – 18:00\n" in text
    assert "Time charged: 8 h\n" in text


def test_times_are_in_the_zone_of_the_lot_and_of_the_recipient():
    context = TEMPLATES["booking_confirmation"].sample()
    abroad = render.render(draft("booking_confirmation", context=context, timezone="Asia/Kolkata"), SITE).text
    abroad = abroad.replace("\u00a0", " ")
    assert "From: Tue 24 Nov 2026, 09:00" in abroad
    assert "Time zone: Europe/London (UTC+0)" in abroad
    assert "In your time: Tue 24 Nov 2026, 14:30 – 23:00 (Asia/Kolkata, UTC+5:30)" in abroad
    at_home = render.render(draft("booking_confirmation", context=context, timezone="Europe/London"), SITE).text
    assert "In your time" not in at_home
