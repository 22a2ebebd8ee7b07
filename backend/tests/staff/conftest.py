"""Two lots, each with its driver and bookings in every state, and people who work there.

What belongs to the other lot has `OTHER` in each of its values that every driver may see, and `SECRET` in each that
only its staff may see.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from parking import clock
from parking.accounts import User
from parking.bookings.models import Booking
from parking.database import db
from parking.lots import Lot, Spot
from parking.pricing import Tariff
from parking.staff import LotStaff
from parking.waitlist import WaitlistEntry, WaitlistLot
from tests.conftest import make_user

OTHER, SECRET = "7731", "8842"
_OWN_IDS, _OTHER_IDS = 100, 7731000
_STATES = ("Completed", "Active", "Reserved", "Cancelled")


@dataclass
class Place:
    """A lot with the ids of its spots, of its bookings by their status and of an entry of its waitlist, and its
    driver."""

    id: int
    name: str
    spots: list[int]
    bookings: dict[str, int]
    entry: int
    driver: Any


def hire(user: Any, lot_id: int, role: str) -> None:
    """Puts somebody on the staff of a lot, straight into the database."""
    db.session.add(LotStaff(lot_id=lot_id, user_id=user.id, role=role, created_at=clock.now()))
    db.session.commit()


def _place(name: str, lot_id: int, booking_ids: list[int], mark: str, driver: Any) -> Place:
    zone = {"timezone": "Europe/Berlin"}
    lot = Lot(id=lot_id, name=name, capacity=6, address=f"{name} Street", require_checkin=True, **zone)
    db.session.add(lot)
    db.session.flush()
    tariff = Tariff(id=lot_id, lot_id=lot_id, currency="EUR", hourly_minor=250, **zone)
    db.session.add(tariff)
    db.session.flush()
    lot.tariff_id = tariff.id
    spots = [lot_id + number for number in range(1, 7)]
    db.session.add_all(Spot(id=id, lot_id=lot_id, spot_number=number) for number, id in enumerate(spots, 1))
    db.session.flush()
    now = clock.now()
    for number, (booking_id, status) in enumerate(zip(booking_ids, _STATES, strict=True)):
        start = now - timedelta(hours=3) if status != "Reserved" else now + timedelta(minutes=10)
        end = start + timedelta(hours=2 if status in ("Completed", "Reserved", "Cancelled") else 8)
        ended, parked = status in ("Completed", "Cancelled"), status in ("Completed", "Active")
        is_reserved = status in ("Reserved", "Cancelled")
        db.session.add(
            Booking(
                id=booking_id,
                reference=f"R{mark}{status[:2]}{number}",
                lot_id=lot_id,
                spot_id=spots[number],
                user_id=driver.id,
                tariff_id=tariff.id,
                booking_type="reserved" if is_reserved else "instant",
                status=status,
                start_time=start,
                held_until=end,
                end_time=end if ended else None,
                reserved_start=start if is_reserved else None,
                reserved_end=end if is_reserved else None,
                checked_in_at=start if parked else None,
                checkin_grace_s=900 if status == "Reserved" else None,
                total_cost_minor={"Completed": 500, "Cancelled": 0}.get(status),
                vehicle_plate=f"{mark} ABC",
                visitor_name=f"Visitor {mark}" if status == "Reserved" else None,
                created_at=start if not is_reserved else now - timedelta(days=1),
                reason=f"because {mark}" if status == "Cancelled" else None,
            )
        )
    entry_id, until = booking_ids[-1] + 1, now + timedelta(hours=9)
    wait = {"status": "Waiting", "booking_type": "instant", "vehicle_plate": f"{mark} WAIT", "waits_until": until}
    db.session.add(WaitlistEntry(id=entry_id, user_id=driver.id, ev=True, created_at=now, **wait))  # no spot is ev
    db.session.flush()
    db.session.add(WaitlistLot(entry_id=entry_id, lot_id=lot_id, is_waiting=True))
    db.session.commit()
    return Place(lot_id, name, spots, dict(zip(_STATES, booking_ids, strict=True)), entry_id, driver)


@pytest.fixture
def own(app, alice) -> Place:
    return _place("Harbour", _OWN_IDS, [11, 12, 13, 14], "ALI", alice)


@pytest.fixture
def other(app, own) -> Place:
    driver = make_user(f"zara{SECRET}", "user")
    ids = [int(f"{SECRET}00{n}") for n in range(1, 5)]
    place = _place(f"Bravo {OTHER}", _OTHER_IDS, ids, SECRET, driver)
    _wait_for_either(own, place)
    return place


WAITING, OFFERED, CLAIMED = 61, 62, 63
"""Entries of the own driver that name both lots, two of them with a spot of the other lot."""


def _wait_for_either(own: Place, other: Place) -> None:
    now = clock.now()
    kind = {"user_id": own.driver.id, "booking_type": "instant", "ev": True, "waits_until": now + timedelta(hours=9)}
    offer = {"offer_lot_id": other.id, "offered_at": now}
    reserved, active = other.bookings["Reserved"], other.bookings["Active"]
    entries = [
        WaitlistEntry(id=WAITING, status="Waiting", created_at=now, **kind),
        WaitlistEntry(id=OFFERED, status="Offered", created_at=now, booking_id=reserved, **offer, **kind),
        WaitlistEntry(id=CLAIMED, status="Claimed", created_at=now, ended_at=now, booking_id=active, **offer, **kind),
    ]
    db.session.add_all(entries)
    db.session.flush()
    for entry in entries:
        waits = entry.status == "Waiting"
        db.session.add_all(WaitlistLot(entry_id=entry.id, lot_id=lot.id, is_waiting=waits) for lot in (own, other))
    db.session.commit()


@pytest.fixture
def mona(own, other):
    """The manager of the own lot, who drives as well."""
    user = make_user("mona", "user")
    hire(user, own.id, "manager")
    return user


@pytest.fixture
def arno(own, other):
    """Its attendant."""
    user = make_user("arno", "user")
    hire(user, own.id, "attendant")
    return user


@pytest.fixture
def vera(own, other):
    """Its viewer."""
    user = make_user("vera", "user")
    hire(user, own.id, "viewer")
    return user


@pytest.fixture
def ask(client, auth):
    """`ask(vera, "GET", "/api/lots")`: the answer, as who is signed in now; with a status its JSON, once it has that
    status."""

    def ask(who, method: str, path: str, status: int | None = None, **more) -> Any:
        with Session(db.engine) as session:  # so that what the test reads next is the present
            user = session.get_one(User, inspect(who).identity)
        headers = {**auth(user), **more.pop("headers", {})}
        answer = client.open(path, method=method, headers=headers, **more)
        if status is None:
            return answer
        assert answer.status_code == status, (path, answer.get_data(as_text=True)[:500])
        return answer.json

    return ask
