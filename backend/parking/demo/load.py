"""`flask demo load`: sixty days of an invented town, simulated with the booking services and a clock of its own."""

from __future__ import annotations

import heapq
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click
from flask_security.utils import hash_password
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from parking import bookings, clock, jobs, lot_admin, notices, settings, waitlist
from parking.accounts import User, create_user, visitors_account
from parking.database import db, transaction, unsynced_commits
from parking.demo import birmingham, town
from parking.errors import Conflict, Unavailable
from parking.lots import Lot, Spot
from parking.mail import DEMONSTRATION, OutboxMail

ADMIN, DRIVER = "admin@example.com", "amelia.albers@example.com"
APPLY_EVERY = timedelta(hours=3)
NOTICES_READ_AFTER = timedelta(days=1)


@click.command("load")
@click.option(
    "--city",
    envvar="DEMO_CITY",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of real readings (birmingham.csv.gz) instead of the made-up town.",
)
def command(city: Path | None) -> None:
    """Fill an empty database with demonstration data and print the logins."""
    if db.session.scalar(select(Lot.id).limit(1)) is not None:
        click.echo("There are already lots, so no demonstration data is loaded.")
        return
    if settings.current().production:
        raise click.ClickException("Demonstration data cannot be loaded with APP_ENV=production.")
    _refuse_beside_a_worker()
    password = secrets.token_urlsafe(9)
    click.echo(_real(city, password) if city else _made_up(password))
    click.echo(f"Administrator: {ADMIN}    Driver: {DRIVER}    Password of all accounts: {password}")


def _refuse_beside_a_worker() -> None:
    """A worker applies due transitions by the real clock, which would end every booking of the simulation at once."""
    seen = jobs.last_seen().get("worker")
    if seen is not None and clock.now() - seen < timedelta(seconds=jobs.SILENT_SECONDS):
        raise click.ClickException("A worker is running. Stop it first, and load these before it starts.")


def _made_up(password: str) -> str:
    db.session.remove()
    # Seven thousand commits: where the disk is busy, waiting for it takes longer than all the rest.
    with unsynced_commits(db.engine):
        number = Town(clock.now(), password).simulate()
        db.session.remove()
    return f"{len(town.PARKS)} lots, {town.DRIVERS} drivers, {number} bookings."


def _real(city: Path, password: str) -> str:
    loaded = birmingham.run(city)
    hashed = hash_password(password)
    with transaction() as session:
        create_user(session, ADMIN, "Demo Admin", hashed, "user", "admin")
        create_user(session, DRIVER, "Amelia Albers", hashed, "user")
    return f"{loaded.lots} lots, {loaded.drivers:,} drivers, {loaded.bookings:,} bookings."


@dataclass
class Town:
    """The simulation; actions to come wait in a heap, ordered by time."""

    now: datetime
    password: str
    lots: list[int] = field(default_factory=list)
    drivers: list[tuple[int, str]] = field(default_factory=list)
    later: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    bookings: int = 0
    refused: int = 0

    def simulate(self) -> int:
        """Simulates from the first day to now. Returns the number of bookings."""
        begin = self.now - timedelta(days=town.DAYS + 1)
        with clock.set_to(begin):
            self._create_users_and_lots()
            for visit in town.visits(self.now):
                self._at(visit.at, partial(self._book, visit))
            self._at(begin + APPLY_EVERY, self._apply_due_transitions)
            self._plan_present()
            while self.later:
                when, _, act = heapq.heappop(self.later)
                if when > self.now:
                    break
                clock.travel((when - clock.now()).total_seconds())
                act()
        self._discard_mails()
        return self.bookings

    def _at(self, when: datetime, act: Callable[[], object]) -> None:
        heapq.heappush(self.later, (when, len(self.later) + self.bookings * 10_000, act))

    def _create_users_and_lots(self) -> None:
        """Creates the users and the lots."""
        hashed = hash_password(self.password)  # once: all have the same password
        with transaction() as session:
            admin = create_user(session, ADMIN, "Demo Admin", hashed, "user", "admin")
            drivers = []
            for number, (name, email, plate) in enumerate(town.drivers()):
                user = create_user(session, email, name, hashed, "user")
                user.plates, user.needs = [plate], town.needs_of(number)
                drivers.append((user, plate))
            session.flush()
            self._spread_registrations(drivers)
            self.drivers = [(user.id, plate) for user, plate in drivers]
            admin_id = admin.id
        changes = [lot_admin.LotChanges(dict(park.fields)) for park in town.PARKS]
        self.lots = [lot["id"] for lot in lot_admin.create_many(changes, admin_id)]
        with transaction() as session:
            for lot_id, park in zip(self.lots, town.PARKS, strict=True):
                _furnish(session, lot_id, park)

    def _spread_registrations(self, drivers: list[tuple[User, str]]) -> None:
        """Four in five registered on the first day, the others later."""
        for n, (user, _) in enumerate(drivers):
            later = town.DAYS * (n - 80) / 20 if n >= 80 else 0
            user.created_at = clock.now() + timedelta(days=max(0.0, later))

    def _plan_present(self) -> None:
        """The town is alive when it is opened, whatever the hour: cars come in during the last hours, until each lot is
        as full as planned, and a few stay longer than they have reserved."""
        for visit in town.overstays(self.now):
            self._at(visit.at, partial(self._book, visit))
        for minutes, share in town.ARRIVALS:
            self._at(self.now - timedelta(minutes=minutes), partial(self._fill_up, share))
        self._at(self.now - min(town.COMMUTES_SINCE, timedelta(days=town.DAYS)), self._book_series)
        self._at(self.now - timedelta(hours=3), self._book_for_visitor)
        for driver, minutes, for_minutes in town.WAITING:
            self._at(self.now - timedelta(minutes=minutes), partial(self._wait, driver, for_minutes))

    def _fill_up(self, share: float) -> None:
        """Cars park in every lot until this share of what is planned for it is occupied."""
        counts = bookings.counts_by_lot(db.session(), clock.now())
        for number, (lot_id, park) in enumerate(zip(self.lots, town.PARKS, strict=True)):
            there = counts[lot_id].occupied if lot_id in counts else 0
            planned = round(share * park.present * park.fields["capacity"])
            for _ in range(max(0, planned - there)):
                driver = (self.bookings * 7 + number) % len(self.drivers)
                self._book(town.Visit(clock.now(), number, driver, clock.now(), 0, reserved=False, fate="stays"))

    def _book_series(self) -> None:
        """A driver books the same hours of every week, on the dates that are free."""
        user_id, plate = self.drivers[town.COMMUTER]
        rule = town.commute(clock.now())
        request = bookings.SeriesRequest(self.lots[town.COMMUTES_TO], user_id, rule, vehicle_plate=plate)
        dates = bookings.preview_series(request)["dates"]
        free = frozenset(date.fromisoformat(one["date"]) for one in dates if one["available"])
        self.bookings += len(bookings.book_series(replace(request, accept=free))["bookings"])

    def _book_for_visitor(self) -> None:
        """The staff of a lot expect somebody without an account."""
        name, email, plate = town.VISITOR
        visitor = bookings.Visitor(name, email, "de", is_guest=False)
        start, end = (town.tomorrow_at(self.now, hour).isoformat() for hour in (10, 12))
        request = bookings.BookRequest(
            self.lots[town.VISITED], visitors_account(), start, end, vehicle_plate=plate, visitor=visitor
        )
        if _booked(request):
            self.bookings += 1

    def _wait(self, driver: int, minutes: int) -> None:
        """Somebody joins the waitlist of the lot that is full."""
        full = max(range(len(self.lots)), key=lambda number: town.PARKS[number].present)
        user_id, plate = self.drivers[driver]
        with suppress(Conflict):  # a car has just left
            waitlist.join(waitlist.JoinRequest(user_id, (self.lots[full],), for_minutes=minutes, vehicle_plate=plate))

    def _book(self, visit: town.Visit) -> None:
        user_id, plate = self.drivers[visit.driver]
        end = visit.start + timedelta(hours=visit.hours)
        request = bookings.BookRequest(self.lots[visit.park], user_id, vehicle_plate=plate)
        if visit.reserved:
            request = replace(request, reserved_start=visit.start.isoformat(), reserved_end=end.isoformat())
        needs = town.needs_of(visit.driver)
        answer = _booked(replace(request, needs=needs)) or (_booked(request) if needs else None)
        if answer is None:
            self.refused += 1
            return
        self.bookings += 1
        self._plan(visit, answer["booking"]["id"], user_id, end)

    def _plan(self, visit: town.Visit, booking_id: int, user_id: int, end: datetime) -> None:
        if visit.fate == "cancelled":
            self._at(visit.at + (visit.start - visit.at) / 2, lambda: _try(bookings.cancel, booking_id, user_id))
            return
        if visit.fate == "missed":
            return
        if town.PARKS[visit.park].fields.get("require_checkin") and visit.reserved:
            self._at(visit.start + timedelta(minutes=3), lambda: _try(bookings.check_in, booking_id, user_id))
        if visit.fate == "stays":
            return
        early = timedelta(minutes=7) if visit.reserved else timedelta(0)
        self._at(end - early, lambda: _try(bookings.release, booking_id, user_id))

    def _apply_due_transitions(self) -> None:
        bookings.apply_all_due_transitions()
        self._at(clock.now() + APPLY_EVERY, self._apply_due_transitions)

    def _discard_mails(self) -> None:
        """Discards the mails of the simulation, and dismisses the notices that drivers would have read by now."""
        with transaction() as session:
            notices.dismiss_before(session, clock.now() - NOTICES_READ_AFTER)
            session.execute(
                update(OutboxMail)
                .where(OutboxMail.state == "queued")
                .values(state="discarded", last_reply=DEMONSTRATION)
            )


def _furnish(session: Session, lot_id: int, park: town.Park) -> None:
    """Sets chargers, accessible spots and levels."""
    spots = session.scalars(select(Spot).where(Spot.lot_id == lot_id).order_by(Spot.spot_number)).all()
    for n, spot in enumerate(spots):
        spot.accessible = n < park.accessible
        spot.ev = park.accessible <= n < park.accessible + park.ev
        spot.covered = park.covered
        spot.level = str(1 + n // 6) if len(spots) > 8 else None


def _booked(request: bookings.BookRequest) -> dict[str, Any] | None:
    """Books; None where the lot is full, or has no free spot with the needs (then any spot is better than none)."""
    try:
        return bookings.book(request)
    except (Conflict, Unavailable):
        return None


def _try(act: Callable[[int, int], object], booking_id: int, user_id: int) -> None:
    """Calls the service; a booking that has ended otherwise (moved, missed, completed) is left."""
    try:
        act(booking_id, user_id)
    except Conflict:
        db.session.rollback()
