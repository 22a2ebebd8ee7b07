"""The price of a window and the spots that are free over it."""

from datetime import timedelta

from parking import clock
from parking.bookings import expiry
from parking.database import db
from parking.mail.models import OutboxMail
from tests.bookings.helpers import make_lot, reserve, text

H = timedelta(hours=1)


def test_a_quote_is_what_the_booking_costs(client, auth, alice, carol):
    lot = make_lot(
        carol,
        price_per_hour=333,
        billing_step_seconds=900,
        daily_cap=2000,
        cap_day="calendar",
        timezone="Europe/London",
    )
    span = {"from": "2026-03-28T18:10:00", "to": "2026-03-30T07:05:00"}  # over the night the clocks go forward
    quote = client.get("/api/quote", query_string={"lot_id": lot["id"]} | span, headers=auth(alice)).json["quote"]
    assert round(sum(line["amount"] for line in quote["lines"]), 2) == quote["total_cost"]
    body = {"lot_id": lot["id"], "booking_type": "reserved"}
    order = body | {"reserved_start": span["from"], "reserved_end": span["to"]}
    booking = client.post("/api/book", json=order, headers=auth(alice)).json["booking"]
    clock.travel(29 * 86_400)
    expiry.apply_all_due_transitions()
    booked = client.get(f"/api/bookings/{booking['id']}", headers=auth(alice)).json["booking"]
    assert booked["total_cost"] == quote["total_cost"]
    receipt = client.get(f"/api/bookings/{booking['id']}/receipt", headers=auth(alice)).json["receipt"]
    assert receipt["total_cost"] == quote["total_cost"]
    assert round(sum(line["amount"] for line in receipt["lines"]), 2) == quote["total_cost"]
    assert [line["capped"] for line in receipt["lines"]] == [False, True, True]
    mailed = db.session.query(OutboxMail).filter_by(kind="release_receipt").one().facts["booking"]
    for mail_line, line in zip(mailed["lines"], receipt["lines"], strict=True):
        assert mail_line == {**mail_line, **{name: line[name] for name in ("starts", "seconds", "capped", "free")}}
        assert mail_line["amount_minor"] == round(line["amount"] * 100)


def test_a_full_window_names_the_next_free_one(client, auth, alice, bob, carol):
    lot = make_lot(carol, capacity=1)
    reserve(bob, lot, 2 * H, 2 * H)
    span = {"from": text(clock.now() + H), "to": text(clock.now() + 3 * H)}
    answer = client.get(f"/api/lots/{lot['id']}/availability", query_string=span, headers=auth(alice))
    availability = answer.json["availability"]
    assert (availability["available_spots"], availability["next_free"]["from"]) == (0, text(clock.now() + 4 * H))
    free = {"from": text(clock.now()), "to": text(clock.now() + 2 * H)}
    answer = client.get(f"/api/lots/{lot['id']}/availability", query_string=free, headers=auth(alice))
    assert answer.json["availability"]["available_spots"] == 1
