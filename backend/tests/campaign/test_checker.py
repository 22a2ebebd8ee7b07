"""The checker is proved by histories with one seeded fault each: it must catch all of them, and pass the good one."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.campaign.checker import anomalies
from tests.campaign.history import Answer, FinalState, Operation, StoredBooking, StoredMail

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def answer(status: int, body: dict) -> Answer:
    return Answer(status, json.dumps(body).encode(), body)


def booked(tag: str, booking_id: int, spot: int) -> Answer:
    return answer(201, {"booking": {"id": booking_id, "reference": f"REF{booking_id}", "spot_id": spot}})


def released(status: str, cost: float) -> Answer:
    return answer(200, {"total_cost": cost, "booking": {"status": status}})


def good() -> tuple[list[Operation], FinalState]:
    """Anna parks an hour, Bert reserves the hour after on the same spot and cancels, Carl is refused, Dora reserves."""
    history = [
        Operation("anna", "book", "A1", answers=[booked("A1", 1, 7)] * 2),
        Operation("anna", "release", "A1", answers=[released("Completed", 12.34)]),
        Operation("anna", "read", "", answers=[answer(200, {})], seen=frozenset({"A1"}), expected=frozenset({"A1"})),
        Operation("bert", "book", "B1", "reserved", answers=[booked("B1", 2, 7)]),
        Operation("bert", "cancel", "B1", answers=[answer(200, {"message": "Booking cancelled."})]),
        Operation("carl", "book", "C1", answers=[answer(409, {"code": "lot_full"})]),
        Operation("dora", "book", "D1", "reserved", answers=[booked("D1", 3, 7)]),
        Operation("emil", "book", "E1"),  # no answer ever came: it may be there or not
    ]
    window = (NOON + HOUR, NOON + 2 * HOUR)
    bookings = [
        StoredBooking(
            1, "A1", "REF1", "anna", 7, "instant", "Completed", NOON, NOON + 4 * HOUR, NOON + HOUR, None, 1234
        ),
        StoredBooking(2, "B1", "REF2", "bert", 7, "reserved", "Cancelled", window[0], window[1], NOON, window, 0),
        StoredBooking(
            3, "D1", "REF3", "dora", 7, "reserved", "Completed", window[0], window[1], window[1], window, 1234
        ),
    ]
    kinds = [(1, "booking_confirmation"), (1, "release_receipt"), (2, "booking_confirmation")]
    kinds += [(2, "booking_cancelled"), (3, "booking_confirmation"), (3, "release_receipt")]
    mails = [StoredMail(booking, kind, "sent", f"<{booking}.{kind}>") for booking, kind in kinds]
    delivered = [mail.message_id for mail in mails]
    return history, FinalState(bookings, mails, [*delivered, delivered[0]], 1234, 2468)


def test_a_good_history_has_no_anomaly():
    assert anomalies(*good()) == []


def test_a_reservation_may_move_while_another_car_stays():
    history, state = copy.deepcopy(good())
    moved(history, state)
    assert anomalies(history, state) == []


def test_a_closure_is_nobodys_booking():
    history, state = copy.deepcopy(good())
    closed(history, state)
    assert anomalies(history, state) == []


def test_a_refusal_after_an_attempt_without_an_answer_proves_nothing():
    history, state = copy.deepcopy(good())
    refused_but_present(history, state)
    history[6].attempts = 2  # one of them was cut off before its answer
    assert anomalies(history, state) == []


def test_a_release_may_end_as_a_cancellation_while_another_car_stays():
    history, state = copy.deepcopy(good())
    overstayed(history, state)
    assert anomalies(history, state) == []


def _change_booking(state: FinalState, index: int, **changes) -> None:
    state.bookings[index] = replace(state.bookings[index], **changes)


def lost(history, state):
    del state.bookings[2]
    state.revenue_minor = 1234
    state.mails = state.mails[:4]


def refused_but_present(history, state):
    history[6].answers = [answer(409, {"code": "lot_full"})]


def made_twice(history, state):
    copy = replace(state.bookings[1], id=9, reference="REF9")
    state.bookings.append(copy)
    for kind in ("booking_confirmation", "booking_cancelled"):
        state.mails.append(StoredMail(9, kind, "sent", f"<9.{kind}>"))
        state.delivered.append(f"<9.{kind}>")


def out_of_nowhere(history, state):
    del history[6]


def other_spot(history, state):
    _change_booking(state, 2, spot_id=8)


def other_owner(history, state):
    _change_booking(state, 2, client="anna")


def other_replay(history, state):
    history[0].answers = [booked("A1", 1, 7), answer(201, {**booked("A1", 1, 7).json, "message": "again"})]


def overlap(history, state):
    _change_booking(state, 0, end=NOON + HOUR + timedelta(seconds=1))


def live_overlap(history, state):
    _change_booking(state, 0, status="Active", end=None, cost_minor=None)
    del history[1]
    state.revenue_minor = 1234


def wrong_cost(history, state):
    _change_booking(state, 2, cost_minor=1233)
    state.revenue_minor = 2467


def charged_for_a_cancelled_one(history, state):
    _change_booking(state, 1, cost_minor=5)
    state.revenue_minor = 2473


def answered_other_cost(history, state):
    history[1].answers = [released("Completed", 12.33)]


def release_undone(history, state):
    _change_booking(state, 0, status="Active", end=None, cost_minor=None, held_until=NOON + HOUR)
    state.revenue_minor = 1234
    state.mails = [mail for mail in state.mails if mail.kind != "release_receipt" or mail.booking_id != 1]
    state.delivered.remove("<1.release_receipt>")


def cancelled_instead(history, state):
    """Bert releases what he cancelled in the good history, while nobody stands on his spot."""
    history[4] = Operation("bert", "release", "B1", answers=[released("Cancelled", 0)])
    cancelled_by_the_clock(history, state)


def cancelled_by_the_clock(history, state):
    """A sweep cancelled Bert's reservation, although nobody stood on his spot."""
    _change_booking(state, 1, ended_by="system")


def cancelled_by_nobody(history, state):
    """The release was answered with a cancellation that the database does not ascribe to the clock."""
    cancelled_instead(history, state)
    _change_booking(state, 1, ended_by="user")


def overstayed(history, state):
    """The same while Anna's car stands there until after he gives up: allowed."""
    cancelled_instead(history, state)
    _change_booking(state, 0, end=NOON + 2 * HOUR, cost_minor=2468)
    _change_booking(state, 1, end=NOON + 2 * HOUR)
    _change_booking(state, 2, start=NOON + 2 * HOUR, end=NOON + 3 * HOUR, window=(NOON + 2 * HOUR, NOON + 3 * HOUR))
    history[1].answers = [released("Completed", 24.68)]
    state.revenue_minor = 3702


def moved(history, state):
    """Bert's reservation moved to spot 8 before he cancelled it: allowed."""
    _change_booking(state, 1, spot_id=8)
    state.moves = {2: [(7, 8)]}


def moved_elsewhere(history, state):
    """The log says that it moved to spot 8, and it is on spot 9."""
    moved(history, state)
    _change_booking(state, 1, spot_id=9)


def stale_read(history, state):
    history[2].seen = frozenset()


def wrong_statistics(history, state):
    state.revenue_minor = 2467


def mail_not_queued(history, state):
    del state.mails[5]
    state.delivered.remove("<3.release_receipt>")


def mail_queued_twice(history, state):
    state.mails.append(StoredMail(1, "booking_confirmation", "sent", "<other>"))
    state.delivered.append("<other>")


def mail_lost(history, state):
    state.delivered.remove("<3.booking_confirmation>")


def mail_stuck(history, state):
    state.mails[3] = replace(state.mails[3], state="retrying")


def closed(history, state):
    """Spot 7 is out of service from when the last car has left it: allowed."""
    start, end = NOON + 2 * HOUR, NOON + 3 * HOUR
    block = StoredBooking(
        9, "", "out of service", "carol", 7, "block", "Completed", start, end, end, (start, end), None
    )
    state.bookings.append(block)


def closed_over_a_car(history, state):
    closed(history, state)
    _change_booking(state, 3, start=NOON + HOUR + timedelta(minutes=59))


def closed_for_money(history, state):
    closed(history, state)
    _change_booking(state, 3, cost_minor=5)


def closed_with_a_mail(history, state):
    closed(history, state)
    state.mails.append(StoredMail(9, "booking_confirmation", "sent", "<9.booking_confirmation>"))
    state.delivered.append("<9.booking_confirmation>")


def mail_from_nowhere(history, state):
    state.delivered.append("<nobody>")


SEEDS = {
    lost: "acknowledged, but lost",
    refused_but_present: "refused, but present",
    made_twice: "one key made 2 bookings",
    out_of_nowhere: "nobody asked",
    other_spot: "spot was acknowledged",
    other_owner: "client was acknowledged",
    other_replay: "different ways",
    overlap: "overlap",
    live_overlap: "overlap",
    wrong_cost: "should cost 1234",
    charged_for_a_cancelled_one: "Cancelled, but costs",
    answered_other_cost: "12.33 was answered",
    release_undone: "status is Active",
    cancelled_instead: "the spot was free",
    cancelled_by_the_clock: "the spot was free",
    cancelled_by_nobody: "'user' cancelled it",
    moved_elsewhere: "spot was acknowledged as 8 and is 9",
    stale_read: "did not read it",
    wrong_statistics: "the statistics say",
    mail_not_queued: "0 mails release_receipt",
    mail_queued_twice: "2 mails booking_confirmation",
    mail_lost: "did not arrive",
    mail_stuck: "is retrying",
    closed_over_a_car: "overlap",
    closed_for_money: "costs 5",
    closed_with_a_mail: "has a mail",
    mail_from_nowhere: "stands in no outbox",
}


@pytest.mark.parametrize(("seed", "sentence"), SEEDS.items(), ids=lambda one: getattr(one, "__name__", ""))
def test_an_injected_error_is_detected(seed, sentence):
    history, state = copy.deepcopy(good())
    seed(history, state)
    assert any(sentence in anomaly for anomaly in anomalies(history, state)), anomalies(history, state)
