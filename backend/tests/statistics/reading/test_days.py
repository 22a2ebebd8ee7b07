"""Days read from stored sums, corrected by days counted live."""

import threading

import pytest

from parking import clock
from parking.database import db, is_sqlite
from parking.statistics.daily import check, compute, refresh
from parking.statistics.reading import days, summary
from tests.statistics import world
from tests.statistics.daily.stage import metrics_of_today


class CountingCompute:
    """Lets the figures be counted, and notes of which lots."""

    def __init__(self, compute) -> None:
        self.compute, self.lots = compute, []

    def __call__(self, session, lots, *rest):
        self.lots.append([lot.id for lot in lots])
        return self.compute(session, lots, *rest)


def roll_up_during_the_answer(app, monkeypatch) -> None:
    """Between two looks of one answer, the worker keeps what has changed."""

    def roll_up() -> None:
        with app.app_context(), clock.set_to(now):
            refresh.roll_up()

    now, look = clock.now(), days.Days._stored_of_stale

    def interrupted(self):
        rows = look(self)
        worker = threading.Thread(target=roll_up)
        worker.start()
        worker.join()
        return rows

    monkeypatch.setattr(days.Days, "_stored_of_stale", interrupted)


def test_the_present_day_is_only_counted_live_after_a_change(lot, alice, monkeypatch):
    """A car stands, a reservation's time comes and goes, hours pass: the figures follow the clock."""
    with clock.set_to(clock.now()):
        world.put(world.row(lot, world.spot_ids(lot)[0], alice.id, clock.now(), None))
        refresh.roll_up()
        before = metrics_of_today()
        clock.travel(3 * 3600)
        monkeypatch.setattr(compute, "compute_days", lambda *_: pytest.fail("counted"))
        after = metrics_of_today()
        assert after.occupied_s - before.occupied_s == 3 * 3600
        assert after.available_s - before.available_s == 3 * 3600 * len(world.spot_ids(lot))
        monkeypatch.undo()
        world.put(world.row(lot, world.spot_ids(lot)[1], alice.id, clock.now(), None))
        monkeypatch.setattr(compute, "compute_days", counted := CountingCompute(compute.compute_days))
        assert metrics_of_today().bookings == before.bookings + 1
        assert counted.lots == [[lot]]


def test_a_day_that_ended_as_projected_is_not_counted_again(lot, alice, monkeypatch):
    with clock.set_to(clock.now()):
        day = clock.now().date()
        world.put(world.row(lot, world.spot_ids(lot)[0], alice.id, clock.now(), None))
        refresh.roll_up()
        clock.travel(86_400)
        monkeypatch.setattr(compute, "compute_days", lambda *_: pytest.fail("counted"))
        ended = summary.period_statistics(db.session, day, day).totals
        assert (ended.occupied_s, ended.available_s) == (11 * 3600, 3 * 86_400)  # from noon in UTC to Berlin's midnight
        monkeypatch.undo()
        assert check.find_differences() == []


def test_an_answer_is_one_snapshot_while_the_worker_rolls_up(app, lot, alice, monkeypatch):
    refresh.roll_up()
    world.put(world.row(lot, world.spot_ids(lot)[1], alice.id, clock.now(), None))
    roll_up_during_the_answer(app, monkeypatch)
    assert metrics_of_today().bookings == 1


def test_without_the_snapshot_a_booking_would_count_twice(app, lot, alice, monkeypatch):
    """The control: on PostgreSQL, where every statement sees what was committed last."""
    refresh.roll_up()
    world.put(world.row(lot, world.spot_ids(lot)[1], alice.id, clock.now(), None))
    monkeypatch.setattr(summary, "snapshot", lambda: None)
    roll_up_during_the_answer(app, monkeypatch)
    assert metrics_of_today().bookings == (1 if is_sqlite() else 2)
