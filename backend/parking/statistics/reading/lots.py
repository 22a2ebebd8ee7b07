"""The lots of a period, the highest revenue first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, cast, func, select, union_all

from parking.statistics.daily import refresh
from parking.statistics.daily.aggregate import SUMS, Standing, Sums, rest_of_day
from parking.statistics.daily.models import ALL_LOTS, LotDay, LotMonth, LotRolled
from parking.statistics.definitions import LotFigures, figures
from parking.statistics.reading import queries
from parking.statistics.reading.days import Days
from parking.statistics.reading.queries import among


class Lots:
    """What each lot was over a period."""

    def __init__(self, of: Days) -> None:
        self.of = of

    def figures(self, most: int | None = None, only: Sequence[int] | None = None) -> tuple[tuple[LotFigures, ...], int]:
        """The lots with the highest revenue, `most` of them, or `only` these; and how many there are in all."""
        if self.of.lot_id is not None:
            only = [self.of.lot_id]
        if only is not None or most is None:
            found = self._listed(only)
            return tuple(found), len(found)
        highest, others = self._highest(most)
        found = self._listed([*highest, *sorted(self.of.counted)])
        return tuple(found[:most]), others + sum(lot.lot_id in self.of.counted for lot in found)

    def _highest(self, most: int) -> tuple[list[int], int]:
        """The lots with the highest kept revenue among those of which nothing is counted live; how many these are."""
        parts = [_ranked(LotDay, LotDay.day.between(*run)) for run in refresh.runs(self.of.rest)]
        if self.of.months:
            parts.append(_ranked(LotMonth, LotMonth.month.in_(self.of.months)))
        kept = union_all(*parts).subquery()
        query = select(kept.c.lot_id, func.count().over()).where(~among(kept.c.lot_id, sorted(self.of.counted)))
        order = func.sum(kept.c.revenue_minor).desc(), func.sum(kept.c.visits).desc(), kept.c.lot_id
        found = self.of.session.execute(query.group_by(kept.c.lot_id).order_by(*order).limit(most)).all()
        return [lot_id for lot_id, _ in found], found[0][1] if found else 0

    def _listed(self, ids: Sequence[int] | None) -> list[LotFigures]:
        """These lots (None: all) if there is anything to tell of them, the highest revenue first."""
        sums, peaks = self._kept_by_lot(ids)
        chosen = None if ids is None else set(ids)
        for sign, found in ((-1, self.of.kept), (1, self.of.live)):
            for (lot_id, _), day in found.items():
                if chosen is None or lot_id in chosen:
                    sums.setdefault(lot_id, Sums()).add(day.sums, sign)
        self._take_rest(sums, ids)
        peaks |= self._peaks(peaks)
        names = queries.names(self.of.session, ids)
        told = ((lot_id, figures(one)) for lot_id, one in sums.items())
        listed = [LotFigures(lot_id, names[lot_id], one, peaks.get(lot_id, 0)) for lot_id, one in told if any(one)]
        return sorted(listed, key=lambda lot: (-lot.figures.revenue_minor, -lot.figures.visits, lot.lot_id))

    def _take_rest(self, sums: dict[int, Sums], ids: Sequence[int] | None) -> None:
        """What is still to come of the present day is no part of the lots' sums."""
        if not self.of.open:
            return
        columns = LotRolled.lot_id, LotRolled.timezone, LotRolled.last_day
        query = select(*columns, LotRolled.cars, LotRolled.held, LotRolled.spots)
        query = query.where(
            LotRolled.holds_until > queries.instant(self.of.now),
            LotRolled.last_day.between(self.of.first, self.of.last),
        )
        for lot_id, zone, day, *counts in self.of.session.execute(
            query if ids is None else query.where(among(LotRolled.lot_id, ids))
        ):
            if lot_id in sums and (lot_id, day) not in self.of.recounted:
                Standing(*counts).take_rest(sums[lot_id], rest_of_day(zone, day, self.of.now))

    def _kept_by_lot(self, ids: Sequence[int] | None) -> tuple[dict[int, Sums], dict[int, int]]:
        """lot -> its kept sums, and its peak: of the whole months in the period from the months, the rest by day."""
        sums: dict[int, Sums] = {}
        peaks: dict[int, int] = {}
        if self.of.months:
            self._gather(sums, peaks, LotMonth, LotMonth.month.in_(self.of.months), ids)
        for first, last in refresh.runs(self.of.rest):
            self._gather(sums, peaks, LotDay, LotDay.day.between(first, last), ids)
        return sums, peaks

    def _gather(
        self,
        sums: dict[int, Sums],
        peaks: dict[int, int],
        table: type[LotDay | LotMonth],
        when: Any,
        ids: Sequence[int] | None,
    ) -> None:
        of = table.__table__.c  # plain columns: for ten thousand rows it matters
        of_lots = of.lot_id != ALL_LOTS if ids is None else among(of.lot_id, ids)
        columns = [cast(func.sum(of[name]), BigInteger) for name in SUMS]
        query = select(of.lot_id, func.max(of.peak_cars), *columns).where(when, of_lots).group_by(of.lot_id)
        for lot_id, peak, *values in self.of.session.execute(query):
            if lot_id in sums:
                sums[lot_id].add(Sums(*values))
                peaks[lot_id] = max(peak, peaks[lot_id])
            else:
                sums[lot_id], peaks[lot_id] = Sums(*values), peak

    def _peaks(self, kept: dict[int, int]) -> dict[int, int]:
        """lot -> its peak, where some days are counted live. Only where one of these held the kept peak, and is now
        lower, the other days are asked."""
        old: dict[int, int] = defaultdict(int)
        new: dict[int, int] = defaultdict(int)
        for found, of_days in ((old, self.of.kept), (new, self.of.live)):
            for (lot_id, _), day in of_days.items():
                found[lot_id] = max(found[lot_id], day.peak_cars)
        return {
            lot_id: max(self._peak(lot_id), new[lot_id])
            if old[lot_id] == kept.get(lot_id, 0) > new[lot_id]
            else max(kept.get(lot_id, 0), new[lot_id])
            for lot_id in old.keys() | new.keys()
        }

    def _peak(self, lot_id: int) -> int:
        """The peak of a lot on the days that are not counted live."""
        stale = {day for lot, day in self.of.kept if lot == lot_id}
        query = select(LotDay.day, LotDay.peak_cars).where(
            LotDay.lot_id == lot_id, LotDay.day.between(self.of.first, self.of.last)
        )
        return max((peak for day, peak in self.of.session.execute(query) if day not in stale), default=0)


def _ranked(table: type[LotDay | LotMonth], when: ColumnElement[bool]) -> Any:
    """What lots are put in order by; an index has it."""
    return select(table.lot_id, table.revenue_minor, table.visits).where(when, table.lot_id != ALL_LOTS)
