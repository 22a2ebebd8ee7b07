"""A stretch of a real day over HTTP: what the page shows equals the file. (The file stays where it is; where it is
not at hand, a small one of the same form is played.)"""

import gzip
import random

import pytest

from bench import replay
from bench.product import people, running


@pytest.fixture
def small(tmp_path):
    """Three lots, five moments, two readings outside 0..capacity."""
    draw = random.Random(7)
    path = tmp_path / "day.csv.gz"
    with gzip.open(path, "wt") as file:
        for lot, capacity in (("A", 5), ("B", 30), ("C", 12)):
            for hour in range(8, 13):
                cars = draw.randrange(capacity + 1)
                if (lot, hour) in (("A", 9), ("C", 11)):
                    cars = capacity + 3 if lot == "A" else -2
                file.write(f"{lot},{capacity},{cars},2016-10-04 {hour:02d}:00:00\n")
    return path


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_every_reading_is_shown(small, database):
    day = replay.read(small, None)
    assert day.clipped == 2
    with running(database) as product:
        people(product, 4)
        result = replay.Replay(product, day, lambda text: None).play()
    assert (result.readings, result.mismatches, result.unanswered) == (15, 0, 0)
    assert result.bookings > 20
    assert result.releases > 10


def test_a_mismatch_is_seen(small, monkeypatch):
    """Control: cars that never arrive are counted as mismatches."""
    day = replay.read(small, None, most=2)
    monkeypatch.setattr(replay.Replay, "_arrival", lambda self, code, email: lambda connection: None)
    with running("sqlite", workers=1) as product:
        people(product, 1)
        result = replay.Replay(product, day, lambda text: None).play()
    assert result.mismatches > 0


def test_a_day_that_is_not_in_the_file(small):
    with pytest.raises(ValueError, match="2017-01-01"):
        replay.read(small, "2017-01-01")
