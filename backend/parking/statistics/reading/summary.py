"""The figures of a period and of a driver's month. Page, mails and CSV all ask here, so that no number can differ
between them. What each figure means stands in definitions.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, timedelta

from sqlalchemy.orm import Session

from parking import clock, settings
from parking.database import snapshot
from parking.errors import NotFound
from parking.lot_calendar import local_day, midnight
from parking.statistics.daily import refresh
from parking.statistics.daily.aggregate import Charts, Day
from parking.statistics.definitions import AdminFigures, BusiestHour, UserFigures, UserLot, figures, median, ratio
from parking.statistics.reading import queries
from parking.statistics.reading.days import Days
from parking.statistics.reading.lots import Lots

_ONE_DAY = timedelta(days=1)


# the administrator's ---------------------------------------------------------------------------


def admin_figures(
    session: Session,
    from_: date,
    to: date,
    lot_id: int | None = None,
    *,
    most: int | None = None,
    only: Sequence[int] | None = None,
) -> AdminFigures:
    """The figures of the local days from_ to `to` (both included) of one lot, or of all; `lots` has every lot, the
    first `most`, or `only` these.

    Raises NotFound for a lot that never was. Only reads, all as it is at one moment (unless the caller's session is
    inside a transaction: then it sees what that sees).
    """
    snapshot()
    now = clock.now()
    made = Days(session, from_, to, int(now.timestamp()), lot_id)
    if lot_id is not None and not made.zones:
        raise NotFound("There is no such lot.")
    charts = made.charts()
    best = charts.busiest
    lots, lots_total = Lots(made).figures(most, only)
    operator = settings.current().timezone
    return AdminFigures(
        from_=from_,
        to=to,
        lot_id=lot_id,
        as_of=now,
        currency=settings.current().currency,
        partial=any(to >= today for today in made.today.values()),
        totals=figures(made.totals()),
        drivers=made.drivers(),
        new_users=queries.new_users(session, midnight(from_, operator), midnight(to + _ONE_DAY, operator)),
        median_stay_minutes=median(charts.stay_minutes),
        busiest_hour=best and BusiestHour(best[2], best[3], 100 * best[0] / best[1]),
        lots=lots,
        lots_total=lots_total,
        days=made.day_figures(),
        hours=_hours(charts),
        stay_minutes=dict(sorted(charts.stay_minutes.items())),
    )


def by_day(session: Session, from_: date, to: date, lot_id: int | None = None) -> dict[date, Day]:
    """What each of these days was, hour by hour, in one lot or in all: what the heat map is made of. Days on which
    nothing was are missing. Raises NotFound as admin_figures does."""
    snapshot()
    made = Days(session, from_, to, int(clock.now().timestamp()), lot_id, by_month=False)
    if lot_id is not None and not made.zones:
        raise NotFound("There is no such lot.")
    return made.by_day


def _hours(charts: Charts) -> tuple[tuple[float | None, ...], ...]:
    return tuple(
        tuple(ratio(100 * part, whole) for part, whole in zip(*rows, strict=True))
        for rows in zip(charts.occupied, charts.available, strict=True)
    )


def previous_period(from_: date, to: date) -> tuple[date, date]:
    """The period to compare with: the months before for whole months; for the first days of a month the same days
    of the month before; else as many days right before."""
    if from_.day == 1 and to == refresh.month_end(to.replace(day=1)):
        months = (to.year - from_.year) * 12 + to.month - from_.month + 1
        index = from_.year * 12 + from_.month - 1 - months
        return date(index // 12, index % 12 + 1, 1), from_ - _ONE_DAY
    if from_.day == 1 and (from_.year, from_.month) == (to.year, to.month):
        first = (from_ - _ONE_DAY).replace(day=1)
        return first, min(first.replace(day=1) + (to - from_), from_ - _ONE_DAY)
    return from_ - (to - from_) - _ONE_DAY, from_ - _ONE_DAY


# the driver's -----------------------------------------------------------------------------------


def user_figures(session: Session, user_id: int, month: str) -> UserFigures:
    """One user's month ("YYYY-MM"). Raises ValueError for a text that names none."""
    first = date.fromisoformat(f"{month}-01")
    last = refresh.month_end(first)
    now = clock.now()
    lots: dict[int, UserLot] = {}
    for row in queries.ended_bookings(session, user_id, first, last):
        if first <= local_day(row.end, row.zone) <= last and (row.checked_in is not None or row.cost_minor):
            _add_visit(lots, row)
    listed = sorted(lots.values(), key=lambda lot: (-lot.visits, -lot.parked_s, lot.name))
    today = now.astimezone(UTC).date() - _ONE_DAY  # the last zone to leave a day is a day behind
    return UserFigures(
        month=f"{first:%Y-%m}",
        as_of=now,
        currency=settings.current().currency,
        partial=last >= today,
        visits=sum(lot.visits for lot in listed),
        parked_s=sum(lot.parked_s for lot in listed),
        spent_minor=sum(lot.spent_minor for lot in listed),
        lots=tuple(listed),
    )


def _add_visit(lots: dict[int, UserLot], row: queries.EndedBooking) -> None:
    lot = lots.get(row.lot_id) or UserLot(row.lot_id, row.name, 0, 0, 0)
    came = row.checked_in is not None
    lots[row.lot_id] = replace(
        lot,
        visits=lot.visits + came,
        parked_s=lot.parked_s + (row.end - row.checked_in if row.checked_in is not None else 0),
        spent_minor=lot.spent_minor + (row.cost_minor or 0),
    )
