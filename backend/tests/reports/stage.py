"""What the tests of reports read, and many users for them."""

from collections import Counter
from datetime import UTC, datetime

from sqlalchemy import select

from parking import clock
from parking.database import db
from parking.mail.models import OutboxMail
from parking.reports import batches
from parking.reports.models import ReportRun
from tests.exports.stage import many_users

DAY = 24 * 3600


def mails(kind=None):
    db.session.rollback()
    query = select(OutboxMail.kind, OutboxMail.user_id, OutboxMail.facts)
    rows = [row for row in db.session.execute(query.order_by(OutboxMail.id)) if kind in (None, row.kind)]
    db.session.close()  # so that the next read is not of this snapshot
    return rows


def periods_of(kind):
    """The periods of the mails of this kind."""
    return [row.facts.get("day") or row.facts.get("month") for row in mails(kind)]


def sent_runs():
    """How often the send log has each (kind, period, recipient)."""
    db.session.rollback()
    return Counter(
        tuple(row) for row in db.session.execute(select(ReportRun.kind, ReportRun.period, ReportRun.recipient))
    )


def due_month(number, monkeypatch):
    """So many drivers, and a month that has just ended for them; small pages and transactions, so many races."""
    many_users(number)
    clock.travel((datetime(2026, 4, 1, 0, 0, 10, tzinfo=UTC) - clock.now()).total_seconds())
    monkeypatch.setattr(batches, "PAGE", 10)
    monkeypatch.setattr(batches, "MAILS_PER_TRANSACTION", 3)
