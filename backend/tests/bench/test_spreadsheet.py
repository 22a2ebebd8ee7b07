"""LibreOffice itself opens our files for people, and saves lots that we import."""

import re
import shutil
import subprocess
from datetime import UTC, datetime

import pytest

from bench import spreadsheet
from parking import csv_writer
from parking.exports import columns
from parking.exports.lists import columns as lists
from parking.lot_admin import csv_import
from parking.reports import emails
from tests.exports.test_columns import row_of

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(OFFICE is None, reason="there is no LibreOffice (soffice) here"),
]
SECOND = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp())
TEXT = "=1+1;=2+2"
NAMES = {"lot": {7: TEXT}}
AUDIT = lists.AuditRow(
    9, SECOND, "a@example.com", TEXT, "lot.updated", "lot", 7, {"name": TEXT}, {"lot_id": 7, "price": 2.5}, TEXT
)
MAIL = lists.MailRow(
    9,
    "release_receipt",
    TEXT,
    "a@example.com",
    "sent",
    1,
    TEXT,
    SECOND,
    SECOND + 60,
    SECOND + 61,
    4,
    5,
    "<1@example.com>",
)
EXPORT = lists.ExportRow(9, "bookings", "comma", "done", 120, 4096, SECOND, SECOND + 1, SECOND + 2, TEXT)
TABLES = {
    "bookings": (columns.booking_table(lambda row: ("", None, None, None), with_user=True), row_of("bookings", TEXT)),
    "users": (columns.user_table("Europe/Berlin", "EUR"), row_of("users", TEXT)),
    "lots": (columns.LOT_TABLE, row_of("lots", TEXT)),
    "spots": (columns.SPOT_TABLE, row_of("spots", TEXT)),
    "audit": (lists.audit_table("Europe/Berlin", {"lot_id": "lot"}, for_people=True), (AUDIT, NAMES)),
    "emails": (lists.mail_table("Europe/Berlin"), MAIL),
    "exports": (lists.export_table("Europe/Berlin"), EXPORT),
    "lot_figures": (emails.LOT_FIGURES, [1, TEXT, *[2] * 10]),
}
NAMESPACE = "http://openoffice.org/2001"
GERMAN_OFFICE = f"""<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="{NAMESPACE}/registry">
<item oor:path="/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse">
<value>de-DE</value></prop></item>
</oor:items>
"""
TEMPLATE = (
    "Name;Stellplätze;Preis pro Stunde;Adresse;Breitengrad;Check-in nötig\r\n"
    "Parkhaus Süd;20;2,50;Königstraße 1;52,5;ja\r\nÄrztehaus;4;1;Am Öltor 3;-13,4;nein\r\n"
)


@pytest.mark.parametrize("language", ["de", "en"])
def test_every_file_for_people_opens_with_dates_and_numbers_and_no_formula(tmp_path, language):
    dialect = csv_writer.dialect_of("auto", language)
    folder = tmp_path / "ours"
    folder.mkdir()
    for name, (table, row) in TABLES.items():
        (folder / f"{name}.csv").write_bytes(csv_writer.whole(table, [row], dialect))
    code = spreadsheet.GERMAN if language == "de" else spreadsheet.ENGLISH
    opened = spreadsheet._open(OFFICE, sorted(folder.iterdir()), tmp_path / "opened", ord(dialect.separator), code)
    assert len(opened) == len(TABLES)
    for name, document in zip(sorted(TABLES), opened, strict=True):
        kinds = _kinds(document)
        assert "table:formula=" not in document, name
        assert kinds.count("float") >= 2, name
        times = len(re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", (folder / f"{name}.csv").read_text("utf-8")))
        assert kinds.count("date") == times, name
    assert sum(_kinds(document).count("date") for document in opened) > 10


def _kinds(document: str) -> list[str]:
    """The types of all cells; equal neighbours are written as one cell that is repeated."""
    kinds = []
    for cell in re.findall(r"<table:table-cell [^>]*office:value-type[^>]*>", document):
        repeated = re.search(r'number-columns-repeated="(\d+)"', cell)
        kinds += re.findall(r'office:value-type="(\w+)"', cell) * (int(repeated[1]) if repeated else 1)
    return kinds


def test_lots_that_libreoffice_saves_are_imported(tmp_path):
    """Opened and saved by a German LibreOffice: semicolons, decimal commas, Windows-1252."""
    profile = tmp_path / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(GERMAN_OFFICE)
    template = tmp_path / "lots.csv"
    template.write_bytes(TEMPLATE.encode("windows-1252"))
    read = f"Text - txt - csv (StarCalc):59,34,1,1,,{spreadsheet.GERMAN},false,true,false"
    written = f"csv:Text - txt - csv (StarCalc):59,34,1,1,,{spreadsheet.GERMAN},false,true,false"
    subprocess.run(
        [OFFICE, f"-env:UserInstallation={profile.as_uri()}", "--headless", f"--infilter={read}",
         "--convert-to", written, "--outdir", str(tmp_path / "saved"), str(template)],
        check=True, capture_output=True, timeout=spreadsheet.SECONDS,
    )  # fmt: skip
    saved = (tmp_path / "saved" / "lots.csv").read_bytes()
    assert "Königstraße".encode("windows-1252") in saved
    parsed = csv_import.parse(saved)
    assert parsed.reading.as_json() == {"encoding": "windows-1252", "separator": ";", "decimal": ","}
    south, doctors = [changes.fields for changes in parsed.lots]
    assert south == {
        "name": "Parkhaus Süd", "capacity": 20, "price_per_hour": 250, "address": "Königstraße 1", "latitude": 52.5,
        "require_checkin": True,
    }  # fmt: skip
    assert (doctors["name"], doctors["price_per_hour"], doctors["latitude"]) == ("Ärztehaus", 100, -13.4)
