"""The mails of the reports equal the page and the CSV files."""

import csv
import io
import zipfile
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from parking import clock, mail
from parking.database import db
from parking.exports import files
from parking.mail.models import OutboxMail
from parking.reports import batches, emails, periods, report_types, schedule, send_now, tasks
from parking.reports.emails import attachments
from parking.statistics.reading import summary
from tests.conftest import make_user
from tests.exports.stage import make_lot, stay

DAY = 24 * 3600


def mails(kind):
    db.session.close()
    rows = list(db.session.scalars(select(OutboxMail).where(OutboxMail.kind == kind).order_by(OutboxMail.id)))
    db.session.close()  # what comes next shall not be seen as of now
    return rows


def to(year, month, day, hour=0):
    clock.travel((datetime(year, month, day, hour, tzinfo=UTC) - clock.now()).total_seconds())


def rows_of(data):
    return list(csv.DictReader(io.StringIO(data.removeprefix("\ufeff"), newline="")))


@pytest.fixture
def city(app, carol):
    """Two lots in Berlin and a month of stays, over midnight and over the night in which the clocks go forward."""
    schedule.begin()
    dora = make_user("dora", "user")
    lots = [make_lot("Harbour"), make_lot("Station", 3, price=400)]
    start = datetime(2026, 2, 20, 7, 30, tzinfo=UTC)
    for n in range(60):
        lot, spot = lots[n % 2], n // 2 % 3 + 1
        begun = start + timedelta(hours=17 * n)
        status = "Cancelled" if n % 11 == 5 else "No-show" if n % 13 == 7 else "Completed"
        kind = "instant" if status == "Completed" and n % 3 else "reserved"
        stay(dora, lot, begun, 1 + n % 7 * 0.75, status=status, kind=kind, spot=spot, cost=101 + 37 * n)
    return dora, lots


def test_the_drivers_month_equals_page_and_file(city, client, auth):
    dora, _ = city
    to(2026, 4, 1)
    schedule.run_due()
    [message] = mails("user_monthly_report")
    facts = message.facts
    page = summary.user_statistics(db.session, dora.id, "2026-03")
    assert facts["figures"] == {
        "visits": page.visits,
        "parked_seconds": page.parked_s,
        "spent_minor": page.spent_minor,
    }
    before = summary.user_statistics(db.session, dora.id, "2026-02")
    assert facts["previous"]["spent_minor"] == before.spent_minor
    assert page.visits > before.visits > 0
    assert [lot["name"] for lot in facts["lots"]] == [lot.name for lot in page.lots]
    [attached] = message.attachments
    rows = rows_of(attached["text"])
    assert attached["text"].startswith("\ufeff")
    assert sum(Decimal(row["Total cost"] or 0) for row in rows) * 100 == page.spent_minor
    assert sum(1 for row in rows if row["Checked in"]) == page.visits
    assert all(row["End"].startswith("2026-03") for row in rows)


def test_the_drivers_month_against_plain_arithmetic(city):
    """Not our functions: every row of the month by its end in Berlin, summed here."""
    dora, _ = city
    to(2026, 4, 1)
    schedule.run_due()
    low, high = datetime(2026, 2, 28, 23, tzinfo=UTC), datetime(2026, 3, 31, 22, tzinfo=UTC)
    rows = db.session.execute(
        select(summary.queries.Booking).where(summary.queries.Booking.user_id == dora.id)
    ).scalars()
    mine = [b for b in rows if low <= b.end_time < high]
    came = [b for b in mine if b.checked_in_at]
    [message] = mails("user_monthly_report")
    assert message.facts["figures"] == {
        "visits": len(came),
        "parked_seconds": int(sum((b.end_time - b.checked_in_at).total_seconds() for b in came)),
        "spent_minor": sum(b.total_cost_minor or 0 for b in mine),
    }


def test_the_administrators_month_equals_the_page(city):
    to(2026, 4, 1)
    schedule.run_due()
    [message] = mails("admin_monthly_report")
    page = summary.period_statistics(db.session, datetime(2026, 3, 1).date(), datetime(2026, 3, 31).date())
    mailed = message.facts["figures"]
    assert (mailed["bookings"], mailed["revenue_minor"], mailed["occupancy_percent"], mailed["new_users"]) == (
        page.totals.bookings,
        page.totals.revenue_minor,
        page.totals.occupancy_percent,
        page.new_users,
    )
    assert mailed["bookings"] > 20
    lots, bookings = message.attachments
    assert [lots["filename"], bookings["filename"]] == ["lots_2026-03.csv", "bookings_2026-03.csv"]
    by_lot = rows_of(lots["text"])
    assert sum(Decimal(row["Revenue"]) for row in by_lot) * 100 == page.totals.revenue_minor
    assert sum(int(row["Bookings"]) for row in by_lot) == page.totals.bookings
    rows = rows_of(files.absolute(bookings["path"]).read_text())
    ended = [row for row in rows if row["End"].startswith("2026-03")]
    assert sum(Decimal(row["Total cost"] or 0) for row in ended) * 100 == page.totals.revenue_minor
    assert sum(1 for row in rows if row["Start"].startswith("2026-03")) == page.totals.bookings


def test_the_daily_report_is_of_the_day_before_and_compares_with_the_one_before(city):
    to(2026, 3, 5, 8)
    schedule.run_due()
    message = mails("admin_daily_report")[-1]
    day = datetime(2026, 3, 4).date()
    page, before = (summary.period_statistics(db.session, d, d) for d in (day, day - timedelta(days=1)))
    assert message.facts["day"] == "2026-03-04"
    assert message.facts["figures"]["revenue_minor"] == page.totals.revenue_minor
    assert message.facts["previous"]["revenue_minor"] == before.totals.revenue_minor
    assert message.attachments == []


def test_the_first_of_a_month_is_compared_with_the_last_of_the_one_before(city):
    to(2026, 3, 2, 13)
    period = periods.period(report_types.REPORTS["admin_daily_report"].rule(), "2026-03-01")
    assert emails.Days.of(period).before() == (datetime(2026, 2, 28).date(), datetime(2026, 2, 28).date())


def test_a_digest_adds_the_months_up(city):
    dora, _ = city
    to(2026, 5, 20)
    schedule.run_due()
    [message] = mails("user_monthly_report")
    months = [summary.user_statistics(db.session, dora.id, month) for month in ("2026-03", "2026-04")]
    assert (message.facts["month"], message.facts["since"], message.facts["previous"]) == (
        "2026-04",
        "2026-03-01",
        None,
    )
    assert message.facts["figures"]["spent_minor"] == sum(month.spent_minor for month in months)
    rows = rows_of(message.attachments[0]["text"])
    assert sum(Decimal(row["Total cost"] or 0) for row in rows) * 100 == message.facts["figures"]["spent_minor"]


def test_every_mail_can_be_rendered(city):
    """From the outbox row to text and HTML, with what the timetable really put there."""
    to(2026, 4, 12, 18)
    schedule.run_due()
    for kind in ("user_monthly_report", "admin_monthly_report", "admin_daily_report", "inactivity_reminder"):
        message = mails(kind)[-1]
        preview = mail.preview(message)
        assert message.subject in preview.subject
        assert len(preview.html) < 100_000


def test_a_large_file_is_packed_and_a_too_large_one_is_left_to_the_page(city, monkeypatch):
    to(2026, 4, 1)
    monkeypatch.setattr(attachments, "ATTACHED_UP_TO", 5000)
    schedule.run_due()
    _, packed = mails("admin_monthly_report")[-1].attachments
    with zipfile.ZipFile(files.absolute(packed["path"])) as archive:
        assert archive.namelist() == ["report_bookings_2026-03.csv"]
    monkeypatch.setattr(attachments, "ATTACHED_UP_TO", 50)
    send_now.start(["admin_monthly_report"], force=True)
    batches.process_batches()
    assert len(mails("admin_monthly_report")[-1].attachments) == 1
    assert list(files.report_path("x").parent.glob("report_*.csv")) == []


def test_attached_files_are_deleted_after_a_week(city):
    to(2026, 4, 1)
    schedule.run_due()
    path = files.absolute(mails("admin_monthly_report")[-1].attachments[1]["path"])
    with clock.set_to(datetime.now(UTC) + timedelta(days=6)):
        assert tasks.tidy_reports() == 0
    with clock.set_to(datetime.now(UTC) + timedelta(days=8)):
        assert tasks.tidy_reports() == 1
    assert not path.exists()
