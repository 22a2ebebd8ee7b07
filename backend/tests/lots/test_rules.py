"""The spots that a new capacity creates, restores and retires."""

import pytest

from parking.lots import Resize, SpotState, resize


def spots(*rows):
    return [SpotState(n, n, retired, free) for n, (retired, free) in enumerate(rows, start=1)]


FREE, TAKEN, REMOVED = (False, True), (False, False), (True, True)


@pytest.mark.parametrize(
    ("there", "capacity", "plan"),
    [
        ([FREE, FREE], 2, Resize()),
        ([FREE, FREE], 4, Resize(create=(3, 4))),
        ([FREE, REMOVED, REMOVED], 4, Resize(restore=(2, 3), create=(4,))),
        ([FREE, REMOVED, REMOVED], 2, Resize(restore=(2,))),
        ([FREE, TAKEN, FREE], 2, Resize(retire=(3,))),
        ([FREE, FREE, TAKEN], 1, Resize(retire=(2, 1))),
        ([FREE, TAKEN, TAKEN], 1, Resize(blocking=(2, 3), short=1)),
    ],
)
def test_a_new_capacity_creates_restores_and_retires_spots(there, capacity, plan):
    assert resize(spots(*there), capacity) == plan
