"""A tariff in one line of a mail."""

import pytest

from parking.mail import Texts
from parking.pricing import tariff_line

WHOLE = {"hourly_minor": 280, "step_seconds": 900, "daily_cap_minor": 1800, "free_minutes": 15}


@pytest.mark.parametrize(
    ("tariff", "english", "german"),
    [
        (
            WHOLE,
            "€2.80/h · billed per 15 min · max €18/day · up to 15 min free",
            "2,80 €/Std. · je angefangene 15 Min. · max. 18 €/Tag · bis 15 Min. kostenlos",
        ),
        ({"hourly_minor": 300}, "€3/h · billed by the second", "3 €/Std. · sekundengenau abgerechnet"),
        ({**WHOLE, "hourly_minor": 0}, "free of charge", "kostenlos"),
        (
            {"hourly_minor": 250, "step_seconds": 3600, "daily_cap_minor": 1850, "cap_day": "calendar"},
            "€2.50/h · billed by the hour · max €18.50/calendar day",
            "2,50 €/Std. · je angefangene Stunde · max. 18,50 €/Kalendertag",
        ),
        (
            {"hourly_minor": 250, "step_seconds": 60, "free_minutes": 0, "daily_cap_minor": None},
            "€2.50/h · billed by the minute",
            "2,50 €/Std. · minutengenau abgerechnet",
        ),
    ],
)
def test_the_whole_tariff_in_one_line(tariff, english, german):
    lines = [tariff_line(tariff, "EUR", Texts(lang)).replace("\u00a0", " ") for lang in ("en", "de")]
    assert lines == [english, german]


def test_a_currency_without_hundredths():
    assert tariff_line({"hourly_minor": 30_000}, "JPY", Texts("en")) == "¥300/h · billed by the second"
