"""Personal data that is too old goes; every sum, statistic and receipt stays; and nothing else can change so."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import DatabaseError

from parking import clock
from parking.accounts.models import LoginSession, User
from parking.audit.models import AuditEntry
from parking.bookings import personal_data
from parking.bookings.models import Booking
from parking.database import db, transaction
from parking.mail.models import OutboxMail
from parking.retention import service
from parking.retention.models import RetentionRun
from parking.retention.rules import Cutoffs, cutoffs
from parking.statistics import roll_up
from parking.statistics.daily import check
from parking.statistics.daily.models import LotMonth
from tests.conftest import make_user
from tests.statistics import world
from tests.statistics.world import utc

KEEP = {"retain_visitors_days": 30}
KEEP |= {"retain_plates_days": 30, "retain_ip_days": 60, "retain_audit_details_days": 90, "retain_person_years": 2}


@pytest.fixture
def settings(settings):
    return dataclasses.replace(settings, **KEEP)


@pytest.fixture
def town(app, alice, bob):
    """Stays of two drivers from 2021 on in two zones, some over New Year; the time now is 2 March 2026."""
    lots = [world.make_lot(name, zone, 3, utc("2020-12-01T00:00")) for name, zone in ZONES]
    for lot in lots:
        spots = world.spot_ids(lot)
        for year in range(2021, 2027):
            for user, spot in zip((alice, bob), spots, strict=False):
                rows = [
                    world.row(lot, spot, user.id, utc(f"{year}-{at}"), utc(f"{year}-{end}"), vehicle_plate="B PW 1")
                    for at, end in (("01-10T08:00", "01-10T10:30"), ("02-20T23:00", "02-21T01:00"))
                ]
                world.put(*rows)
        over = world.row(lot, spots[2], alice.id, utc("2022-12-31T22:30"), utc("2023-01-01T12:00"))
        world.put(over)
    for booking_id, user_id in db.session.execute(
        select(Booking.id, Booking.user_id).order_by(Booking.start_time)
    ).all():
        _audit(booking_id, user_id)
    return lots


@pytest.fixture
def counted_town(town):
    """The same with the statistics of every day, which takes the time of ten such tests."""
    roll_up()
    return town


ZONES = (("Harbour", "Europe/Berlin"), ("Bay", "Pacific/Auckland"))


def _audit(booking_id: int, actor_id: int) -> None:
    at = db.session.scalar(select(Booking.start_time).where(Booking.id == booking_id))
    with transaction() as session:
        session.execute(
            insert(AuditEntry).values(
                at=at, actor_id=actor_id, action="booking.created", entity="booking", entity_id=booking_id,
                after={"user_id": actor_id}, ip="203.0.113.7", request_id="r1",
            )
        )  # fmt: skip


_RECENT = Booking.start_time > utc("2024-01-05T00:00")


def _sums() -> list[tuple]:
    """Count, money and drivers of each lot and month, from the stored statistics."""
    columns = [column for column in LotMonth.__table__.columns if column.name != "stale"]
    rows = db.session.execute(select(*columns).order_by(LotMonth.lot_id, LotMonth.month)).all()
    db.session.close()
    return [tuple(row) for row in rows]


def _bookings(client, headers) -> dict[int, tuple]:
    """What administrators see of each booking's time and price."""
    rows = client.get("/api/admin/bookings?limit=1000", headers=headers).json["bookings"]
    return {row["id"]: tuple(row[name] for name in ("lot_id", "start_time", "end_time", "total_cost")) for row in rows}


def test_the_dry_run_says_what_the_run_then_does_and_a_second_run_finds_nothing(town):
    before = db.session.scalar(select(func.count()).select_from(RetentionRun))
    db.session.close()
    counts = service.preview()
    assert db.session.scalar(select(func.count()).where(Booking.vehicle_plate.is_not(None))) == 48
    db.session.close()
    # 2021 to 2023 are more than two years over: 2 lots x (3 years x 2 drivers x 2 stays + the one over New Year)
    assert dataclasses.asdict(counts) == {
        "visitors": 0, "plates": 44, "ip_addresses": 42, "audit_details": 42, "bookings_without_person": 26,
    }  # fmt: skip
    assert service.run() == counts
    assert service.run() == service.Counts()
    runs = db.session.scalars(select(RetentionRun).order_by(RetentionRun.id)).all()
    assert len(runs) == before + 2
    assert runs[0].counts == dataclasses.asdict(counts)
    noted = db.session.scalars(select(AuditEntry.after).where(AuditEntry.action == "retention.run")).all()
    assert noted[0] == dataclasses.asdict(counts)


def test_statistics_prices_and_receipts_are_equal_to_the_cent(counted_town, client, alice, carol, auth):
    headers, own = auth(carol), auth(alice)
    newest = db.session.scalar(select(func.max(Booking.id)).where(Booking.user_id == alice.id, _RECENT))
    sums, rows = _sums(), _bookings(client, headers)
    receipt = client.get(f"/api/bookings/{newest}/receipt", headers=own).json
    assert (len(sums) > 20, len(rows)) == (True, 50)
    service.run()
    roll_up()
    assert _sums() == sums
    assert check.find_differences() == [], "also when they are computed anew from the bookings"
    assert _bookings(client, headers) == rows
    after = client.get(f"/api/bookings/{newest}/receipt", headers=own).json
    assert after["receipt"]["lines"] == receipt["receipt"]["lines"]
    assert after["receipt"]["total_cost"] == receipt["receipt"]["total_cost"]


def test_nothing_of_old_bookings_leads_to_the_person(town, alice, bob):
    service.run()
    old = db.session.scalars(select(Booking).where(Booking.start_time < utc("2023-12-01T00:00"))).all()
    recent = db.session.scalars(select(Booking).where(_RECENT)).all()
    assert {one.user_id for one in recent} == {alice.id, bob.id}
    placeholders = {one.user_id for one in old}
    assert not placeholders & {alice.id, bob.id}
    assert len(placeholders) == 3 * 2, "one for each person and year"
    assert {one.vehicle_plate for one in old} == {None}
    entries = db.session.scalars(
        select(AuditEntry).where(AuditEntry.entity == "booking", AuditEntry.entity_id.in_([one.id for one in old]))
    ).all()
    assert len(entries) == len(old)
    for entry in entries:
        assert entry.actor_id not in (alice.id, bob.id)
        assert (entry.before, entry.after, entry.ip) == (None, None, None)
    for one in db.session.scalars(select(User).where(User.placeholder)):
        assert not one.active
        assert one.deleted_at
        assert one.password is None


def test_placeholders_are_no_accounts(town, client, carol, auth):
    headers = auth(carol)

    def listed() -> tuple:
        answer = client.get("/api/users?created_from_day=2026-01-01&created_to_day=2026-12-31", headers=headers).json
        return [user["id"] for user in answer["users"]], answer["total"], answer["deleted"]

    before = listed()
    today = f"?from={clock.now():%Y-%m-%d}&to={clock.now():%Y-%m-%d}"

    def new_users() -> int:
        figures = client.get(f"/api/stats/admin{today}", headers=headers).json["stats"]["figures"]
        return next(one["value"] for one in figures if one["name"] == "new_users")

    new = new_users()
    service.run()
    assert listed() == before
    assert new_users() == new


def test_what_is_younger_stays(town, alice):
    service.run()
    plates = db.session.scalars(select(Booking.end_time).where(Booking.vehicle_plate.is_not(None))).all()
    assert {f"{end:%Y-%m}" for end in plates} == {"2026-02"}
    ips = db.session.scalars(select(AuditEntry.at).where(AuditEntry.ip.is_not(None))).all()
    assert {f"{at:%Y-%m}" for at in ips if at.year < 2026 or at.month < 3} == {"2026-01", "2026-02"}


def test_a_session_keeps_its_address_while_it_is_used(app, alice):
    with transaction() as session:
        for name, days in (("old", 61), ("new", 59)):
            at = clock.now() - timedelta(days=days)
            session.add(
                LoginSession(
                    user_id=alice.id, family=name, token_hash=name, rotated_at=at, created_at=at, last_used_at=at,
                    expires_at=at, ip="203.0.113.7",
                )
            )  # fmt: skip
    assert service.run().ip_addresses == 1
    families = db.session.scalars(select(LoginSession.family).where(LoginSession.ip.is_not(None))).all()
    assert families == ["new"]


def test_more_than_one_batch_is_deleted_in_one_run(town, monkeypatch):
    monkeypatch.setattr(personal_data, "BATCH", 3)
    assert service.run().plates == 44
    old = select(func.count()).where(Booking.vehicle_plate.is_not(None), Booking.end_time < utc("2026-01-31T12:00"))
    assert db.session.scalar(old) == 0


def test_it_runs_once_a_day_and_goes_on_from_the_last_run(town, alice):
    assert [service.run_due() for _ in range(2)] == [True, False]
    clock.travel(24 * 3600)
    lot = town[0]
    world.put(
        world.row(lot, world.spot_ids(lot)[0], alice.id, utc("2026-01-31T12:00"), utc("2026-02-01T11:00"),
                  vehicle_plate="B PW 2")
    )  # fmt: skip
    assert service.run_due()
    counts = db.session.scalars(select(RetentionRun.counts).order_by(RetentionRun.id)).all()
    assert [one["plates"] for one in counts] == [44, 1]


def test_a_stay_of_years_ago_that_ends_today_loses_its_person_tomorrow(town, alice):
    """Whoever forgets to release parks for years; the run that looked at that year could not take it."""
    lot = town[1]
    spot = world.spot_ids(lot)[2]
    forgotten = world.put(world.row(lot, spot, alice.id, utc("2022-06-01T12:00"), None))[0]
    assert service.run_due()
    with transaction() as session:
        session.execute(update(Booking).where(Booking.id == forgotten).values(
            status="Completed", end_time=clock.now(), ended_by="user", total_cost_minor=100))  # fmt: skip
    clock.travel(24 * 3600)
    assert service.run_due()
    counts = db.session.scalars(select(RetentionRun.counts).order_by(RetentionRun.id)).all()
    assert [one["bookings_without_person"] for one in counts] == [26, 1]
    assert db.session.get(Booking, forgotten).user_id != alice.id


def test_without_settings_nothing_is_ever_deleted(town, app):
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], **dict.fromkeys(KEEP, 0))
    assert not service.run_due()
    assert service.run() == service.Counts()


def test_a_run_that_is_stopped_half_way_is_continued(counted_town, monkeypatch):
    sums, calls = _sums(), []

    def stop(*arguments):
        calls.append(arguments)
        if len(calls) == 3:
            raise RuntimeError("killed")
        return original(*arguments)

    original = service._take_off_person
    monkeypatch.setattr(service, "_take_off_person", stop)
    with pytest.raises(RuntimeError):
        service.run()
    assert service.run().bookings_without_person > 0
    assert service.preview() == service.Counts()
    roll_up()
    assert _sums() == sums


def test_mails_about_old_bookings_go_with_the_person(town, alice):
    old, recent = (
        db.session.scalar(select(Booking.id).where(Booking.user_id == alice.id).order_by(order).limit(1))
        for order in (Booking.start_time, Booking.start_time.desc())
    )
    with transaction() as session:
        for booking_id in (old, recent):
            session.add(
                OutboxMail(
                    kind="release_receipt", state="sent", user_id=alice.id, booking_id=booking_id, email=alice.email,
                    name="Alice", locale="en", timezone="UTC", subject="Receipt", message_id=f"<{booking_id}@x>",
                    facts={}, attachments=[], created_at=clock.now(), due_at=clock.now(), sent_at=clock.now(),
                    attempts=1, lost_leases=0, server_fault=False,
                )
            )  # fmt: skip
    service.run()
    assert db.session.scalars(select(OutboxMail.booking_id)).all() == [recent]


# the database -----------------------------------------------------------------------------------


def _refused(statement, name: str) -> None:
    with pytest.raises(DatabaseError, match=name), transaction() as session:
        session.execute(statement)


def test_the_database_refuses_every_other_change_of_owner_and_audit(town, alice, bob, carol):
    booking = select(Booking.id).where(Booking.user_id == alice.id).order_by(Booking.id).limit(1).scalar_subquery()
    _refused(update(Booking).where(Booking.id == booking).values(user_id=bob.id), "booking_owner")
    with transaction() as session:
        deleted = make_user("gone", "user").id
        session.execute(update(User).where(User.id == deleted).values(deleted_at=clock.now()))
    running = world.put(world.row(town[0], world.spot_ids(town[0])[0], alice.id, clock.now(), None))[0]
    _refused(update(Booking).where(Booking.id == running).values(user_id=deleted), "booking_owner")
    for change in (
        "ip = '198.51.100.1'", "actor_id = NULL", f"actor_id = {bob.id}", "action = 'x'", "entity_id = 5",
        "at = at + 1" if db.engine.dialect.name == "sqlite" else "at = at + interval '1 second'",
        "request_id = NULL", "\"after\" = '{}'", "\"before\" = '{\"a\": 1}'",
    ):  # fmt: skip
        _refused(text(f"UPDATE audit_entry SET {change}"), "audit_entry_frozen")
    with transaction() as session:  # what the retention does
        session.execute(text('UPDATE audit_entry SET ip = NULL, "before" = NULL, "after" = NULL'))
        session.execute(text(f"UPDATE audit_entry SET actor_id = {deleted}"))


# the rules --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "year"),
    [
        (datetime(2026, 1, 1, 23, 59, tzinfo=UTC), 2022),  # somewhere it is still 2025
        (datetime(2026, 1, 2, 0, 0, tzinfo=UTC), 2023),
        (datetime(2026, 12, 31, 12, 0, tzinfo=UTC), 2023),
    ],
)
def test_a_person_goes_with_whole_years(now, year):
    limits = cutoffs(now, visitor_days=0, plate_days=0, ip_days=0, audit_days=0, person_years=2)
    assert limits == Cutoffs(person_year=year)
    assert limits


def test_cutoffs_are_stored_and_read_again():
    now = datetime(2026, 3, 2, tzinfo=UTC)
    limits = cutoffs(now, visitor_days=30, plate_days=1, ip_days=2, audit_days=0, person_years=3)
    assert Cutoffs.from_json(limits.to_json()) == limits
    nothing = dict.fromkeys(("visitor_days", "plate_days", "ip_days", "audit_days", "person_years"), 0)
    assert not cutoffs(now, **nothing)


def test_the_command_counts(app, town):
    runner = app.test_cli_runner()
    dry = runner.invoke(args=["retention", "run", "--dry-run"]).output
    assert "44  number plates of ended stays" in dry
    assert "Nothing was changed." in dry
    assert "26  bookings that no longer name a person" in runner.invoke(args=["retention", "run"]).output
    assert " 0  number plates" in runner.invoke(args=["retention", "run"]).output
