"""Previews, books and ends series. Each function that changes something is one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session
from sqlalchemy.pool import PoolProxiedConnection

from parking import audit, clock, idempotency
from parking.accounts import keep_accounts
from parking.bookings import allocation, emails, transitions
from parking.bookings.closures import lock_spots
from parking.bookings.events import publish_events
from parking.bookings.holds import hooks
from parking.bookings.holds.turns import giving_way
from parking.bookings.models import Booking
from parking.bookings.new_booking import new_reference
from parking.bookings.reading.views import booking_view, list_view, row_view
from parking.bookings.requests import refusals
from parking.bookings.requests.booking_request import over_window
from parking.bookings.rules import recurrence
from parking.bookings.series import cancelling, planning
from parking.bookings.series.models import Series
from parking.bookings.series.planning import Plan, PlannedDate
from parking.bookings.series.requests import SeriesRequest
from parking.bookings.series.views import booking_rows, select_series, series_view
from parking.bookings.service import MAX_ATTEMPTS, check_limit
from parking.database import db, read_connection, transaction
from parking.errors import Conflict, Invalid, NotFound, Problem, Unavailable
from parking.text.counting import counted
from parking.timestamps import to_rfc3339
from parking.web import pagination


def preview(request: SeriesRequest) -> dict[str, Any]:
    """Returns each date with what is free on it. Raises Invalid, NotFound, Forbidden (address not confirmed)."""
    with read_connection() as connection:
        return planning.plan(connection, request, clock.now()).view()


class _LostRace(Exception):
    """A spot of the plan was taken meanwhile: nothing of the transaction may stay."""


def create(request: SeriesRequest) -> dict[str, Any]:
    """Books the accepted dates, all of them or none; those that lie too far ahead are booked later (making.py).

    Raises what `preview` raises, Conflict (`series_dates` with the dates as they are now, `too_many_bookings`),
    Unavailable after MAX_ATTEMPTS lost races.
    """
    taken = _look(request)
    for attempt in range(MAX_ATTEMPTS):
        try:
            with giving_way(), transaction() as session:
                record = idempotency.begin(session)
                check_limit(session, request.user_id, more=len(taken.now))
                if attempt:  # one series of a lot at a time, and what is free once more
                    allocation.lock_lot(session, request.lot_id)
                    taken = _plan(session.connection().connection, request)
                answer = _booked(session, request, taken)
                if record:
                    record.store(201, answer)
                return answer
        except _LostRace:
            continue
    raise Unavailable("Many drivers are booking in this lot at the moment. Please try again.")


class _Dates(NamedTuple):
    """The dates to be booked `now` and `later`, and those that the driver did not take."""

    plan: Plan
    now: list[PlannedDate]
    later: list[PlannedDate]
    omitted: tuple[str, ...]


def _look(request: SeriesRequest) -> _Dates:
    """Plans the series before anything is locked, so that a refusal costs reads alone; a request that was answered
    before gets that answer."""
    with read_connection() as connection:
        try:
            return _plan(connection, request)
        except Problem:
            idempotency.replay(connection)
            raise


def _plan(connection: PoolProxiedConnection, request: SeriesRequest) -> _Dates:
    taken = _taken(planning.plan(connection, request, clock.now()), request)
    refusals.check_limit(connection, request.user_id, more=len(taken.now))
    return taken


def _taken(plan: Plan, request: SeriesRequest) -> _Dates:
    """Returns the dates that the driver takes. Raises Invalid for one that is none of the series, Conflict where one
    of them cannot be had or, without `accept`, needs a decision."""
    by_day = {one.occurrence.day: one for one in plan.dates}
    accept = request.accept
    if accept is not None and (others := accept - by_day.keys()):
        raise Invalid.field("accept", f"{min(others).isoformat()} is not an upcoming date of this series.")
    if accept is not None and not accept:
        raise Invalid.field("accept", "Please accept at least one date.")
    refused = (
        [one for one in plan.dates if one.status not in ("ok", "other_spot", "later")]
        if accept is None
        else [by_day[day] for day in sorted(accept) if not by_day[day].available]
    )
    if refused:
        number = len(refused)
        needed = counted(number, "date needs your decision", "dates need your decision")
        lost = counted(number, "date is no longer available", "dates are no longer available")
        raise Conflict(
            f"{needed if accept is None else lost}. Nothing was booked.",
            code="series_dates",
            **plan.view(),
        )
    dates = [one for one in plan.dates if accept is None or one.occurrence.day in accept]
    return _Dates(
        plan,
        [one for one in dates if not one.later],
        [one for one in dates if one.later],
        tuple(day.isoformat() for day in sorted(by_day.keys() - {one.occurrence.day for one in dates})),
    )


def _booked(session: Session, request: SeriesRequest, taken: _Dates) -> dict[str, Any]:
    now, place = clock.now(), taken.plan.place
    series = _insert(session, request, taken, now)
    # In the order of their ids, as whoever else locks several: nobody waits for somebody who waits for them.
    lock_spots(session, request.lot_id, {one.spot.id for one in taken.now if one.spot})
    held = []
    for one in taken.now:
        assert one.spot is not None
        window = over_window(taken.plan.new, place.lot, one.occurrence.start, one.occurrence.end)
        new = replace(window, series_id=series.id, reference=new_reference(), created_at=now)
        booking = allocation.hold(session, new, one.spot.id)
        if booking is None:
            raise _LostRace
        held.append(booking)
    audit.record(session, "series.created", "series", series.id, after=audited(series, bookings=len(held)))
    for spot in held:
        transitions.record(session, "booking.created", spot.booking, None)
        publish_events(spot.booking)
    contexts = [emails.booking_context(spot.booking, place.lot, spot.spot_number, place.tariff) for spot in held]
    emails.series_booked(session, place.user, contexts, emails.series_context(series, place.lot), place.tariff)
    view = series_view((series, place.lot.name, place.lot.timezone, len(held)))
    bookings = [booking_view(spot.booking, place.lot, spot.spot_number, place.tariff, now) for spot in held]
    later = f" {counted(len(taken.later), 'later date')} will be booked as soon as possible." if taken.later else ""
    return {
        "message": f"{counted(len(held), 'date is', 'dates are')} booked at {place.lot.name}.{later}",
        "series": view,
        "bookings": bookings,
    }


def _insert(session: Session, request: SeriesRequest, taken: _Dates, now: datetime) -> Series:
    rule, later = request.rule, [one.occurrence.day for one in taken.later]
    series = Series(
        user_id=request.user_id,
        lot_id=request.lot_id,
        start_time=f"{rule.start:%H:%M}",
        end_time=f"{rule.end:%H:%M}",
        days=tuple(day for day in recurrence.WEEKDAYS if day in rule.days),
        every_weeks=rule.every_weeks,
        first_day=rule.first,
        last_day=max(one.occurrence.day for one in taken.plan.dates),
        omitted=taken.omitted,
        next_day=min(later, default=None),
        spot_id=request.spot_id,
        needs=request.needs if later else (),
        vehicle_plate=request.vehicle_plate if later else None,
        wait_if_full=request.wait_if_full,
        created_at=now,
    )
    session.add(series)
    session.flush()
    return series


def audited(series: Series, **more: Any) -> dict[str, Any]:
    """A series in the audit log."""
    names = ("lot_id", "start_time", "end_time", "every_weeks")
    days = {"from": series.first_day.isoformat(), "until": series.last_day.isoformat()}
    return {**{name: getattr(series, name) for name in names}, "days": " ".join(series.days), **days, **more}


# reading -------------------------------------------------------------------------------------


def page(user_id: int, limit: int, cursor: str | None) -> dict[str, Any]:
    """Returns one page of the user's series, the newest first. Raises Invalid for a cursor of another list."""
    query = select_series().where(Series.user_id == user_id).order_by(Series.id.desc()).limit(limit + 1)
    if cursor is not None:
        query = query.where(Series.id < pagination.decode(cursor, int)[0])
    rows = db.session().execute(query).all()
    following = pagination.encode(rows[limit - 1][0].id) if len(rows) > limit else None
    return {"series": [series_view(row) for row in rows[:limit]], "next": following}


def get(series_id: int, user_id: int) -> dict[str, Any]:
    """Returns one series of the user with its bookings. Raises NotFound."""
    now = clock.now()
    return {
        "series": _view(db.session(), series_id, user_id),
        "bookings": list_view(booking_rows(db.session(), series_id), now),
        "server_time": to_rfc3339(now),
    }


def _view(session: Session, series_id: int, user_id: int) -> dict[str, Any]:
    row = session.execute(select_series().where(Series.id == series_id, Series.user_id == user_id)).one_or_none()
    if row is None:
        raise _no_series()
    return series_view(row)


def _no_series() -> NotFound:
    return NotFound("There is no such series.")


# ending --------------------------------------------------------------------------------------


def end(series_id: int, user_id: int, first: date | None) -> dict[str, Any]:
    """Gives up the date `first` (None: the present one) and those after it: cancels what is booked, waits no longer for
    what was full, and books no more. What runs or is over never changes. Raises NotFound."""
    with transaction() as session:
        record = idempotency.begin(session)
        keep_accounts(session, [user_id])
        row = session.execute(
            select_series()
            .where(Series.id == series_id, Series.user_id == user_id)
            .with_for_update(of=Series, key_share=True)  # a claim of one of its dates refers to it, and is waited for
        ).one_or_none()
        if row is None:
            raise _no_series()
        series, zone, now = row[0], ZoneInfo(row[2]), clock.now()
        first = max(first or date.min, now.astimezone(zone).date())
        start = datetime.combine(first, datetime.min.time(), zone)
        dates = Booking.series_id == series.id, Booking.reserved_start >= start
        rows = cancelling.cancel(session, user_id, now, *dates)
        hooks.waitlist.leave_series(session, series.id, user_id, start)
        before = audited(series)
        if first <= series.last_day:
            series.last_day = first - recurrence.DAY
            series.ended_at = now
            if series.next_day and series.next_day >= first:
                series.next_day, series.needs, series.vehicle_plate = None, (), None
            session.flush()
            changed = {"until": series.last_day.isoformat(), "cancelled": len(rows)}
            audit.record(session, "series.ended", "series", series.id, before={"until": before["until"]}, after=changed)
        bookings = [row_view(one, now) for one in rows]
        answer = {
            "message": f"{counted(len(rows), 'booking')} cancelled.",
            "series": _view(session, series_id, user_id),
            "bookings": bookings,
            "count": len(rows),
        }
        if record:
            record.store(200, answer)
        return answer
