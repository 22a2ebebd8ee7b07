"""The past of `make bench-scale`, much smaller: it keeps every constraint, and its statistics equal its bookings."""

from sqlalchemy import func, select

from bench.scale import past
from bench.scale.server import Size
from parking.bookings.models import Booking
from parking.database import db, schema
from parking.lots.models import Lot
from parking.statistics.daily import check


def test_a_small_past_is_whole(app, monkeypatch):
    monkeypatch.setattr(past, "USERS", 40)
    past.fill(Size(lots=10, spots=5))
    assert schema.problems() == []
    assert db.session.scalar(select(func.count()).select_from(Booking)) > 300
    assert db.session.scalar(select(func.count()).where(Lot.calendar != Lot.timezone)) == 0
    db.session.close()
    assert check.find_differences() == []
