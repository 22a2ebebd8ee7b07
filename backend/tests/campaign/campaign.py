"""A campaign: clients at work, faults one after the other, then everything is mended and the history is checked."""

from __future__ import annotations

import contextlib
import http.client
import logging
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from flask import Flask
from sqlalchemy import select

from parking.accounts.models import User
from parking.audit.models import AuditEntry
from parking.bookings.models import Booking
from parking.database import db
from parking.mail.models import OutboxMail
from tests.campaign import checker
from tests.campaign.clients import Client
from tests.campaign.faults import FAULTS
from tests.campaign.history import FinalState, StoredBooking, StoredMail
from tests.launch.conftest import wait_for

log = logging.getLogger(__name__)
SPOTS = 3
PRICE = 1234.56
"""An hour's price: every second is worth cents, and most amounts need rounding."""
Fault = Callable[[Any, random.Random], object]
"""Breaks a part of the running system and mends it; has a name."""
LIVE = ("Reserved", "Active")
MAIL_KINDS = ("booking_confirmation", "release_receipt", "booking_cancelled")


class System(Protocol):
    """The running product as a campaign needs it: one machine (tests/faults/product.py) or several (bench/hosts)."""

    @property
    def app(self) -> Flask:
        """An application on the same database, for what is read at the end."""

    @property
    def address(self) -> tuple[str, int]: ...

    def token(self, name: str) -> str: ...

    def ask(self, method: str, path: str, name: str, body: dict[str, Any] | None = None) -> Any: ...

    def delivered(self) -> list[str]:
        """Message-IDs that the mail server accepted, in order, copies included."""

    def output(self) -> str:
        """What the programs logged."""

    def settled(self) -> None:
        """Waits until everything works and no mail waits."""


@dataclass
class Result:
    """What a campaign did and what was wrong with it."""

    anomalies: list[str]
    operations: int
    bookings: int
    mails: int
    faults: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        faults = ", ".join(f"{name} × {count}" for name, count in sorted(self.faults.items()))
        return (
            f"{self.operations} operations, {self.bookings} bookings, {self.mails} mails; faults: {faults}; "
            f"{len(self.anomalies)} anomalies"
        )


def run(
    product: System,
    seconds: float,
    clients: int,
    seed: int,
    tell: Callable[[str], object] = log.info,
    faults: Sequence[Fault] = FAULTS,
) -> Result:
    """Clients work for so many seconds while each fault comes in turn, in an order that `seed` decides; each comes at
    least once."""
    choice = random.Random(seed)
    lot = product.ask(
        "POST", "/api/lots", "carol", {"name": f"Campaign {seed}", "capacity": SPOTS, "price_per_hour": PRICE}
    )
    lot_id = lot.body["lot"]["id"]
    crowd = [
        Client(f"driver{n}", product.address, product.token(f"driver{n}"), lot_id, seed * 100 + n)
        for n in range(clients)
    ]
    for client in crowd:
        client.start()
    count = _break(product, seconds, choice, tell, faults, lot_id)
    for client in crowd:
        client.stop.set()
    for client in crowd:
        client.join(300)
        assert not client.is_alive(), f"{client.name} still waits for an answer\n{product.output()[-3000:]}"
    history = [operation for client in crowd for operation in client.history]
    _end_what_runs(product, lot_id)
    product.settled()
    state = _final_state(product, lot_id)
    return Result(checker.anomalies(history, state), len(history), len(state.bookings), len(state.delivered), count)


def _break(
    product: System,
    seconds: float,
    choice: random.Random,
    tell: Callable[[str], object],
    faults: Sequence[Fault],
    lot_id: int,
) -> Counter[str]:
    """Every fault, at least once, until the time is over; before each an administrator plans a closure."""
    until, count = time.monotonic() + seconds, Counter[str]()
    while True:
        for fault in choice.sample(faults, len(faults)):
            _plan_closure(product, lot_id, choice)
            tell(f"fault: {fault.__name__}")
            fault(product, choice)
            count[fault.__name__] += 1
            wait_for(lambda: _serves(product), 120, f"answers after {fault.__name__}")
            time.sleep(choice.uniform(0, max(0.0, min(3.0, seconds / len(faults) - 3))))
        if time.monotonic() >= until:
            return count


def _plan_closure(product: System, lot_id: int, choice: random.Random) -> None:
    """Takes a spot out of service for some seconds, moving bookings in the way; refused where a car is."""
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=choice.randint(1, 3))
    window = {"from": start.isoformat(), "until": (start + timedelta(seconds=choice.randint(1, 5))).isoformat()}
    body = {"numbers": [choice.randint(1, SPOTS)], "out_of_service": True, **window}
    with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
        product.ask("PATCH", f"/api/lots/{lot_id}/spots?move=true", "carol", body)


def _serves(product: System) -> bool:
    # A process that was killed may have sent half of its answer.
    with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
        return product.ask("GET", "/api/lots", "carol").status == 200
    return False


def _end_what_runs(product: System, lot_id: int) -> None:
    """Releases what clients left, and waits until what is reserved has ended by itself."""

    def nothing_lives() -> bool:
        with product.app.app_context():
            query = select(Booking.id, Booking.booking_type).where(Booking.lot_id == lot_id, Booking.status.in_(LIVE))
            rows = db.session.execute(query).all()
            db.session.remove()
        for booking_id, booking_type in rows:
            if booking_type == "instant":
                with contextlib.suppress(OSError, ValueError):
                    product.ask("POST", f"/api/admin/bookings/{booking_id}/release", "carol", {"reason": "The end"})
        return not rows

    wait_for(nothing_lives, 180, "all bookings to end")


def _final_state(product: System, lot_id: int) -> FinalState:
    today = datetime.now(UTC).date()
    days = f"from={today - timedelta(days=2)}&to={today + timedelta(days=2)}"
    answer = product.ask("GET", f"/api/stats/admin?{days}&lot_id={lot_id}", "carol")
    with product.app.app_context():
        rows = db.session.execute(
            select(Booking, User.username).join(User, User.id == Booking.user_id).where(Booking.lot_id == lot_id)
        ).all()
        bookings = [_stored(booking, username) for booking, username in rows]
        ids = {booking.id for booking in bookings}
        mails = [
            StoredMail(mail.booking_id, mail.kind, mail.state, mail.message_id)
            for mail in db.session.scalars(select(OutboxMail).where(OutboxMail.kind.in_(MAIL_KINDS)))
            if mail.booking_id in ids
        ]
        moves = _moves(ids)
        db.session.remove()
    assert answer.status == 200, answer.body
    revenue = round(sum(day["revenue"] for day in answer.body["stats"]["days"]) * 100)
    ours = {mail.message_id for mail in mails}
    return FinalState(
        bookings, mails, [one for one in product.delivered() if one in ours], round(PRICE * 100), revenue, moves
    )


def _moves(booking_ids: set[int]) -> dict[int, list[tuple[int, int]]]:
    query = select(AuditEntry).where(AuditEntry.action == "booking.moved").order_by(AuditEntry.id)
    moves: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for entry in db.session.scalars(query):
        if entry.entity_id in booking_ids:
            moves[entry.entity_id].append((entry.before["spot_id"], entry.after["spot_id"]))
    return moves


def _stored(booking: Booking, username: str) -> StoredBooking:
    is_block = booking.booking_type == "block"
    window = (booking.reserved_start, booking.reserved_end) if booking.reserved_start and booking.reserved_end else None
    return StoredBooking(
        booking.id,
        booking.vehicle_plate or "",
        booking.reference,
        username,
        booking.spot_id,
        booking.booking_type,
        booking.status,
        (booking.checked_in_at or booking.start_time) if is_block else booking.start_time,
        booking.held_until,
        booking.end_time,
        window,
        booking.total_cost_minor,
        booking.ended_by,
    )
