"""CSV files, mails and the page call one thing by one word; what earlier exports called it is still understood."""

import json
import tomllib
from pathlib import Path

import pytest

from parking.csv_labels import column_of, label

ROOT = Path(__file__).parents[2]
FEATURES = ROOT / "frontend" / "src" / "features"


def page(folder, *path, language="de"):
    """A text of the page."""
    text = json.loads((FEATURES / folder / "locales" / f"{language}.json").read_text(encoding="utf-8"))
    for name in path:
        text = text[name]
    return text


@pytest.mark.parametrize(
    ("column", "folder", "path"),
    [
        ("ev", "lots", ("spot", "ev")),
        ("daily_cap", "lots/admin", ("adminLots", "field", "daily_cap")),
        ("cap_day", "lots/admin", ("adminLots", "field", "cap_day")),
        ("billing_step_seconds", "lots/admin", ("adminLots", "field", "billing_step_seconds")),
        ("checkin_grace_minutes", "lots/admin", ("adminLots", "field", "checkin_grace_minutes")),
        ("instant_hold_minutes", "lots/admin", ("adminLots", "field", "instant_hold_minutes")),
        ("require_checkin", "audit", ("audit", "field", "require_checkin")),
        ("instant", "statistics/admin", ("statistics", "name", "instant")),
        ("occupancy_percent", "statistics/admin", ("statistics", "name", "occupancy")),
        ("spot_number", "bookings", ("booking", "spot")),
    ],
)
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_heading_is_the_word_of_the_page(column, folder, path, language):
    assert label(column, language).removesuffix(" (%)") == page(folder, *path, language=language)


def test_a_price_line_of_a_mail_has_the_word_of_the_page():
    catalogue = tomllib.loads((ROOT / "backend/parking/mail/i18n/catalogue.toml").read_text(encoding="utf-8"))
    assert catalogue["price_line"]["capped"]["de"] == page("lots/admin", "adminLots", "field", "daily_cap")


@pytest.mark.parametrize(
    ("heading", "column"),
    [
        ("Tageshöchstpreis (EUR)", "daily_cap"),
        ("Tageshöchstpreis je", "cap_day"),
        ("Abrechnungstakt (Sekunden)", "billing_step_seconds"),
        ("Tageshöchstbetrag (EUR)", "daily_cap"),
        ("Check-in-Frist (Minuten)", "checkin_grace_minutes"),
        ("Garantierte Zeit (Minuten)", "instant_hold_minutes"),
        ("Check-in nötig", "require_checkin"),
        ("daily_cap", "daily_cap"),
        ("checkin_grace_minutes", "checkin_grace_minutes"),
    ],
)
def test_an_import_understands_the_headings_of_earlier_exports(heading, column):
    lot = {"daily_cap", "cap_day", "billing_step_seconds", "checkin_grace_minutes", "instant_hold_minutes"}
    assert column_of(heading, frozenset({*lot, "require_checkin", "name"})) == column
