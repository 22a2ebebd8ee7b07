"""The texts of the catalogue, and how a language writes numbers and times."""

import re

import pytest

from parking.mail.i18n import LANGUAGES, Texts, catalogue


def test_utc_is_written_once():
    assert Texts("en").zone_label("UTC", "2026-10-24T22:00:00Z") == "UTC"
    assert Texts("de").in_zone("10:30 Uhr", "UTC", "2026-10-24T22:00:00Z") == "10:30 Uhr (UTC)"
    assert Texts("de").in_zone("10:30", "Asia/Kolkata", "2026-10-24T22:00:00Z") == "10:30 (Asia/Kolkata,\u00a0UTC+5:30)"


@pytest.mark.parametrize(
    ("zone", "english", "german"),
    [
        (
            "Europe/Berlin",
            "Thu 31 Dec 2026, 23:30 – Fri 1 Jan 2027, 00:30",
            "Do., 31. Dez. 2026, 23:30 Uhr – Fr., 1. Jan. 2027, 00:30 Uhr",
        ),
        ("America/New_York", "Thu 31 Dec 2026, 17:30 – 18:30", "Do., 31. Dez. 2026, 17:30 – 18:30 Uhr"),
    ],
)
def test_every_date_has_its_year_by_the_clock_of_the_zone(zone, english, german):
    """Mails and notices are read at any time; of the page, see format.spec.ts."""
    for language, text in (("en", english), ("de", german)):
        span = Texts(language).span("2026-12-31T22:30:00Z", "2026-12-31T23:30:00Z", zone)
        assert span.replace("\u00a0", " ") == text


def test_a_whole_percentage_has_no_decimal():
    assert [Texts("en").percent(value) for value in (3.96, 4, 4.04, 4.06)] == ["4%", "4%", "4%", "4.1%"]


def test_a_stay_over_the_change_of_clocks_names_both_offsets():
    assert (
        Texts("de").zone_label("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T05:00:00Z")
        == "Europe/Berlin (UTC+2, dann UTC+1)"
    )


@pytest.mark.parametrize(
    ("minor", "currency", "english", "german"),
    [
        (123456789, "EUR", "€1,234,567.89", "1.234.567,89\u00a0€"),
        (5, "GBP", "£0.05", "0,05\u00a0£"),
        (-150, "USD", "−$1.50", "−1,50\u00a0$"),
        (50000, "JPY", "¥500", "500\u00a0¥"),
        (100, "CHF", "CHF\u00a01.00", "1,00\u00a0CHF"),
        (2**53 + 1, "EUR", "€90,071,992,547,409.93", "90.071.992.547.409,93\u00a0€"),
    ],
)
def test_money_is_written_exactly(minor, currency, english, german):
    assert Texts("en").money(minor, currency) == english
    assert Texts("de").money(minor, currency) == german


def test_the_catalogue_has_every_text_in_every_language_with_the_same_values():
    for section, entries in catalogue().items():
        for key, texts in entries.items():
            assert set(texts) == set(LANGUAGES), f"{section}.{key}"
            blanks = {lang: set(re.findall(r"{(\w+)}", text)) for lang, text in texts.items()}
            assert blanks["en"] == blanks["de"], f"{section}.{key}"
