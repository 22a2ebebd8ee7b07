"""The lots of a period, the highest revenue first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, select, union_all

from parking.database import functions
from parking.database.functions import among
from parking.statistics.daily import local_hours
from parking.statistics.daily.aggregate import CurrentState
from parking.statistics.daily.local_hours import remaining_seconds
from parking.statistics.daily.models import ALL_LOTS, LotDay, LotMonth, LotRolled
from parking.statistics.daily.sums import SUMS, Sums
from parking.statistics.definitions import LotMetrics, metrics
from parking.statistics.reading import queries
from parking.statistics.reading.days import Days


class Lots:
    """The metrics of each lot over a period."""

    def __init__(self, days: Days) -> None:
        self.days = days

    def ranked(self, most: int | None = None, only: Sequence[int] | None = None) -> tuple[tuple[LotMetrics, ...], int]:
        """The `most` lots with the highest revenue (None: all), or the lots in `only`; and the number of all lots."""
        if self.days.scope is not None:
            only = [lot_id for lot_id in self.days.rows if only is None or lot_id in only]
        if only is not None or most is None:
            lots = self._listed(only)
            return tuple(lots[:most]), len(lots)
        highest, others = self._highest(most)
        lots = self._listed([*highest, *sorted(self.days.live_lots)])
        return tuple(lots[:most]), others + sum(lot.lot_id in self.days.live_lots for lot in lots)

    def _highest(self, most: int) -> tuple[list[int], int]:
        """The lots with the highest stored revenue among those without days counted live, and the number of those."""
        parts = [_ranked(LotDay, LotDay.day.between(*run)) for run in local_hours.runs(self.days.remaining_days)]
        if self.days.months:
            parts.append(_ranked(LotMonth, LotMonth.month.in_(self.days.months)))
        stored = union_all(*parts).subquery()
        query = select(stored.c.lot_id, func.count().over()).where(~among(stored.c.lot_id, sorted(self.days.live_lots)))
        order = func.sum(stored.c.revenue_minor).desc(), func.sum(stored.c.visits).desc(), stored.c.lot_id
        rows = self.days.session.execute(query.group_by(stored.c.lot_id).order_by(*order).limit(most)).all()
        return [lot_id for lot_id, _ in rows], rows[0][1] if rows else 0

    def _listed(self, ids: Sequence[int] | None) -> list[LotMetrics]:
        """These lots (None: all) that have any sum, the highest revenue first."""
        sums, peaks = self._stored_by_lot(ids)
        listed_ids = None if ids is None else set(ids)
        for sign, lot_days in ((-1, self.days.stored), (1, self.days.live)):
            for (lot_id, _), day in lot_days.items():
                if listed_ids is None or lot_id in listed_ids:
                    sums.setdefault(lot_id, Sums()).add(day.sums, sign)
        self._subtract_remaining(sums, ids)
        peaks |= self._peaks(peaks)
        names = queries.names(self.days.session, ids)
        by_lot = ((lot_id, metrics(of_lot)) for lot_id, of_lot in sums.items())
        listed = [
            LotMetrics(lot_id, names[lot_id], of_lot, peaks.get(lot_id, 0)) for lot_id, of_lot in by_lot if any(of_lot)
        ]
        return sorted(listed, key=lambda lot: (-lot.metrics.revenue_minor, -lot.metrics.visits, lot.lot_id))

    def _subtract_remaining(self, sums: dict[int, Sums], ids: Sequence[int] | None) -> None:
        """Subtracts the remaining time of the present day from the lots' sums."""
        if not self.days.open_states:
            return
        columns = LotRolled.lot_id, LotRolled.timezone, LotRolled.last_day
        query = select(*columns, LotRolled.cars, LotRolled.held, LotRolled.spots)
        query = query.where(
            LotRolled.holds_until > functions.from_unix(self.days.now),
            LotRolled.last_day.between(self.days.first, self.days.last),
        )
        for lot_id, zone, day, *counts in self.days.session.execute(
            query if ids is None else query.where(among(LotRolled.lot_id, ids))
        ):
            if lot_id in sums and (lot_id, day) not in self.days.recounted:
                CurrentState(*counts).subtract_remaining(sums[lot_id], remaining_seconds(zone, day, self.days.now))

    def _stored_by_lot(self, ids: Sequence[int] | None) -> tuple[dict[int, Sums], dict[int, int]]:
        """lot -> its stored sums, and its peak; whole months are read from the months, the other days one by one."""
        sums: dict[int, Sums] = {}
        peaks: dict[int, int] = {}
        if self.days.months:
            self._gather(sums, peaks, LotMonth, LotMonth.month.in_(self.days.months), ids)
        for first, last in local_hours.runs(self.days.remaining_days):
            self._gather(sums, peaks, LotDay, LotDay.day.between(first, last), ids)
        return sums, peaks

    def _gather(
        self,
        sums: dict[int, Sums],
        peaks: dict[int, int],
        table: type[LotDay | LotMonth],
        when: ColumnElement[bool],
        ids: Sequence[int] | None,
    ) -> None:
        columns_of = table.__table__.c  # plain columns are faster for ten thousand rows
        of_lots = columns_of.lot_id != ALL_LOTS if ids is None else among(columns_of.lot_id, ids)
        columns = [cast(func.sum(columns_of[name]), BigInteger) for name in SUMS]
        query = (
            select(columns_of.lot_id, func.max(columns_of.peak_cars), *columns)
            .where(when, of_lots)
            .group_by(columns_of.lot_id)
        )
        for lot_id, peak, *values in self.days.session.execute(query):
            if lot_id in sums:
                sums[lot_id].add(Sums(*values))
                peaks[lot_id] = max(peak, peaks[lot_id])
            else:
                sums[lot_id], peaks[lot_id] = Sums(*values), peak

    def _peaks(self, stored: dict[int, int]) -> dict[int, int]:
        """lot -> its peak, for the lots with days counted live. The other days are read only where a live day held the
        stored peak and is lower now."""
        old: dict[int, int] = defaultdict(int)
        new: dict[int, int] = defaultdict(int)
        for peaks, lot_days in ((old, self.days.stored), (new, self.days.live)):
            for (lot_id, _), day in lot_days.items():
                peaks[lot_id] = max(peaks[lot_id], day.peak_cars)
        return {
            lot_id: max(self._peak(lot_id), new[lot_id])
            if old[lot_id] == stored.get(lot_id, 0) > new[lot_id]
            else max(stored.get(lot_id, 0), new[lot_id])
            for lot_id in old.keys() | new.keys()
        }

    def _peak(self, lot_id: int) -> int:
        """The peak of a lot on the days that are not counted live."""
        stale = {day for lot, day in self.days.stored if lot == lot_id}
        query = select(LotDay.day, LotDay.peak_cars).where(
            LotDay.lot_id == lot_id, LotDay.day.between(self.days.first, self.days.last)
        )
        return max((peak for day, peak in self.days.session.execute(query) if day not in stale), default=0)


def _ranked(table: type[LotDay | LotMonth], when: ColumnElement[bool]) -> Select[int, int, int]:
    """The columns that order the lots; an index covers them."""
    return select(table.lot_id, table.revenue_minor, table.visits).where(when, table.lot_id != ALL_LOTS)
