"""The lots, and the days up to which the sums of each are stored."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from typing import NamedTuple

from sqlalchemy import (
    ColumnElement,
    and_,
    or_,
    select,
)
from sqlalchemy.orm import Session

from parking.database.functions import among, from_unix, unix_seconds
from parking.lot_calendar import midnight
from parking.lots import Lot
from parking.staff import Scope
from parking.statistics.daily.aggregate import CurrentState
from parking.statistics.daily.models import LotRolled
from parking.statistics.scope import of_lots


class LotProgress(NamedTuple):
    """A lot, and how far it has been rolled up (see LotRolled; None everywhere: not yet)."""

    id: int
    name: str
    zone: str
    closed: int | None
    rolled_zone: str | None
    first_day: date | None
    last_day: date | None
    version: int | None
    holds_until: int | None
    cars: int | None
    held: int | None
    spots: int | None

    @property
    def is_rolled(self) -> bool:
        """Whether stored days are valid: a lot that moved to another zone has other days."""
        return self.rolled_zone == self.zone

    def is_over(self, now: int) -> bool:
        """Whether the last stored day is outdated: it was projected to its end, and a known change came before that."""
        if self.holds_until is None or self.holds_until > now or self.last_day is None or self.rolled_zone is None:
            return False
        return self.holds_until < midnight(self.last_day + timedelta(days=1), self.rolled_zone)

    def is_open(self, now: int) -> bool:
        """Whether the last stored day is projected to its end and still true."""
        return self.holds_until is not None and self.holds_until > now

    @property
    def current_state(self) -> CurrentState:
        return CurrentState(self.cars or 0, self.held or 0, self.spots or 0)


_PROGRESS_COLUMNS = (
    *(LotRolled.timezone, LotRolled.first_day, LotRolled.last_day, LotRolled.version),
    *(unix_seconds(LotRolled.holds_until), LotRolled.cars, LotRolled.held, LotRolled.spots),
)


def lots(session: Session, scope: Scope = None, *, which: ColumnElement[bool] | None = None) -> list[LotProgress]:
    """All lots, deleted ones too (their bookings stay in the sums); some lots; or those that meet a condition."""
    query = (
        select(Lot.id, Lot.name, Lot.calendar, unix_seconds(Lot.deleted_at), *_PROGRESS_COLUMNS)
        .outerjoin(LotRolled, LotRolled.lot_id == Lot.id)
        .where(*of_lots(Lot.id, scope))
        .order_by(Lot.id)
    )
    if which is not None:
        query = query.where(which)
    return [LotProgress._make(row) for row in session.execute(query)]


def moved() -> ColumnElement[bool]:
    """Condition: the lot was rolled up in another zone than its present one."""
    return LotRolled.timezone != Lot.calendar


def behind(lasts: dict[str, date], changed: Collection[int], now: int) -> ColumnElement[bool]:
    """Condition: a day of the lot may have to be counted. It is not rolled up to its zone's day in
    `lasts`, its projection has ended, it moved to another zone, or it is in `changed`."""
    parts = [and_(Lot.calendar == zone, LotRolled.last_day < last) for zone, last in lasts.items()]
    outdated = LotRolled.holds_until <= from_unix(now)
    return or_(LotRolled.timezone.is_(None), moved(), outdated, *parts, among(Lot.id, sorted(changed)))


def zones(session: Session, scope: Scope = None) -> list[str]:
    """The time zones of these lots, deleted ones too."""
    query = select(Lot.calendar).distinct().order_by(Lot.calendar)
    return list(session.scalars(query.where(*of_lots(Lot.id, scope))))
