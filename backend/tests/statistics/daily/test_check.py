"""The check finds stored sums that differ from the bookings, and repairs them."""

from datetime import date

import pytest
from sqlalchemy import delete, update

from parking.database import transaction
from parking.statistics.daily import check, refresh
from parking.statistics.daily.models import LotDay, LotDayDetail, LotMonth, MonthDetail

SPOILERS = {
    "a day": update(LotDay).where(LotDay.lot_id != 0, LotDay.day == date(2026, 2, 25)).values(revenue_minor=1),
    "the sum of a day": update(LotDay).where(LotDay.lot_id == 0, LotDay.day == date(2026, 2, 25)).values(bookings=77),
    "a chart": update(LotDayDetail).where(LotDayDetail.lot_id != 0).values(occupied=[0] * 24),
    "a missing day": delete(LotDay).where(LotDay.lot_id != 0, LotDay.day == date(2026, 2, 26)),
    "a month": update(LotMonth).where(LotMonth.lot_id != 0).values(drivers=12),
    "the charts of a month": update(MonthDetail).values(stay_minutes={"7": 1}),
}


@pytest.mark.parametrize("what", SPOILERS)
def test_the_check_finds_and_repairs_differences(app, lot, what):
    refresh.roll_up()
    assert check.find_differences() == []
    with transaction() as session:
        session.execute(SPOILERS[what])
    differences = check.find_differences()
    assert differences
    assert all(str(one) for one in differences)
    runner = app.test_cli_runner()
    result = runner.invoke(args=["stats", "check"])
    assert (result.exit_code, "Repaired: 0" in result.output) == (1, True)
    result = runner.invoke(args=["stats", "check", "--repair"])
    assert (result.exit_code, result.output.splitlines()[-1]) == (
        0,
        f"Differences: {len(differences)}. Repaired: {len(differences)}.",
    )
    assert runner.invoke(args=["stats", "check"]).output == "All statistics equal the bookings.\n"
