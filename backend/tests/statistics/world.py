"""Made-up car parks for the figures: rows straight into the tables (the guards watch), and an oracle that knows
nothing of the program's own arithmetic."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update

from parking.bookings.models import Booking
from parking.clock import FOREVER
from parking.database import db, transaction
from parking.lots.models import Lot, Spot
from parking.pricing import Tariff

MINUTE, HOUR, DAY = 60, 3600, 86_400
LIVE = ("Reserved", "Active")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str, zone: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def make_lot(name: str, zone: str, spots: int, since: datetime, hourly: int = 250) -> int:
    """A lot with its spots, in use since then; its id."""
    with transaction() as session:
        lot_id = session.execute(
            insert(Lot).values(name=name, capacity=spots, timezone=zone, created_at=since, updated_at=since)
        ).inserted_primary_key[0]
        tariff_id = session.execute(
            insert(Tariff).values(lot_id=lot_id, currency="EUR", hourly_minor=hourly, timezone=zone, created_at=since)
        ).inserted_primary_key[0]
        session.execute(update(Lot).where(Lot.id == lot_id).values(tariff_id=tariff_id))
    add_spots(lot_id, spots, since)
    return lot_id


def add_spots(lot_id: int, number: int, since: datetime) -> None:
    with transaction() as session:
        there = session.query(Spot).filter_by(lot_id=lot_id).count()
        session.execute(
            insert(Spot),
            [{"lot_id": lot_id, "spot_number": there + n + 1, "created_at": since} for n in range(number)],
        )


def spot_ids(lot_id: int) -> list[int]:
    return list(db.session.scalars(select(Spot.id).where(Spot.lot_id == lot_id).order_by(Spot.id)))


_references = itertools.count()


def row(lot_id: int, spot_id: int, user_id: int, start: datetime, end: datetime | None, **more) -> dict:
    """A booking's columns: by default a finished instant stay (without an end: a running one)."""
    values = {
        "reference": f"T{next(_references)}",
        "lot_id": lot_id,
        "spot_id": spot_id,
        "user_id": user_id,
        "tariff_id": db.session.scalar(select(Lot.tariff_id).where(Lot.id == lot_id)),
        "booking_type": "instant",
        "status": "Completed" if end else "Active",
        "start_time": start,
        "held_until": end or start + timedelta(hours=4),
        "end_time": end,
        "reserved_start": None,
        "reserved_end": None,
        "checked_in_at": start,
        "total_cost_minor": 100 if end else None,
        "ended_by": "user" if end else None,
        "sequence": 0,
        "created_at": start,
    }
    return values | more


def block(lot_id: int, spot_id: int, user_id: int, start: datetime, end: datetime | None) -> dict:
    return row(
        lot_id, spot_id, user_id, start, end, booking_type="block", tariff_id=None, total_cost_minor=None,
        held_until=end or FOREVER, reference="out of service",
    )  # fmt: skip


def closure(lot_id: int, spot_id: int, user_id: int, start: datetime, end: datetime, **more) -> dict:
    """A block with a window, still to come unless `more` says otherwise."""
    window = {"reserved_start": start, "reserved_end": end, "held_until": end}
    to_come = {"status": "Reserved", "checked_in_at": None, "ended_by": None}
    return block(lot_id, spot_id, user_id, start, None) | window | to_come | more


def hold(lot_id: int, spot_id: int, user_id: int, start: datetime, end: datetime, claim_by: datetime) -> dict:
    """A spot kept for a person who may claim it."""
    waiting = {"booking_type": "hold", "status": "Reserved", "checked_in_at": None, "claim_by": claim_by}
    return row(lot_id, spot_id, user_id, start, None, **waiting, reserved_start=start, reserved_end=end, held_until=end)


def put(*rows: dict) -> list[int]:
    with transaction() as session:
        return [session.execute(insert(Booking).values(**one)).inserted_primary_key[0] for one in rows]


def change(booking_id: int, **values) -> None:
    with transaction() as session:
        session.execute(update(Booking).where(Booking.id == booking_id).values(**values))


# the oracle ------------------------------------------------------------------------------------


@dataclass
class Expected:
    counts: Counter = field(default_factory=Counter)
    drivers: set = field(default_factory=set)
    minutes: list = field(default_factory=list)
    hours: dict = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    """(day, hour) -> [occupied, available] spot-seconds."""


def _spread(into: Counter, start: datetime, end: datetime, sign: int = 1) -> None:
    """Adds the seconds of [start, end) to the quarters of an hour (by number since 1970) they lie in."""
    at, end_s = int(start.timestamp()), int(end.timestamp())
    while at < end_s:
        until = min(end_s, at - at % 900 + 900)
        into[at // 900] += sign * (until - at)
        at = until


def _rows() -> list:
    columns = [c for c in Booking.__table__.columns if c.name not in ("vehicle_plate", "reason")]
    return db.session.execute(select(*columns)).all()


def there(calendar: str, instant: datetime) -> tuple[date, int]:
    """The local day and hour of a lot that may have moved from zone to zone; its days never go back."""
    words = calendar.split(" ")
    day, begun = date.min, datetime.min.replace(tzinfo=UTC)
    for zone, until in zip(words[::2], [*words[1::2], "9999-12-31T00:00:00Z"], strict=True):
        local_time = instant.astimezone(ZoneInfo(zone))
        end = datetime.fromisoformat(until)
        if begun <= instant < end:
            return max(day, local_time.date()), local_time.hour
        day, begun = max(day, (end - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).date()), end
    raise AssertionError(calendar)


def quarters(calendar: str, first: date, last: date) -> list[tuple[datetime, date, int]]:
    """Every quarter of an hour that lies in the local days, with its local day and hour."""
    instant = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(days=1)
    starts = []
    while instant < datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=3):
        day, hour = there(calendar, instant)
        if first <= day <= last:
            starts.append((instant, day, hour))
        instant += timedelta(minutes=15)
    return starts


def expect(first: date, last: date, now: datetime, lot_id: int | None = None) -> dict[int, Expected]:
    """lot -> what its figures must be, computed quarter of an hour by quarter of an hour from the rows."""
    expected: dict[int, Expected] = {}
    rows = _rows()
    for lot in db.session.execute(select(Lot.__table__)).all():
        if lot_id in (None, lot.id):
            mine = [r for r in rows if r.lot_id == lot.id]
            expected[lot.id] = _expect_lot(lot, mine, first, last, now)
    return expected


def _expect_lot(lot, rows, first: date, last: date, now: datetime) -> Expected:
    expected = Expected()

    def within(instant: datetime | None) -> bool:
        return instant is not None and instant <= now and first <= there(lot.calendar, instant)[0] <= last

    for r in rows:
        if r.booking_type in ("block", "hold"):
            continue
        if within(r.start_time):
            expected.counts["bookings"] += 1
            expected.counts[r.booking_type] += 1
            if r.checked_in_at:
                expected.counts["visits"] += 1
                if r.visitor_name is None:
                    expected.drivers.add(r.user_id)
        if within(r.end_time):
            expected.counts[{"Completed": "completed", "Cancelled": "cancelled", "No-show": "no_shows"}[r.status]] += 1
            expected.counts["revenue_minor"] += r.total_cost_minor or 0
            if r.checked_in_at:
                seconds = int((r.end_time - r.checked_in_at).total_seconds())
                expected.counts["stays"] += 1
                expected.counts["stay_s"] += seconds
                expected.minutes.append(seconds // 60)
    _expect_levels(expected, lot, rows, first, last, now)
    return expected


def _expect_levels(expected: Expected, lot, rows, first: date, last: date, now: datetime) -> None:
    low = datetime.combine(first, datetime.min.time(), UTC) - timedelta(days=2)
    closed = min(lot.deleted_at or now, now)
    usable, occupied, held = Counter(), Counter(), Counter()
    for since in db.session.execute(select(Spot.created_at).where(Spot.lot_id == lot.id)).scalars():
        _spread(usable, max(low, since or lot.created_at), closed)
    for r in rows:
        if r.booking_type == "block" and r.checked_in_at:  # from when the spot was free for it
            _spread(usable, max(low, r.checked_in_at), min(r.end_time or now, closed), -1)
        if r.booking_type in ("block", "hold"):
            continue
        if r.checked_in_at:
            _spread(occupied, max(low, r.checked_in_at), min(r.end_time or now, now))
        if r.reserved_start:
            _spread(held, max(low, r.reserved_start), min(r.checked_in_at or r.end_time or now, now))
    for start, day, hour in quarters(lot.calendar, first, last):
        n = int(start.timestamp()) // 900
        expected.hours[day, hour][0] += occupied[n]
        expected.hours[day, hour][1] += usable[n]
        expected.counts["occupied_s"] += occupied[n]
        expected.counts["reserved_s"] += held[n]
        expected.counts["available_s"] += usable[n]


def together(expected: dict[int, Expected]) -> Expected:
    total = Expected()
    for one in expected.values():
        total.counts.update(one.counts)
        total.drivers |= one.drivers
        total.minutes += one.minutes
        for key, (occupied, available) in one.hours.items():
            total.hours[key][0] += occupied
            total.hours[key][1] += available
    return total


def heat(expected: Expected) -> list[list[float | None]]:
    sums = defaultdict(lambda: [0, 0])
    for (day, hour), (occupied, available) in expected.hours.items():
        sums[day.weekday(), hour][0] += occupied
        sums[day.weekday(), hour][1] += available
    return [[100 * sums[w, h][0] / sums[w, h][1] if sums[w, h][1] else None for h in range(24)] for w in range(7)]


# chance ----------------------------------------------------------------------------------------


def _some_block(which: int, lot_id: int, spot_id: int, user_id: int, start: datetime, end: datetime) -> dict:
    """One without a window; or with one: begun in time, begun late, or withdrawn before it began."""
    late = (start + (end - start) / 3).replace(microsecond=0)
    if which == 0:
        return block(lot_id, spot_id, user_id, start, end)
    if which == 3:
        withdrawn = {"status": "Cancelled", "end_time": start - timedelta(hours=1), "ended_by": "admin"}
        return closure(lot_id, spot_id, user_id, start, end, **withdrawn)
    ended = {"status": "Completed", "checked_in_at": late if which == 2 else start, "end_time": end}
    return closure(lot_id, spot_id, user_id, start, end, **ended, ended_by="system")


def _some_visitor(which: int) -> dict:
    """Every fifth booking is for a visitor, half of whom have no name any more."""
    return {"visitor_name": "Vera" if which % 2 else ""} if which % 5 == 3 else {}


def history(random: Random, lot_id: int, spot_id: int, user_ids: list[int], start: datetime, end: datetime) -> list:
    """Bookings of one spot, one after the other: stays short and long, no-shows, cancellations, blocks."""
    bookings, at = [], start + timedelta(seconds=random.randrange(DAY))
    while True:
        at += timedelta(seconds=random.choice([0, 1, MINUTE, HOUR, 5 * HOUR, random.randrange(DAY)]))
        until = at + timedelta(seconds=random.choice([1, 59, HOUR, DAY, 3 * DAY, random.randrange(1, 99_999)]))
        if until >= end:
            return bookings
        user = random.choice(user_ids)
        kind = random.choice(["stay", "stay", "stay", "reserved", "late", "no-show", "cancelled", "block"])
        more = {"total_cost_minor": random.randrange(5000)} | _some_visitor(len(bookings))
        window = {"booking_type": "reserved", "reserved_start": at, "reserved_end": until + timedelta(seconds=1)}
        if kind == "block":
            bookings.append(_some_block(len(bookings) % 4, lot_id, spot_id, user, at, until))
        elif kind == "stay":
            bookings.append(row(lot_id, spot_id, user, at, until, **more))
        elif kind == "reserved":
            bookings.append(row(lot_id, spot_id, user, at, until, **more, **window))
        elif kind == "late":
            came = {"checked_in_at": (at + (until - at) / 3).replace(microsecond=0)}
            bookings.append(row(lot_id, spot_id, user, at, until, **more, **window, **came))
        elif kind == "no-show":
            bookings.append(
                row(lot_id, spot_id, user, at, until, **more, **window, status="No-show", checked_in_at=None)
            )
        else:
            created_at = at - timedelta(seconds=random.randrange(1, 3 * DAY))
            nothing = {"status": "Cancelled", "checked_in_at": None, "total_cost_minor": 0}
            bookings.append(row(lot_id, spot_id, user, at, created_at, **window, **nothing))
        at = until


def local_month(instant: datetime, zone: str) -> str:
    """`Nov 2025`: the month in which the instant lies there."""
    return f"{instant.astimezone(ZoneInfo(zone)):%b %Y}"
