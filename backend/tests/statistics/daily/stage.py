"""What the roll-up tests read."""

from sqlalchemy import func, select

from parking import clock
from parking.database import db
from parking.statistics import definitions
from parking.statistics.daily.models import LotDay, StatsChange
from parking.statistics.reading import summary


def stored_days() -> list:
    db.session.rollback()
    return [tuple(row) for row in db.session.execute(select(LotDay.__table__).order_by(LotDay.lot_id, LotDay.day))]


def logged_changes() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(StatsChange))


def metrics_of_today() -> definitions.Metrics:
    db.session.rollback()
    return summary.period_statistics(db.session, clock.now().date(), clock.now().date()).totals
