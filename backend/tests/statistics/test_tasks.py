"""The tasks of the roll-ups."""

from parking.database import transaction
from parking.statistics import tasks
from tests.statistics.daily.test_check import SPOILERS


def test_the_tasks_roll_up_and_repair(lot):
    assert tasks.roll_up_statistics() == 11
    with transaction() as session:
        session.execute(SPOILERS["a day"])
    assert tasks.check_statistics() > 0
    assert tasks.check_statistics() == 0
    assert {entry["task"] for entry in tasks.BEAT.values()} == {"tasks.roll_up_figures", "tasks.check_figures"}
