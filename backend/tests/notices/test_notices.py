"""Each event that a driver must hear of is told once, to them alone, in the words of its mail, until dismissed."""

import contextlib
from datetime import timedelta

import pytest
from flask_migrate import downgrade
from sqlalchemy import func, inspect, select, text

from parking import clock, notices
from parking.bookings import expiry, service
from parking.bookings.models import Booking
from parking.database import db, schema, transaction
from parking.errors import Conflict, NotFound
from parking.lot_admin import service as lots
from parking.mail.models import OutboxMail
from parking.mail.outbox import entries
from parking.mail.service import retry
from parking.notices.models import Notice
from parking.notices.service import KEEP, KEEP_DISMISSED
from tests.bookings.helpers import identity_of, make_lot, park, reserve, row
from tests.conftest import PASSWORD
from tests.threads import at_once

H = timedelta(hours=1)


def stored() -> list[tuple[int, str]]:
    """(user, kind) of every notice."""
    db.session.rollback()
    return [tuple(row) for row in db.session.execute(select(Notice.user_id, Notice.kind).order_by(Notice.id))]


def listed(client, headers) -> list[dict]:
    answer = client.get("/api/notices", headers=headers)
    assert answer.status_code == 200
    return answer.json["notices"]


def flat(text: str) -> str:
    return text.replace("\u00a0", " ")


# the causes: each prepares a booking of `driver` and returns what makes its event happen ---------------------------


def _released(driver, other, admin):
    booking = park(driver, make_lot(admin))
    clock.travel(3600)
    return lambda: service.release(booking["id"], None, reason="The bay is needed.")


def _moved(driver, other, admin):
    lot = make_lot(admin, capacity=2)
    park(other, lot, spot_id=_spot(lot, 1))
    reserve(driver, lot, 5 * H, H, spot_id=_spot(lot, 1))
    clock.travel(5 * 3600)
    return expiry.apply_all_due_transitions


def _spot(lot, number):
    return db.session.execute(
        text("SELECT id FROM parking_spot WHERE lot_id = :lot AND spot_number = :number"),
        {"lot": lot["id"], "number": number},
    ).scalar_one()


def _missed(driver, other, admin):
    lot = make_lot(admin, require_checkin=True, checkin_grace_minutes=10)
    reserve(driver, lot, H, 2 * H)
    clock.travel(3600 + 600)
    return expiry.apply_all_due_transitions


def _cancelled(driver, other, admin):
    booking = reserve(driver, make_lot(admin), H, 2 * H)
    return lambda: service.cancel(booking["id"], None, reason="Level 2 is closed.")


def _lot_closed(driver, other, admin):
    lot = make_lot(admin)
    reserve(driver, lot, H, 2 * H)
    return lambda: lots.delete(lot["id"], identity_of(admin), None, cancel_reservations=True)


def _still_occupied(driver, other, admin):
    lot = make_lot(admin, capacity=1)
    park(other, lot)
    reserve(driver, lot, 5 * H, H)
    clock.travel(7 * 3600)
    return expiry.apply_all_due_transitions


def _zone_corrected(driver, other, admin):
    lot = make_lot(admin, timezone="UTC")
    reserve(driver, lot, H, 2 * H)
    change, who = lots.LotChanges({"timezone": "Europe/Berlin"}), identity_of(admin)
    return lambda: lots.update_lot(lot["id"], change, who, None, confirm_timezone=True)


def _mail_failed(driver, other, admin):
    park(driver, make_lot(admin))
    with transaction() as session:
        mail = entries.lease(session, clock.now())

    def fail():
        with transaction() as session:
            entries.failed(session, mail, "550 5.1.1 no such user")

    return fail


CAUSES = {
    "forced release": (_released, "booking_force_released"),
    "move": (_moved, "booking_moved"),
    "no-show": (_missed, "booking_no_show"),
    "cancelled by the operator": (_cancelled, "booking_cancelled"),
    "lot closed": (_lot_closed, "booking_cancelled"),
    "still occupied": (_still_occupied, "booking_cancelled"),
    "zone corrected": (_zone_corrected, "booking_confirmation"),
    "failed mail": (_mail_failed, "mail_failed"),
}


@pytest.mark.parametrize(("prepare", "kind"), CAUSES.values(), ids=CAUSES)
def test_each_cause_writes_one_notice_however_often_it_runs(alice, bob, carol, prepare, kind):
    event = prepare(alice, bob, carol)
    assert stored() == []
    event()
    for _ in range(3):
        with contextlib.suppress(Conflict, NotFound):  # a repeated request may be refused: the booking has ended
            event()
    assert stored() == [(alice.id, kind)]


@pytest.mark.parametrize(("prepare", "kind"), CAUSES.values(), ids=CAUSES)
def test_workers_at_once_write_one_notice(app, alice, bob, carol, prepare, kind):
    event = prepare(alice, bob, carol)
    user_id = alice.id
    db.session.remove()
    problems = [answer for answer in at_once([event] * 4, catch=Exception) if isinstance(answer, Exception)]
    assert stored() == [(user_id, kind)], problems
    assert len(problems) < 4


@pytest.mark.parametrize(("prepare", "kind"), CAUSES.values(), ids=CAUSES)
def test_a_rolled_back_event_tells_nothing(alice, bob, carol, monkeypatch, prepare, kind):
    event = prepare(alice, bob, carol)

    class PowerCut(Exception):
        pass

    add = notices.add

    def cut(*args, **more):
        add(*args, **more)
        raise PowerCut

    from parking.notices import service as of_notices

    monkeypatch.setattr(notices, "add", cut)
    monkeypatch.setattr(of_notices, "add", cut)
    with pytest.raises(PowerCut):
        event()
    assert stored() == []


def test_what_drivers_do_themselves_tells_nothing(alice, carol):
    lot = make_lot(carol)
    service.cancel(reserve(alice, lot, H, H)["id"], alice.id)
    service.release(park(alice, lot)["id"], alice.id)
    assert stored() == []


# words ---------------------------------------------------------------------------------------------------------


def test_a_notice_has_the_words_of_its_mail_in_the_readers_present_language(client, alice, carol, auth):
    lot = make_lot(carol, "Harbour", timezone="Europe/Berlin", price_per_hour=1234)
    booking = park(alice, lot)
    clock.travel(3600)
    service.release(booking["id"], None, reason="The bay is needed.")
    headers = auth(alice)
    db.session.close()
    [notice] = listed(client, headers)
    assert (notice["kind"], notice["booking_id"]) == ("booking_force_released", booking["id"])
    assert (notice["title"], notice["place"]) == ("The operator ended your booking", "Spot 1 · Harbour")
    assert [flat(line) for line in notice["paragraphs"]] == [
        "The operator ended this booking on Mon 2 Mar 2026, 14:00.",
        "If your car is still there, please contact the operator before you return.",
    ]
    assert [(one["label"], flat(one["value"])) for one in notice["details"]] == [
        ("Reason", "The bay is needed."),
        ("Reference", booking["reference"]),
        ("From", "Mon 2 Mar 2026, 13:00"),
        ("Time zone", "Europe/Berlin (UTC+1)"),
        ("Total", "€12.34"),
    ]
    assert (
        client.patch("/auth/me", json={"locale": "de", "timezone": "Europe/Berlin"}, headers=headers).status_code == 200
    )
    [notice] = listed(client, headers)
    assert notice["title"] == "Der Betreiber hat Ihre Buchung beendet"
    assert [flat(one["value"]) for one in notice["details"]][-1] == "12,34 €"
    assert "Zeitzone" not in [one["label"] for one in notice["details"]]  # the reader's clock is the lot's now


def test_a_corrected_zone_is_told_by_the_lots_clock(client, alice, carol, auth):
    _zone_corrected(alice, None, carol)()
    headers = auth(alice)
    db.session.close()
    [notice] = listed(client, headers)
    assert notice["title"] == "Your booking has changed"
    assert notice["paragraphs"][0].startswith(
        "The time zone of this parking lot was corrected from UTC to Europe/Berlin."
    )
    assert flat(notice["details"][1]["value"]) == "Mon 2 Mar 2026, 14:00"


@pytest.mark.parametrize(("prepare", "english", "german"), [
    (_still_occupied, "Your spot was still occupied", "Ihr Stellplatz war noch belegt"),
    (_lot_closed, "The lot has closed", "Der Parkplatz wurde geschlossen"),
])  # fmt: skip
def test_a_cancellation_without_an_operators_words_has_words_in_both_languages(
    client, alice, bob, carol, auth, prepare, english, german
):
    """The reason that is stored with the booking is English: it is not shown to a reader of German."""
    prepare(alice, bob, carol)()
    headers = auth(alice)
    db.session.close()
    for locale, begin in (("en", english), ("de", german)):
        client.patch("/auth/me", json={"locale": locale}, headers=headers)
        [notice] = listed(client, headers)
        assert notice["paragraphs"][0].startswith(begin)
        assert "closed." not in str(notice["details"])
        assert "not free" not in str(notice)


def test_a_failed_mail_is_named_with_its_address_and_taken_back_when_it_is_tried_again(client, alice, carol, auth):
    _mail_failed(alice, None, carol)()
    headers, mail_id = auth(alice), db.session.scalar(select(OutboxMail.id))
    db.session.close()
    [notice] = listed(client, headers)
    assert notice["paragraphs"][0] == (
        "We could not deliver this email to alice@example.com: “Booked: spot 1 at Harbour”. Everything it "
        "says is on the booking's page."
    )
    retry(mail_id)
    assert listed(client, headers) == []
    with transaction() as session:
        entries.failed(session, entries.lease(session, clock.now()), "550 5.1.1 no such user")
    assert [one["kind"] for one in listed(client, headers)] == ["mail_failed"]


@pytest.mark.parametrize("end", ["too old", "its worker died"])
def test_a_mail_that_fails_by_its_age_or_its_worker_is_told_too(alice, carol, end):
    park(alice, make_lot(carol))
    with transaction() as session:
        mail = entries.lease(session, clock.now())
    if end == "too old":
        clock.travel(entries.GIVE_UP.total_seconds())
        with transaction() as session:
            entries.retry_later(session, mail, "451 later", clock.now(), server_fault=False)
    else:
        for _ in range(entries.MOST_LOST_LEASES):
            clock.travel(entries.LEASE.total_seconds() + 1)
            with transaction() as session:
                entries.lease(session, clock.now())
    assert stored() == [(alice.id, "mail_failed")]


def test_a_mail_that_waited_too_long_for_a_server_is_told_too(alice, carol):
    park(alice, make_lot(carol))
    for pause in (0, entries.GIVE_UP.total_seconds()):
        clock.travel(pause)
        with transaction() as session:
            entries.postpone_due(session, "connection refused", clock.now())
    assert stored() == [(alice.id, "mail_failed")]


# list and dismissal --------------------------------------------------------------------------------------------


@pytest.fixture
def three(client, alice, carol, auth):
    """The ids of three notices of alice, newest first."""
    lot = make_lot(carol)
    for _ in range(3):
        service.release(park(alice, lot)["id"], None, reason="Closing time.")
    headers = auth(alice)
    db.session.close()
    return headers, [one["id"] for one in listed(client, headers)]


def test_the_list_comes_in_pages_with_the_number_of_all(client, three):
    headers, ids = three
    assert ids == sorted(ids, reverse=True)
    first = client.get("/api/notices?limit=2", headers=headers).json
    second = client.get(f"/api/notices?limit=2&cursor={first['next']}", headers=headers).json
    assert ([one["id"] for one in first["notices"]], first["total"]) == (ids[:2], 3)
    assert ([one["id"] for one in second["notices"]], second["next"], second["total"]) == (ids[2:], None, 3)
    assert client.get("/api/notices?cursor=no", headers=headers).status_code == 422


def test_a_dismissed_notice_is_gone_and_may_be_dismissed_again(client, three):
    headers, ids = three
    for _ in range(2):
        assert client.post(f"/api/notices/{ids[1]}/dismiss", headers=headers).status_code == 200
    answer = client.get("/api/notices", headers=headers).json
    assert ([one["id"] for one in answer["notices"]], answer["total"]) == ([ids[0], ids[2]], 2)


def test_nobody_else_sees_or_dismisses_it(client, three, bob, carol, auth):
    headers, ids = three
    for stranger in (auth(bob), auth(carol)):
        db.session.close()
        assert client.get("/api/notices", headers=stranger).json == {"notices": [], "next": None, "total": 0}
        for notice in (ids[0], 10**9):
            answer = client.post(f"/api/notices/{notice}/dismiss", headers=stranger)
            assert (answer.status_code, answer.json["detail"]) == (404, "There is no such notice.")
    assert len(listed(client, headers)) == 3


def test_each_change_is_published_to_its_reader_alone(client, alice, carol, auth, monkeypatch):
    events = []
    monkeypatch.setattr("parking.realtime.publish", lambda name, data, **to: events.append((name, data, to)))
    headers = auth(alice)
    service.release(park(alice, make_lot(carol))["id"], None, reason="Closing time.")
    [notice] = listed(client, headers)
    for _ in range(2):
        client.post(f"/api/notices/{notice['id']}/dismiss", headers=headers)
    assert [event for event in events if event[0] == "notice"] == [("notice", {}, {"user_id": alice.id})] * 2


# the end of notices --------------------------------------------------------------------------------------------


def test_old_notices_are_swept(client, three):
    headers, ids = three
    client.post(f"/api/notices/{ids[0]}/dismiss", headers=headers)
    assert notices.delete_old() == 0
    clock.travel(KEEP_DISMISSED.total_seconds() + 1)
    assert notices.delete_old() == 1
    clock.travel(KEEP.total_seconds())
    assert notices.delete_old() == 2
    assert stored() == []


def test_a_deleted_account_leaves_no_notice(client, three, bob, carol):
    headers, _ = three
    service.release(park(bob, make_lot(carol, "Other"))["id"], None, reason="Closing time.")
    bob_id = bob.id
    db.session.close()
    assert client.delete("/auth/me", json={"password": PASSWORD}, headers=headers).status_code == 200
    assert stored() == [(bob_id, "booking_force_released")]


def test_the_file_of_ones_data_has_the_notices(client, three):
    headers, ids = three
    client.post(f"/api/notices/{ids[0]}/dismiss", headers=headers)
    data = client.get("/api/me/data", headers=headers).json["notices"]
    assert [one["id"] for one in data] == ids[::-1]
    assert [one["dismissed_at"] is None for one in data] == [True, True, False]
    assert data[0]["text"][0] == "The operator ended your booking"
    assert "Reason: Closing time." in data[0]["text"]


def test_the_migration_goes_down_and_up_with_rows(client, three):
    directory = str(schema.MIGRATIONS)
    db.session.close()
    downgrade(directory=directory, revision="0012")
    with db.engine.connect() as connection:
        assert "notice" not in inspect(connection).get_table_names()
        assert connection.scalar(select(func.count()).select_from(Booking)) == 3
    schema.upgrade()
    assert schema.problems() == []
    assert stored() == []
    assert row(1).status == "Completed"
