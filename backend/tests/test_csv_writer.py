"""The one CSV writer: every dialect, no formula in any of them wherever a spreadsheet splits, and no other writer."""

import ast
import csv
import io
import re
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

import parking
from parking import csv_labels, csv_writer
from parking.csv_labels import LANGUAGES
from parking.csv_writer import FORMATS, MACHINE, Bare, Table, dialect_of
from parking.exports import columns
from parking.exports.lists import columns as lists
from parking.reports import emails
from parking.statistics import views
from parking.statistics.reading import hours
from tests.exports.test_columns import PAYLOADS, TEXT, row_of, table_of

GERMAN, ENGLISH = dialect_of("auto", "de"), dialect_of("auto", "en")
DIALECTS = {"machine": MACHINE, "de": GERMAN, "en": ENGLISH, "en;": dialect_of("semicolon", "en"),
            "de,": dialect_of("comma", "de-AT")}  # fmt: skip
SECOND = int(datetime(2026, 7, 2, 12, tzinfo=UTC).timestamp())
# Payloads also behind something harmless that ends in what another spreadsheet splits at, and control characters.
BREAKS = (
    ";",
    ",",
    "\t",
    "\n",
    "\r\n",
    "\r",
    '";',
    ';"',
    ";;",
    "|",
    "x|",
    "; ",
    ";\x01",
    ",\u200b",
    "\n\x1b",
    ";\u202e",
    ";\u00ad",
)
MORE = [
    *PAYLOADS,
    *(f"North{between}{payload}{between}y" for payload in PAYLOADS[:30] for between in BREAKS),
    *(f"{control}=1+1" for control in map(chr, [*range(1, 32), *range(127, 160), 0xAD, 0x61C, 0x202E, 0xFFF9])),
    *(f"{control}text" for control in map(chr, range(1, 32))),
    "\ud800=1+1",
]
SIGNS = re.compile(r"[=+\-@|%＝＋－＠｜％]")
DROPPED = re.compile(
    '[\\s\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"]*'
)


def cells_of(data: bytes, separator: str, own: str) -> list[str]:
    """As a spreadsheet splits that looks for this separator; at another than the file's `own`, also one that takes no
    notice of the quotes, because they do not stand where its cells begin."""
    text = data.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for cell in row]
    if separator == own:
        return cells
    return [*cells, *(cell for line in re.split(r"\r\n|\r|\n", text) for cell in line.split(separator))]


def dangerous(cell: str) -> bool:
    rest = DROPPED.sub("", cell, count=1)
    return bool(SIGNS.match(rest)) and not re.fullmatch(r"-?[\d.,]+", rest)


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS)
@pytest.mark.parametrize("name", TEXT)
def test_no_cell_is_a_formula_wherever_a_spreadsheet_splits(name, dialect):
    data = csv_writer.whole(table_of(name), [row_of(name, text) for text in MORE], dialect)
    for separator in ",;\t|":
        assert [cell for cell in cells_of(data, separator, dialect.separator) if dangerous(cell)] == []


def test_the_control_finds_formulas_without_the_guard(monkeypatch):
    monkeypatch.setitem(csv_writer._WRITERS, MACHINE, {})
    data = csv_writer.whole(table_of("spots"), [row_of("spots", text) for text in MORE])
    for separator in ",;\t|":
        assert len([cell for cell in cells_of(data, separator, ",") if dangerous(cell)]) > 50


@pytest.mark.parametrize("separator", [",", ";"])
def test_only_apostrophes_are_added(separator):
    for text in MORE:
        assert csv_writer.safe_text(text, separator).replace("'", "") == text.replace("'", "")


# dialects ---------------------------------------------------------------------------------


def test_which_dialect_an_account_gets():
    german, comma = csv_writer.Dialect(";", ",", "de"), csv_writer.Dialect(",", ".", "de")
    assert [dialect_of(name, "de") for name in FORMATS] == [german, MACHINE, comma, german]
    assert dialect_of("auto", None) == dialect_of("auto", "fr-FR") == dialect_of("comma", "en") == ENGLISH
    assert dialect_of("auto", "DE_at") == GERMAN


def test_a_german_file():
    row = row_of("lots", "Parkhaus Süd")
    head, line = csv_writer.whole(columns.LOT_TABLE, [row], GERMAN).decode().split("\r\n")[:2]
    assert head.startswith('\ufeff"ID";"Name";"Stellplätze";"Preis pro Stunde";"Währung";"Zeitzone";"Adresse"')
    assert line.startswith('1;"Parkhaus Süd";5;2,50;"Parkhaus Süd";"Europe/Berlin";"Parkhaus Süd";52,5;-13,4;')
    assert ';"ja";' in line
    assert line.endswith(';2026-03-02 13:00:00;2026-03-02 13:00:00;""')


def test_an_english_file_and_one_for_programs():
    row = row_of("users", "amelia")
    english = csv_writer.whole(columns.user_table("Europe/Berlin", "EUR"), [row], ENGLISH).decode().split("\r\n")
    machine = csv_writer.whole(columns.user_table("Europe/Berlin", "EUR"), [row]).decode().split("\r\n")
    assert machine[0].startswith('\ufeff"id","email","username"')
    assert english[0].startswith('\ufeff"ID","Email","User name"')
    assert english[0].count(",") == machine[0].count(",") + 1
    assert english[0].endswith(',"Time zone of the times"')
    assert english[1] == machine[1].replace('"2026-03-02T13:00:00+01:00"', "2026-03-02 13:00:00") + ',"Europe/Berlin"'


@pytest.mark.parametrize(
    ("value", "german", "english"),
    [
        (Decimal("1234.50"), "1234,50", "1234.50"),
        (Decimal("-0.05"), "-0,05", "-0.05"),
        (1e-05, "0,00001", "1e-05"),
        (2.5, "2,5", "2.5"),
        (7, "7", "7"),
        (True, '"ja"', '"yes"'),
        (False, '"nein"', '"no"'),
        (None, '""', '""'),
        (date(2026, 3, 2), "2026-03-02", "2026-03-02"),
        (Bare("2026-03-02 13:00"), "2026-03-02 13:00", "2026-03-02 13:00"),
        ("2,50", '"2,50"', '"2,50"'),
        ('a "b"', '"a ""b"""', '"a ""b"""'),
        ("\ud800", '"?"', '"?"'),
    ],
)
def test_cells(value, german, english):
    table = Table("t", ("id",), lambda row, _times: row)
    assert csv_writer.lines(table, [[value]], GERMAN).decode() == f"{german}\r\n"
    assert csv_writer.lines(table, [[value]], ENGLISH).decode() == f"{english}\r\n"


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"])
def test_local_times_are_those_of_the_wall(zone):
    from zoneinfo import ZoneInfo

    for second in range(SECOND, SECOND + 366 * 86_400, 86_400 * 3 + 4321):
        expected = datetime.fromtimestamp(second, ZoneInfo(zone))
        assert csv_writer.local_times(zone)(second) == f"{expected:%Y-%m-%d %H:%M:%S}"
        assert csv_writer.times(zone)(second) == expected.isoformat()


def test_every_column_has_its_headings():
    """Of all files, also of the tables of the statistics."""
    tables = [
        columns.booking_table(lambda row: ("", None, None, None), with_user=True),
        columns.user_table("UTC", "EUR"),
        columns.LOT_TABLE,
    ]
    tables += [lists.audit_table("UTC", {}, for_people=True), lists.mail_table("UTC"), lists.export_table("UTC")]
    header = {name for table in (*tables, columns.SPOT_TABLE, emails.LOT_FIGURES) for name in table.header}
    header |= {*views._LOT_COLUMNS, *hours.HEADER, "time_zone", "revenue_EUR", "spent_EUR"}
    for name in header:
        assert csv_labels.label(name, "de")
        assert re.fullmatch(r"[A-Z][^_]*", csv_labels.label(name, "en")), name
    assert [csv_labels.label("revenue_EUR", one) for one in LANGUAGES] == ["Revenue (EUR)", "Umsatz (EUR)"]
    ids = ("lot_id", "spot_id", "user_id")
    for language in LANGUAGES:
        of_bookings = [csv_labels.label(name, language) for name in (*columns.BOOKING_HEADER, *ids)]
        assert len(set(of_bookings)) == len(of_bookings)


# nobody else ------------------------------------------------------------------------------


def places_that_write_csv(folder: Path) -> set[str]:
    """Files that use the csv module to write."""
    files = set()
    for path in folder.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        nodes = list(ast.walk(ast.parse(source)))
        names = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        modules = {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
        modules |= {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
        if {"csv", "pandas"} & modules and {"writer", "DictWriter", "writerow", "writerows", "to_csv"} & names:
            files.add(path.relative_to(folder).as_posix())
    return files


def places_that_use_the_writer(folder: Path) -> set[str]:
    calls = re.compile(r"csv_writer\.(document|whole|lines)\(")
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if calls.search(path.read_text(encoding="utf-8"))
    }


def test_csv_is_written_in_one_place_and_everybody_uses_it():
    folder = Path(parking.__file__).parent
    assert places_that_write_csv(folder) == {"csv_writer.py"}
    assert places_that_use_the_writer(folder) == {
        "exports/build.py",  # POST /api/exports, GET /api/export by mail, /api/admin/export-all-data
        "exports/lists/service.py",  # the administrators' lists: bookings.csv, users.csv, lots.csv
        "exports/service.py",  # GET /api/export with Accept: text/csv
        "reports/emails/attachments.py",  # of the administrators' monthly report
        "reports/emails/user_report.py",
        "statistics/csv_tables.py",  # /api/stats/*.csv, and Accept: text/csv there
    }


def test_every_answer_and_attachment_of_this_type_comes_from_there():
    """Whoever says "text/csv" is one of these files; the import reads, and a reference only names the type."""
    folder = Path(parking.__file__).parent
    named = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*.py")
        if re.search(r'"text/csv', path.read_text(encoding="utf-8"))
    }
    assert named == {
        "exports/emails.py",  # the file that build.py wrote
        "exports/lists/routes.py",  # lists/service.py
        "exports/routes.py",  # that file, or service.csv_of
        "lot_admin/routes.py",  # reads
        "reports/emails/attachments.py",
        "reports/emails/user_report.py",
        "statistics/routes.py",  # csv_tables
    }


def test_the_page_writes_no_csv_of_what_people_typed():
    """Its only one is the constant sample of the import."""
    source = Path(parking.__file__).parents[2] / "frontend" / "src"
    files = [
        path.name
        for path in [*source.rglob("*.ts"), *source.rglob("*.vue")]
        if re.search(r"new Blob\(", path.read_text(encoding="utf-8")) and "text/csv" in path.read_text(encoding="utf-8")
    ]
    assert [name for name in files if not name.endswith(".spec.ts")] == ["ImportDialog.vue"]
