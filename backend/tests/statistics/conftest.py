"""The lot of the roll-up tests."""

import pytest

from tests.statistics import world
from tests.statistics.world import utc


@pytest.fixture
def lot(app, alice):
    made = world.make_lot("Harbour", "Europe/Berlin", 3, utc("2026-02-20T00:00"))
    one = world.spot_ids(made)[0]
    world.put(
        *(world.row(made, one, alice.id, utc(f"2026-02-{d}T08:00"), utc(f"2026-02-{d}T09:00")) for d in (24, 25, 26))
    )
    return made
