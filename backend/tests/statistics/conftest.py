"""The lot of the roll-up tests."""

import pytest

from tests.statistics import world
from tests.statistics.world import utc


@pytest.fixture
def lot(app, alice):
    new_lot = world.make_lot("Harbour", "Europe/Berlin", 3, utc("2026-02-20T00:00"))
    one = world.spot_ids(new_lot)[0]
    world.put(
        *(world.row(new_lot, one, alice.id, utc(f"2026-02-{d}T08:00"), utc(f"2026-02-{d}T09:00")) for d in (24, 25, 26))
    )
    return new_lot
