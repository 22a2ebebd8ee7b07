"""A currency without hundredths is charged whole, and everything that tells a sum tells the same one."""

import csv
import io
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from parking import clock, mail, money
from parking.bookings import service
from parking.database import db
from parking.mail.i18n import Texts
from parking.mail.models import OutboxMail
from parking.pricing import TariffTerms, cost_lines, cost_minor
from tests.bookings.helpers import make_lot, park
from tests.conftest import make_settings

NEW = {"name": "Shibuya", "capacity": 3, "price_per_hour": 300}


@pytest.fixture(params=["JPY"])
def settings(request, database_url, tmp_path):
    return make_settings(tmp_path, database_url=database_url, currency=request.param)


@pytest.mark.parametrize("settings", ["JPY", "KRW", "ISK", "CLP"], indirect=True)
def test_every_sum_is_whole_and_the_same(client, auth, alice, carol, settings):
    currency = settings.currency
    lot = client.post("/api/lots", json=NEW, headers=auth(carol)).json["lot"]
    assert (lot["price_per_hour"], lot["currency"]) == (300, currency)
    booking = park(alice, lot)
    clock.travel(3721)
    done = client.post(f"/api/release/{booking['id']}", headers=auth(alice)).json
    assert done["total_cost"] == 310
    receipt = client.get(f"/api/bookings/{booking['id']}/receipt", headers=auth(alice)).json["receipt"]
    assert receipt["total_cost"] == sum(line["amount"] for line in receipt["lines"]) == 310
    assert receipt["lines"][0]["text"] == f"1 h 2 min 1 s × 300 {currency}/h"
    letter = db.session.scalars(select(OutboxMail).where(OutboxMail.kind == "release_receipt")).one()
    written = Texts("en").money(31000, currency)
    assert "310" in written
    assert "310." not in written
    assert written.replace("\u00a0", " ") in letter.subject
    text = mail.preview(letter).text
    assert written in text
    assert "310.0" not in text
    listed = client.get("/api/bookings", headers=auth(alice)).json
    assert listed["totals"] == {"count": 1, "total_cost": 310, "currency": currency}
    exported = client.get("/api/export", headers=auth(alice, Accept="text/csv")).get_data(as_text=True)
    row = dict(zip(*csv.reader(io.StringIO(exported.lstrip("\ufeff"))), strict=True))
    assert (row["price_per_hour"], row["total_cost"], row["currency"]) == ("300", "310", currency)
    stats = client.get("/api/stats/user?month=2026-03", headers=auth(alice)).json["stats"]
    assert (stats["spent"], stats["currency"]) == (310, currency)
    query = {"from": "2026-03-02", "to": "2026-03-02"}
    figures = client.get("/api/stats/admin", query_string=query, headers=auth(carol)).json["stats"]["figures"]
    assert next(one["value"] for one in figures if one["name"] == "revenue") == 310


@pytest.mark.parametrize("field", ["price_per_hour", "daily_cap"])
def test_an_amount_with_decimals_is_refused(client, auth, carol, field):
    sentence = "An amount in JPY must be a whole number."
    answer = client.post("/api/lots", json={**NEW, field: 330.55}, headers=auth(carol))
    assert (answer.status_code, answer.json["errors"]) == (422, {field: [sentence]})
    lot = make_lot(carol, price_per_hour=30000)
    changed = client.put(f"/api/lots/{lot['id']}", json={field: 0.5}, headers=auth(carol))
    assert (changed.status_code, changed.json["errors"]) == (422, {field: [sentence]})
    columns = {"name": "A", "capacity": 1, "price_per_hour": 300, field: 330.55}
    text = f"{','.join(columns)}\n{','.join(map(str, columns.values()))}\n"
    answer = client.post("/api/lots/import", data=text, headers=auth(carol, **{"Content-Type": "text/csv"}))
    assert answer.status_code == 422
    assert [(f["line"], f["column"], f["reason"]) for f in answer.json["faults"]] == [(2, field, "whole_amount")]


def test_a_lot_keeps_its_currency_when_the_operators_changes(app, client, auth, alice, carol):
    """Nothing is converted: old lots go on in yen, whole; new ones have the new currency; sums of both are not made."""
    yen = make_lot(carol, price_per_hour=30000)
    app.extensions["settings"] = replace(app.extensions["settings"], currency="EUR")
    euro = make_lot(carol, "Harbour 2", price_per_hour=250)
    assert (yen["currency"], euro["currency"]) == ("JPY", "EUR")
    url = f"/api/lots/{yen['id']}"
    assert client.put(url, json={"price_per_hour": 310.5}, headers=auth(carol)).status_code == 422
    assert client.put(url, json={"price_per_hour": 310}, headers=auth(carol)).json["lot"]["currency"] == "JPY"
    for lot in (yen, euro):
        booking = park(alice, lot)
        clock.travel(3721)
        service.release(booking["id"], alice.id)
    costs = [b["total_cost"] for b in client.get("/api/bookings", headers=auth(alice)).json["bookings"]]
    assert sorted(costs) == [2.58, 320]
    totals = client.get("/api/bookings", headers=auth(alice)).json["totals"]
    assert totals == {"count": 2, "total_cost": None, "currency": None}


START = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "whole", "hundredths"),
    [(0, 0, 0), (5, 0, 42), (6, 100, 50), (3600, 30000, 30000), (3721, 31000, 31008), (3725, 31000, 31042)],
)
def test_the_amount_is_rounded_half_up_once_to_the_smallest_unit(seconds, whole, hundredths):
    end = START + timedelta(seconds=seconds)
    assert cost_minor(TariffTerms(30000, unit_minor=100), START, end) == whole
    assert cost_minor(TariffTerms(30000), START, end) == hundredths


def test_the_days_under_a_cap_are_whole_and_add_up():
    tariff = TariffTerms(12345, day_cap_minor=100_050, unit_minor=100)  # a cap from before the rule
    lines = cost_lines(tariff, START, START + timedelta(hours=53, minutes=7))
    assert all(line.amount_minor % 100 == 0 for line in lines)
    assert [line.amount_minor for line in lines][:2] == [100_000, 100_000]


def test_texts_write_an_old_amount_with_its_decimals():
    assert Texts("en").money(31008, "JPY") == "¥310.08"
    assert Texts("de").money(31000, "JPY") == "310\u00a0¥"
    assert (money.plain_text(31008, "JPY"), money.plain_text(31000, "JPY")) == ("310.08", "310")
    assert (money.plain_text(250, "EUR"), money.plain_text(5, "EUR")) == ("2.50", "0.05")


def test_the_frontend_has_the_same_currencies():
    file = Path(__file__).parents[3] / "frontend" / "src" / "shared" / "format" / "currencies.ts"
    source = file.read_text(encoding="utf-8")
    assert set(re.findall(r"\b[A-Z]{3}\b", source.split("split")[0].split("WHOLE")[1])) == money.WHOLE


def test_the_log_names_a_price_without_hundredths(client, auth, carol):
    lot = client.post("/api/lots", json=NEW, headers=auth(carol)).json["lot"]
    client.put(f"/api/lots/{lot['id']}", json={"price_per_hour": 310}, headers=auth(carol))
    names = client.get("/api/admin/audit?q=lot.updated", headers=auth(carol)).json["names"]["tariff"]
    assert sorted(names.values()) == ["300 JPY", "310 JPY"]
