"""Lots from the files that spreadsheets of different countries save: all of them mean the same two lots."""

import pytest

from parking import csv_labels
from parking.csv_writer import dialect_of
from parking.errors import Invalid
from parking.lot_admin import csv_import, csv_reader

UTF8, UTF16 = "utf-8", "utf-16-le"
COMMA = (
    'name,capacity,price_per_hour,latitude,require_checkin\r\n"Parkhaus Süd",20,2.50,52.52,yes\r\nNord,4,1,-13.4,no\r\n'
)
SEMICOLON = (
    "name;capacity;price_per_hour;latitude;require_checkin\r\nParkhaus Süd;20;2,50;52,52;ja\r\nNord;4;1;-13,4;NEIN\r\n"
)
QUOTED = COMMA.replace("2.50,52.52", '"2,50","52,52"').replace("-13.4", '"-13,4"')
GERMAN = (
    "Name;Stellplätze;Preis pro Stunde (EUR);Breitengrad;Check-in nötig\n"
    "Parkhaus Süd;20;2,50;52,52;WAHR\nNord;4;1;-13,4;FALSCH"
)
TAB = SEMICOLON.replace(";", "\t")
FILES = {
    "a program's": (COMMA.encode(), UTF8, ",", "."),
    "with a mark": (b"\xef\xbb\xbf" + COMMA.encode(), UTF8, ",", "."),
    "case 14, UTF-8": (SEMICOLON.encode(), UTF8, ";", ","),
    "case 14, Windows-1252": (SEMICOLON.encode("windows-1252"), "windows-1252", ";", ","),
    "case 14, quoted decimals": (QUOTED.encode(), UTF8, ",", ","),
    "German headings": (GERMAN.encode("windows-1252"), "windows-1252", ";", ","),
    "Excel's Unicode text": (b"\xff\xfe" + TAB.encode(UTF16), UTF16, "\t", ","),
    "big-endian": (b"\xfe\xff" + TAB.encode("utf-16-be"), "utf-16-be", "\t", ","),
    "UTF-16 without a mark": (SEMICOLON.encode(UTF16), UTF16, ";", ","),
    "Excel's sep line": (("sep=;\r\n" + SEMICOLON).encode(), UTF8, ";", ","),
    "Excel's sep line, a tab": (('"sep=\t"\r\n' + TAB).encode(), UTF8, "\t", ","),
    "semicolons and points": (SEMICOLON.replace(",", ".").encode(), UTF8, ";", "."),
    "old line ends": (SEMICOLON.replace("\r\n", "\r").encode(), UTF8, ";", ","),
    "blank lines": (SEMICOLON.replace("\r\n", "\r\n;;;;\r\n\r\n").encode(), UTF8, ";", ","),
    "an empty column behind": (SEMICOLON.replace("\r\n", ";\r\n").encode(), UTF8, ";", ","),
    "capitals and spaces": (SEMICOLON.replace("price_per_hour", " Price Per Hour ").encode(), UTF8, ";", ","),
}  # fmt: skip


@pytest.mark.parametrize(("data", "encoding", "separator", "decimal"), FILES.values(), ids=FILES)
def test_files_of_all_spreadsheets_give_the_same_lots(data, encoding, separator, decimal):
    parsed = csv_import.parse(data)
    assert parsed.reading.as_json() == {"encoding": encoding, "separator": separator, "decimal": decimal}
    south, north = [changes.fields for changes in parsed.lots]
    assert south == {
        "name": "Parkhaus Süd", "capacity": 20, "price_per_hour": 250, "latitude": 52.52, "require_checkin": True,
    }  # fmt: skip
    assert (north["price_per_hour"], north["latitude"], north["require_checkin"]) == (100, -13.4, False)


def test_the_answer_says_how_the_file_was_read(client, auth, carol):
    def send(data, kind="text/csv"):
        return client.post("/api/lots/import?dry_run=true", data=data, content_type=kind, headers=auth(carol))

    answer = send(SEMICOLON.encode("windows-1252"))
    assert answer.json["dialect"] == {"encoding": "windows-1252", "separator": ";", "decimal": ","}
    assert [(lot["name"], lot["price_per_hour"]) for lot in answer.json["lots"]] == [("Parkhaus Süd", 2.5), ("Nord", 1)]
    assert send(b"name,capacity,price_per_hour\nA,1,1\n").json["dialect"]["decimal"] is None
    answer = send("name,capacity,price_per_hour\nÄ,1,1\n".encode("latin-1"), "text/csv; charset=ISO-8859-1")
    assert (answer.status_code, answer.json["lots"][0]["name"]) == (200, "Ä")
    for charset in ("idna", "zlib", "klingon", "utf-7"):
        refused = send(COMMA.encode(), f"text/csv; charset={charset}")
        assert (refused.status_code, refused.json["faults"][0]["reason"]) == (422, "encoding")


@pytest.mark.parametrize(
    ("cells", "sign"),
    [
        (["2,50"], ","),
        (["2.50"], "."),
        (["1.234,50"], ","),
        (["1,234.50"], "."),
        (["1 234,5"], ","),
        (["1\u202f234,5"], ","),
        (["1'234.5"], "."),
        (["1,234"], None),
        (["1.234", "7"], None),
        (["0,123"], ","),
        (["1.234.567"], None),
        (["1.234", "2,5"], ","),
        (["nan", "", "x,y"], None),
    ],
)
def test_the_decimal_sign_of_a_file(cells, sign):
    assert csv_reader.decimal_sign(cells) == sign


@pytest.mark.parametrize(
    ("cell", "sign", "plain"),
    [
        ("1.234,50", ",", "1234.50"),
        ("1.234", ",", "1234"),
        ("1.234", None, "1.234"),
        ("1,234.5", ".", "1234.5"),
        ("1 000", None, "1000"),
        ("12.34,5", ",", "12.34,5"),
        ("1,2,3", ",", "1.2,3"),
        ("-0,5", ",", "-0.5"),
        ("many", ",", "many"),
        ("2,50 €", ",", "2.50€"),
    ],
)
def test_numbers_as_programs_write_them(cell, sign, plain):
    """What is none is refused afterwards, with the line and the column."""
    assert csv_reader.plain_number(cell, sign) == plain


@pytest.mark.parametrize(
    "data",
    [b"", b"\xff\xfe", b"\xff\xfea", b"\0" * 40, b"\xff" * 40, b'"', b"sep=", b"sep=;\n", b"name",
     b";;;\n;;;", bytes(range(256)),
     "name,capacity,price_per_hour\nA,1,\ud800\n".encode("utf-8", "surrogatepass"),
     b"PK\x03\x04" + b"\0" * 99],
)  # fmt: skip
def test_another_file_is_refused_with_a_message(data):
    with pytest.raises(Invalid) as refused:
        csv_import.parse(data)
    assert refused.value.detail
    assert refused.value.members["faults"]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("A,99999999999999999999,1,", "capacity: The capacity must be at most 10,000."),
        ("A,b,1,", "capacity: The capacity must be a whole number."),
        ("A,1,1," + "9" * 400, "latitude: The latitude must be"),
    ],
)
def test_a_wrong_cell_has_a_message(line, sentence):
    with pytest.raises(Invalid) as refused:
        csv_import.parse(f"name,capacity,price_per_hour,latitude\n{line}\n")
    (message,) = (text for texts in refused.value.errors.values() for text in texts)
    assert message.startswith(sentence)
    assert "nput" not in message


def test_a_huge_cell_is_refused_with_a_message():
    with pytest.raises(Invalid) as refused:
        csv_import.parse("name,capacity,price_per_hour\n" + "x" * 200_000 + ",1,1\n")
    assert "more than 131,072 characters" in refused.value.detail


@pytest.mark.parametrize(
    ("charset", "name"), [("windows-1251", "Парковка"), ("windows-1250", "Płock"), ("koi8-r", "Юг")]
)
def test_the_encoding_that_the_sender_names_counts(charset, name):
    data = f"name;capacity;price_per_hour\n{name};1;1\n".encode(charset)
    (lot,) = csv_import.parse(data, charset).lots
    assert lot.fields["name"] == name


def test_a_line_is_named_as_an_editor_counts_them():
    text = 'name;capacity;price_per_hour;description\n"A";1;1;"two\nlines"\n\nB;many;1;\n'
    with pytest.raises(Invalid) as refused:
        csv_import.parse(text)
    assert [error["line"] for error in refused.value.members["faults"]] == [5]


def test_the_headings_of_our_own_files_are_taken():
    """A German export's heading of a lot is a heading of an import."""
    column_of, label = csv_labels.column_of, csv_labels.label
    for column in csv_import._COLUMNS:
        assert column_of(label(column, "de"), csv_import._COLUMNS) == column
        assert column_of(label(column, "en"), csv_import._COLUMNS) == column
    assert dialect_of("auto", "de").separator in csv_reader.SEPARATORS


@pytest.mark.parametrize("value", ["rolling", "calendar"])
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_words_of_our_own_files_are_taken(value, language):
    """What an export says of the day of a daily maximum is what an import reads, in capitals, too."""
    cell = csv_labels.word(value, language)
    for written in (cell, cell.upper()):
        (lot,) = csv_import.parse(f"name;capacity;price_per_hour;cap_day\nA;1;1;{written}\n").lots
        assert lot.fields["cap_day"] == value


@pytest.mark.parametrize(
    ("currency", "cell"),
    [
        *[
            ("EUR", cell)
            for cell in ("2,50 €", "€ 2,50", "€2,50", "2,50 EUR", "eur 2,50", "2,50\u00a0€", "2,50\u202f€")
        ],
        *[("CZK", "2,50 Kč"), ("PLN", "2,50 zł"), ("CHF", "Fr. 2,50"), ("GBP", "£2,50"), ("SEK", "2,50 kr")],
    ],
)
def test_an_amount_may_carry_the_sign_of_the_currency(currency, cell):
    file = f"name;capacity;price_per_hour\nSüd;20;{cell}\nNord;4;1,25\n"
    lots = csv_import.parse(file, currency=currency).lots
    assert [lot.fields["price_per_hour"] for lot in lots] == [250, 125]


@pytest.mark.parametrize("cell", ["2,50 $", "2,50 Euro", "€ 2,50 €", "2,50 CHF"])
def test_the_sign_of_another_currency_is_refused(cell):
    with pytest.raises(Invalid) as refusal:
        csv_import.parse(f"name;capacity;price_per_hour\nSüd;20;{cell}\n", currency="EUR")
    assert refusal.value.errors == {"line 2": ["price_per_hour: An amount must be a number."]}


@pytest.mark.parametrize(("locale", "encoding"), [("en", "utf-8"), ("de", "utf-8"), ("de", "windows-1252")])
def test_an_exported_list_of_lots_comes_back_as_it_was(client, auth, carol, locale, encoding):
    headers = auth(carol)
    client.put("/auth/me", json={"locale": locale}, headers=headers)
    lot = {"name": "Süd", "capacity": 3, "price_per_hour": 2.5, "timezone": "America/New_York", "daily_cap": 18.75}
    lot_id = client.post("/api/lots", json=lot, headers=headers).json["lot"]["id"]
    exported = client.get("/api/admin/lots.csv", headers=headers).data.decode("utf-8-sig")
    assert client.delete(f"/api/lots/{lot_id}", headers=headers).status_code == 200
    typed = {**headers, "Content-Type": f"text/csv; charset={encoding}"}
    answer = client.post("/api/lots/import", data=exported.encode(encoding), headers=typed)
    assert answer.status_code == 201, answer.json
    (again,) = answer.json["lots"]
    assert {name: again[name] for name in ("name", "capacity", "price_per_hour", "timezone")} == {
        name: lot[name] for name in ("name", "capacity", "price_per_hour", "timezone")
    }
    assert again["tariff"]["daily_cap"] == 18.75


def test_prices_in_another_currency_are_refused():
    with pytest.raises(Invalid) as refusal:
        csv_import.parse(b"name,capacity,price_per_hour,currency\nA,1,2,CHF\nB,1,2,EUR\n", currency="EUR")
    assert refusal.value.errors == {"line 2": ["currency: prices here are in EUR."]}


def test_lots_that_name_no_zone_get_the_one_that_was_asked_for(client, auth, carol):
    headers = {**auth(carol), "Content-Type": "text/csv"}
    file = b"name,capacity,price_per_hour,timezone\nA,1,2,\nB,1,2,Asia/Tokyo\n"
    url = "/api/lots/import?timezone="
    lots = client.post(f"{url}Europe/Berlin", data=file, headers=headers).json["lots"]
    assert [lot["timezone"] for lot in lots] == ["Europe/Berlin", "Asia/Tokyo"]
    assert client.post(f"{url}Europe/Nowhere", data=file, headers=headers).status_code == 422
