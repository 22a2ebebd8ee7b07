"""The status by the clock is the same in Python and in SQL, over every combination, on both databases."""

from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import BigInteger, Text, cast, literal, select, union_all

from parking import clock
from parking.bookings import occupancy, status_sql
from parking.bookings.models import LIVE_SQL
from parking.bookings.rules.lifecycle import LAPSED, LIVE, STATUSES, BookingState, status_at
from parking.database import UTCDateTime, db

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


def claims() -> list[BookingState]:
    """Every status and type, with and without check-in, with now at and beside the start, the deadline and the end; and
    holds, with now at and beside the moment by which they must be claimed."""
    now, grace_s = clock.now(), 900
    moments = (timedelta(0), timedelta(seconds=grace_s), HOUR)
    starts = sorted({now - at + near for at in moments for near in (-SECOND, timedelta(0), SECOND)})
    instant = [BookingState(status, kind) for status, kind in product(STATUSES, ("instant", "block"))]
    reserved = [
        BookingState(status, "reserved", start, start + HOUR, grace)
        for status, start, grace in product(STATUSES, starts, (None, 0, grace_s))
    ]
    blocks = [BookingState(status, "block", start, start + HOUR) for status, start in product(STATUSES, starts)]
    claims_by = (now - SECOND, now, now + SECOND)
    windows = ((None, None), (now + HOUR, now + 2 * HOUR), (now - HOUR, now))
    holds = [
        BookingState(status, "hold", *window, claim_by=by)
        for status, window, by in product(("Reserved", "Cancelled", LAPSED), windows, claims_by)
    ]
    return [*instant, *reserved, *blocks, *holds]


@pytest.fixture
def rows(app):
    """The claims as rows of a subquery with the columns of a booking."""
    values = [
        {
            "id": cast(literal(number), BigInteger),
            "status": cast(literal(claim.status), Text),
            "booking_type": cast(literal(claim.booking_type), Text),
            "checkin_grace_s": cast(literal(claim.checkin_grace_s), BigInteger),
            "reserved_start": cast(literal(claim.reserved_start, UTCDateTime()), UTCDateTime()),
            "claim_by": cast(literal(claim.claim_by, UTCDateTime()), UTCDateTime()),
            "reserved_end": cast(literal(claim.reserved_end, UTCDateTime()), UTCDateTime()),
        }
        for number, claim in enumerate(claims())
    ]
    return union_all(*(select(*(v.label(name) for name, v in row.items())) for row in values)).subquery()


def test_the_value_in_sql_is_the_status_by_the_rules(rows):
    now = clock.now()
    read = dict(db.session.execute(select(rows.c.id, status_sql.status_at(rows.c, literal(now, UTCDateTime())))).all())
    assert read == {number: status_at(claim, now) for number, claim in enumerate(claims())}
    assert set(read.values()) == {*STATUSES, LAPSED}


@pytest.mark.parametrize("status", [*STATUSES, LAPSED])
def test_the_condition_finds_the_bookings_of_a_status(rows, status):
    now = clock.now()
    query = select(rows.c.id).where(status_sql.status_is(rows.c, status, literal(now, UTCDateTime())))
    expected = {number for number, claim in enumerate(claims()) if status_at(claim, now) == status}
    assert set(db.session.scalars(query)) == expected != set()


def test_the_state_of_a_spot_follows_the_status(rows):
    now = clock.now()
    query = select(rows.c.id, occupancy.rank(rows.c, literal(now, UTCDateTime()))).where(rows.c.status.in_(LIVE))
    ranks = {"Active": 3, "Reserved": 1, "Completed": 0, "No-show": 0, LAPSED: 0}
    ranks_of_blocks = {"Active": 2, "Reserved": 1, "Completed": 0}
    expected = {
        number: (ranks_of_blocks if claim.booking_type == "block" else ranks)[status_at(claim, now)]
        for number, claim in enumerate(claims())
        if claim.status in LIVE
    }
    assert dict(db.session.execute(query).all()) == expected


def test_the_predicate_of_the_indexes_is_unchanged():
    """SQLite uses a partial index only for a query that repeats its predicate."""
    assert LIVE_SQL == "status IN ('Reserved', 'Active')"
