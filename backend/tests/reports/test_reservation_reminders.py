"""Who is reminded to come back, when, and how often; and who of a reservation."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text

from parking import clock, mail
from parking.database import db, transaction
from parking.mail.models import OutboxMail
from parking.reports import batches, recipients, reservation_reminders, schedule, send_now
from tests.conftest import make_user
from tests.exports.stage import make_lot, stay

HOUR, DAY = 3600, 24 * 3600
KIND = "inactivity_reminder"


def reminders(kind=KIND):
    db.session.rollback()
    query = select(OutboxMail.user_id, OutboxMail.facts, OutboxMail.created_at).where(OutboxMail.kind == kind)
    return list(db.session.execute(query.order_by(OutboxMail.id)))


def days_pass(number):
    """Each with sweeps at 18:00, 0:00, 6:00 and 12:00."""
    for _ in range(4 * number):
        clock.travel(6 * HOUR)
        schedule.run_due()


@pytest.fixture
def lot(app):
    schedule.begin()
    return make_lot()


def test_users_who_never_booked_are_reminded_at_six_in_the_evening(lot, alice):
    days_pass(1)
    [sent] = reminders()
    assert (sent.user_id, f"{sent.created_at:%H:%M}") == (alice.id, "18:00")
    assert sent.facts["days_since_last"] is None
    [one] = sent.facts["lots"]
    assert one.pop("tariff")["hourly_minor"] == 250
    assert one == {"name": "Harbour", "available_spots": 5, "price_per_hour_minor": 250, "currency": "EUR"}


def test_users_who_booked_recently_get_no_reminder_for_seven_days(lot, alice):
    stay(alice, lot, clock.now(), 1)
    days_pass(7)
    assert reminders() == []
    days_pass(1)
    [sent] = reminders()
    assert (sent.facts["days_since_last"], sent.facts["last"]) == (7, False)


def test_exactly_seven_days_are_not_more_than_seven(lot, alice):
    stay(alice, lot, clock.now() + timedelta(hours=6), 1)  # begins at 18:00
    days_pass(7)
    clock.travel(6 * HOUR)
    schedule.run_due()  # 18:00, seven days later
    assert reminders() == []
    days_pass(1)
    assert len(reminders()) == 1


def test_a_time_without_bookings_brings_three_reminders_at_most(lot, alice):
    stay(alice, lot, clock.now(), 1)
    days_pass(60)
    assert [(sent.facts["days_since_last"], sent.facts["last"]) for sent in reminders()] == [
        (7, False),
        (14, False),
        (30, True),
    ]


def test_users_who_never_booked_get_three_reminders_too(lot, alice):
    days_pass(60)
    assert [(sent.facts["days_since_last"], sent.facts["last"]) for sent in reminders()] == [
        (None, False),
        (None, False),
        (None, True),
    ]


def test_after_a_booking_the_reminders_start_again(lot, alice):
    stay(alice, lot, clock.now(), 1)
    days_pass(9)
    stay(alice, lot, clock.now(), 1)
    days_pass(9)
    assert [sent.facts["days_since_last"] for sent in reminders()] == [7, 7]


def test_users_inactive_for_long_before_the_first_run_get_only_the_last_reminder(lot, alice):
    stay(alice, lot, clock.now() - timedelta(days=100), 1)
    days_pass(20)
    [sent] = reminders()
    assert (sent.facts["days_since_last"], sent.facts["last"]) == (100, True)


@pytest.mark.parametrize("status", ["Cancelled", "No-show"])
def test_a_booking_that_never_began_does_not_count(lot, alice, status):
    stay(alice, lot, clock.now() - timedelta(hours=2), 1, status=status, kind="reserved")
    days_pass(1)
    assert [sent.facts["days_since_last"] for sent in reminders()] == [None]


@pytest.mark.parametrize(
    "live",
    [
        {"status": "Active", "start": -8 * 24, "hours": 9 * 24},
        {"status": "Reserved", "kind": "reserved", "start": 72, "hours": 2},
    ],
)
def test_users_with_a_live_booking_get_no_reminder(lot, alice, live):
    how = {key: value for key, value in live.items() if key != "start"}
    stay(alice, lot, clock.now() + timedelta(hours=live["start"]), **how)
    days_pass(1)
    assert reminders() == []


def test_disabled_deleted_and_opted_out_users_and_administrators_get_no_reminder(lot, alice, bob, carol):
    deleted = make_user("gone", "user")
    with transaction() as session:
        session.execute(text("UPDATE app_user SET active = false WHERE id = :id"), {"id": bob.id})
        session.execute(text("UPDATE app_user SET deleted_at = created_at WHERE id = :id"), {"id": deleted.id})
        mail.set_preferences(session, alice.id, {KIND: False})
    days_pass(2)
    assert reminders() == []
    with transaction() as session:
        mail.set_preferences(session, alice.id, {KIND: True})
    days_pass(1)
    assert [sent.user_id for sent in reminders()] == [alice.id]


def test_a_block_does_not_count_as_a_booking(lot, alice):
    start = clock.now() - timedelta(hours=1)
    stay(alice, lot, start, 9, status="Active", kind="block", tariff_id=None)
    days_pass(1)
    assert [sent.user_id for sent in reminders()] == [alice.id]


def test_a_machine_that_was_off_sends_one_reminder_not_one_a_day(lot, alice):
    clock.travel(5 * DAY)
    schedule.run_due()
    days_pass(2)
    assert len(reminders()) == 1


def test_reminders_sent_by_hand_are_sent_once_and_the_evening_run_reminds_the_others(lot, alice, bob):
    stay(bob, lot, clock.now() - timedelta(days=7) + timedelta(hours=3), 1)  # inactive from 15:00 on
    send_now.start([KIND])
    batches.process_batches()
    send_now.start([KIND])
    batches.process_batches()
    assert [sent.user_id for sent in reminders()] == [alice.id]
    days_pass(1)
    assert [sent.user_id for sent in reminders()] == [alice.id, bob.id]


def test_a_forced_run_sends_to_users_who_already_got_the_reminder(lot, alice):
    for _ in range(2):
        send_now.start([KIND], force=True)
        batches.process_batches()
    assert len(reminders()) == 2


def test_the_users_own_lot_is_listed_first(lot, alice):
    station = make_lot("Station", 2)
    make_lot("Airport", 50)
    stay(alice, station, clock.now() - timedelta(days=8), 1)
    days_pass(1)
    [sent] = reminders()
    assert [lot["name"] for lot in sent.facts["lots"]] == ["Station", "Airport", "Harbour"]


def test_a_full_lot_is_not_listed(lot, alice, bob):
    for spot in range(1, 6):
        stay(bob, lot, clock.now(), 48, status="Active", spot=spot)
    days_pass(1)
    assert [sent.facts["lots"] for sent in reminders() if sent.user_id == alice.id] == [[]]


# before a reservation ----------------------------------------------------------------------


def reserve(user, lot, hours_ahead, spot=1, *, booked_hours_ago=24, **more):
    start = clock.now() + timedelta(hours=hours_ahead)
    booked_at = clock.now() - timedelta(hours=booked_hours_ago)
    return stay(user, lot, start, 2, status="Reserved", kind="reserved", spot=spot, created_at=booked_at, **more)


def test_a_reservation_is_reminded_of_once_half_an_hour_before(lot, alice):
    booking = reserve(alice, lot, 2)
    sent_at = []
    for _ in range(180):
        clock.travel(60)
        sent_at += [clock.now()] * reservation_reminders.queue_due()
    assert sent_at == [booking.start_time - timedelta(minutes=30)]
    [sent] = reminders("reservation_reminder")
    assert sent.facts["booking"]["reference"] == booking.reference
    mailed = db.session.scalars(select(OutboxMail)).one()
    assert (mailed.booking_id, mailed.expires_at) == (booking.id, booking.start_time)


def test_each_booking_gets_its_own_reminder(lot, alice, bob):
    for spot, (who, ahead) in enumerate([(alice, 1), (alice, 4), (bob, 1)], 1):
        reserve(who, lot, ahead, spot)
    for _ in range(300):
        clock.travel(60)
        reservation_reminders.queue_due()
    assert Counter(sent.user_id for sent in reminders("reservation_reminder")) == {alice.id: 2, bob.id: 1}


def test_a_reservation_booked_just_now_gets_no_reminder(lot, alice):
    reserve(alice, lot, 0.4, booked_hours_ago=0)
    for _ in range(30):
        clock.travel(60)
        assert reservation_reminders.queue_due() == 0


def test_a_worker_that_was_away_reminds_late_but_not_after_the_start(lot, alice, bob):
    reserve(alice, lot, 1)
    reserve(bob, lot, 2, 2)
    clock.travel(1.9 * HOUR)
    assert reservation_reminders.queue_due() == 1
    assert [sent.user_id for sent in reminders("reservation_reminder")] == [bob.id]


def test_disabled_and_opted_out_users_get_no_reservation_reminder(lot, alice, bob):
    reserve(alice, lot, 0.4)
    reserve(bob, lot, 0.4, 2)
    with transaction() as session:
        mail.set_preferences(session, alice.id, {"reservation_reminder": False})
        session.execute(text("UPDATE app_user SET active = false WHERE id = :id"), {"id": bob.id})
    assert reservation_reminders.queue_due() == 0


def test_many_reservations_at_the_same_time_are_all_reminded_of(lot, alice, monkeypatch):
    monkeypatch.setattr(reservation_reminders, "PER_TRANSACTION", 2)
    big = make_lot("Big", 7)
    for spot in range(1, 8):
        reserve(alice, big, 0.4, spot)
    assert reservation_reminders.queue_due() == 7
    assert reservation_reminders.queue_due() == 0


@pytest.mark.parametrize(
    ("began", "now", "days"),
    [
        # 25 October 2026 has 25 hours in Berlin, 28 March 2027 has 23
        ("2026-10-20T17:30:00+00:00", "2026-10-27T18:00:00+00:00", None),  # 19:30 to 19:00 a week later
        ("2026-10-20T17:00:00+00:00", "2026-10-27T18:00:01+00:00", 7),
        ("2027-03-24T18:30:00+00:00", "2027-03-31T17:30:01+00:00", 7),
        ("2027-03-24T18:30:00+00:00", "2027-03-31T17:30:00+00:00", None),
        ("2027-03-24T18:30:00+00:00", "2027-04-07T17:30:01+00:00", 14),
    ],
)
def test_days_without_a_booking_are_days_in_the_operators_zone(app, alice, began, now, days):
    app.extensions["settings"] = replace(app.extensions["settings"], timezone="Europe/Berlin")
    start, then = datetime.fromisoformat(began), datetime.fromisoformat(now)
    reader = recipients._at_step(alice, start, then, "")
    assert (reader and reader.days) == days
