"""The spots that a new capacity creates, restores and retires."""

from datetime import UTC, datetime

import pytest

from parking.lots import Resize, SpotState, resize


def spots(*rows):
    return [SpotState(n, n, retired_at, free) for n, (retired_at, free) in enumerate(rows, start=1)]


EARLIER, LATER = (datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2))
FREE, TAKEN, REMOVED, REMOVED_LATER = (None, True), (None, False), (EARLIER, True), (LATER, True)


@pytest.mark.parametrize(
    ("there", "capacity", "plan"),
    [
        ([FREE, FREE], 2, Resize()),
        ([FREE, FREE], 4, Resize(create=(3, 4))),
        ([FREE, REMOVED, REMOVED], 4, Resize(restore=(2, 3), create=(4,))),
        ([FREE, REMOVED, REMOVED], 2, Resize(restore=(2,))),
        ([FREE, REMOVED, REMOVED_LATER, REMOVED_LATER], 2, Resize(restore=(3,))),
        ([FREE, REMOVED, REMOVED_LATER, REMOVED_LATER], 4, Resize(restore=(3, 4, 2))),
        ([FREE, TAKEN, FREE], 2, Resize(retire=(3,))),
        ([FREE, FREE, TAKEN], 1, Resize(retire=(2, 1))),
        ([FREE, TAKEN, TAKEN], 1, Resize(blocking=(2, 3), short=1)),
    ],
)
def test_a_new_capacity_creates_restores_and_retires_spots(there, capacity, plan):
    assert resize(spots(*there), capacity) == plan
