"""The made-up town lives by the booking rules, and nobody is written to about it."""

import dataclasses
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from parking import bookings, clock
from parking.bookings import is_stay
from parking.bookings.models import Booking
from parking.database import db
from parking.demo import town
from parking.demo.load import Town
from parking.jobs import heartbeat
from parking.lots.models import Lot, Spot
from parking.mail.models import OutboxMail
from parking.waitlist import WaitlistEntry, WaitlistLot


@pytest.fixture
def three_days(monkeypatch):
    monkeypatch.setattr(town, "DAYS", 3)


def test_three_days_of_a_town_are_simulated(app, three_days):
    now = clock.now()
    lived = Town(now, "a password of theirs")
    counts = lived.simulate()
    db.session.rollback()
    statuses = dict(db.session.execute(select(Booking.status, func.count()).group_by(Booking.status)).all())
    assert counts == sum(statuses.values()) > 60
    assert statuses["Completed"] > 30
    assert lived.refused < counts / 4
    assert db.session.scalar(select(func.max(Booking.start_time)).where(Booking.status == "Active")) <= now
    states = set(db.session.scalars(select(OutboxMail.state)))
    assert states == {"discarded"}


def test_spots_with_features_are_left_to_those_who_need_them(app, three_days):
    Town(clock.now(), "a password of theirs").simulate()
    db.session.rollback()
    rows = db.session.execute(select(Booking.needs, Spot).join(Spot, Spot.id == Booking.spot_id)).all()
    needed = [(needs, spot) for needs, spot in rows if needs]
    assert {needs for needs, _ in needed} >= {("accessible",), ("ev",)}
    assert all(getattr(spot, name) for needs, spot in needed for name in needs)
    others = [spot.accessible for needs, spot in rows if not needs]
    assert sum(others) < len(others) / 10


@pytest.mark.parametrize("hour", [7, 20])
def test_somebody_waits_comes_every_week_and_is_expected(app, three_days, hour):
    """The driver whose login is printed has what is new."""
    now = clock.now().replace(hour=hour)
    with clock.set_to(now):
        lived = Town(now, "a password of theirs")
        assert lived.simulate() == db.session.scalar(select(func.count()).select_from(Booking).where(is_stay))
        db.session.rollback()
        amelia = lived.drivers[0][0]
        waiting = db.session.scalars(select(WaitlistEntry).where(WaitlistEntry.status == "Waiting")).all()
        lots = db.session.scalars(select(Lot.name).join(WaitlistLot, WaitlistLot.lot_id == Lot.id)).all()
        assert (len(waiting), set(lots)) == (len(town.WAITING), {"Old Town"})
        assert amelia in {entry.user_id for entry in waiting}
        assert {entry.waits_until > now for entry in waiting} == {True}
        [series] = db.session.scalars(select(bookings.Series)).all()
        dates = db.session.scalars(select(Booking).where(Booking.series_id == series.id)).all()
        assert (series.user_id, len(dates)) == (amelia, 16)
        assert sum(booking.reserved_start > now for booking in dates) >= 14
        [visitor] = db.session.scalars(select(Booking).where(Booking.visitor_name.is_not(None))).all()
        assert (visitor.visitor_name, visitor.status) == ("Vera Winter", "Reserved")
        assert timedelta(hours=9) < visitor.reserved_start - now < timedelta(hours=36)


@pytest.mark.parametrize("hour", [3, 20])
def test_the_town_is_alive_at_any_hour(app, three_days, hour):
    now = clock.now().replace(hour=hour)
    with clock.set_to(now):
        Town(now, "a password of theirs").simulate()
        db.session.rollback()
        counts = bookings.counts_by_lot(db.session(), now)
        lots = db.session.scalars(select(Lot)).all()
        shares = {lot.name: counts[lot.id].occupied / lot.capacity for lot in lots}
        full = [lot.name for lot in lots if counts[lot.id].taken == lot.capacity]
        assert full == ["Old Town"]
        assert all(0.4 <= share <= 0.85 for name, share in shares.items() if name not in full), shares
        filters = bookings.Filters(overstayed=True)
        stays = db.session.scalars(bookings.filtered(select(Booking.id), filters, now)).all()
        assert 1 <= len(stays) <= 5
    spots = db.session.scalars(select(Spot)).all()
    assert {"1", "2", None} <= {spot.level for spot in spots}
    for feature in ("ev", "accessible", "covered"):
        assert any(getattr(spot, feature) for spot in spots)


def test_the_simulation_is_the_same_every_time(three_days):
    assert town.visits(clock.now()) == town.visits(clock.now())


def test_a_production_site_gets_no_town(app):
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], app_env="production")
    refused = app.test_cli_runner().invoke(args=["demo", "load"])
    assert (refused.exit_code, db.session.scalar(select(func.count()).select_from(Lot))) == (1, 0)
    assert "production" in refused.output


def test_a_town_is_not_loaded_beside_a_worker_whose_clock_is_the_real_one(app, three_days):
    heartbeat.sign("worker")
    refused = app.test_cli_runner().invoke(args=["demo", "load"])
    assert refused.exit_code == 1
    assert "Stop it first" in refused.output
    assert db.session.scalar(select(func.count()).select_from(Lot)) == 0
    clock.travel(heartbeat.SILENT_SECONDS)
    assert app.test_cli_runner().invoke(args=["demo", "load"]).exit_code == 0
