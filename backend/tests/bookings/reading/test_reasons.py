"""A reason that the program itself gave has a code; what people typed has none."""

from datetime import timedelta

import pytest

from parking.bookings.rules.reasons import NOT_FREE, code_of, lot_closed
from tests.bookings.helpers import make_lot, reserve

H = timedelta(hours=1)


@pytest.mark.parametrize(
    ("ended_by", "reason", "code"),
    [
        ("system", NOT_FREE, "not_free"),
        ("admin", lot_closed("Harbour"), "lot_closed"),
        ("admin", "Harbour has closed for a week.", None),
        ("admin", lot_closed("Castle"), None),
        ("admin", NOT_FREE, None),
        ("user", lot_closed("Harbour"), None),
        ("user", None, None),
        (None, None, None),
    ],
)
def test_only_the_reasons_of_the_program_have_a_code(ended_by, reason, code):
    assert code_of(ended_by, reason, "Harbour") == code


def test_a_closed_lot_gives_its_reason_as_a_code_everywhere(client, auth, bob, carol):
    lot = make_lot(carol)
    booking = reserve(bob, lot, 2 * H, H)
    answer = client.delete(f"/api/lots/{lot['id']}?cancel_reservations=true", headers=auth(carol))
    assert answer.status_code == 200, answer.json
    one = client.get(f"/api/bookings/{booking['id']}", headers=auth(bob)).json["booking"]
    [listed] = client.get("/api/bookings", headers=auth(bob)).json["bookings"]
    [for_admin] = client.get("/api/admin/bookings", headers=auth(carol)).json["bookings"]
    for view in (one, listed, for_admin):
        assert (view["reason"], view["reason_code"]) == (f"{lot['name']} has closed.", "lot_closed")
