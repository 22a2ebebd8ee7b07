"""`make bench-job WHAT=waitlist` in a few seconds, on both databases."""

import math
import tempfile

import pytest

from bench.product import running, send
from bench.waitlist import __main__ as waitlist
from tests.postgres import MEMORY


@pytest.fixture(autouse=True)
def in_memory(monkeypatch):
    """Databases in memory where there is one: a busy disk would hold up some hundred commits."""
    if MEMORY.is_dir():
        monkeypatch.setattr(tempfile, "tempdir", str(MEMORY))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_short_run_measures_every_operation_with_each_number_of_people(database, capsys):
    rows = waitlist.measure(database, [3], rounds=1, number=2)
    kinds = ("nobody waits in either", "3 wait for another lot", "3 wait for the same lot")
    names = [f"{op}, {kind}: {of}" for kind in kinds for op in waitlist.OPERATIONS for of in ("time", "CPU")]
    assert [row.what for row in rows] == names
    assert all(math.isfinite(row.ratio) and row.goal == waitlist.GOAL for row in rows)
    assert all(0 < row.p50 <= row.p99 for row in rows if row.what.endswith("time"))
    printed = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert printed[2:] == [str(row) for row in rows]


@pytest.mark.slow
def test_control_an_offer_ends_the_measurement():
    """That is other work than waiting."""
    with running(workers=1) as product:
        site = waitlist.prepare(product, 4, 3, "the same lot")
        site.sample(2)
        site.check()
        connection, admin = product.connect(), product.tokens["bench0@example.com"]
        booking = send(connection, "GET", "/api/bookings", token=admin)[1]["bookings"][-1]
        assert send(connection, "POST", f"/api/bookings/{booking['id']}/cancel", {}, admin)[0] == 200
        with pytest.raises(AssertionError, match="offered"):
            site.check()
