"""Lots and bookings straight into the database, in every state a booking can be in."""

from datetime import timedelta
from itertools import count

from parking import clock
from parking.accounts.models import Role, User
from parking.bookings.models import Booking
from parking.database import db
from parking.lots.models import Lot, Spot
from parking.pricing import Tariff

_references = count(1)


def make_lot(name="Harbour", capacity=5, *, price=250, zone="Europe/Berlin", **more):
    """A lot with its spots and its tariff (price in cents per hour)."""
    tariff = {key: more.pop(key) for key in ("step_s", "free_s", "day_cap_minor", "cap_day") if key in more}
    lot = Lot(name=name, capacity=capacity, timezone=zone, **more)
    db.session.add(lot)
    db.session.flush()
    new_tariff = Tariff(lot_id=lot.id, currency="EUR", hourly_minor=price, timezone=zone, **tariff)
    db.session.add(new_tariff)
    db.session.flush()
    lot.tariff_id = new_tariff.id
    db.session.add_all(Spot(lot_id=lot.id, spot_number=number) for number in range(1, capacity + 1))
    db.session.commit()
    return db.session.get(Lot, lot.id, populate_existing=True)


def stay(user, lot, start, hours=2.0, *, status="Completed", spot=1, kind="instant", cost=None, **more):
    """A booking of that spot number from `start` for so many hours."""
    end = start + timedelta(hours=hours)
    live = status in ("Reserved", "Active")
    parked = status in ("Active", "Completed")
    row = {
        "reference": f"R{next(_references):05d}",
        "lot_id": lot.id,
        "spot_id": db.session.query(Spot.id).filter_by(lot_id=lot.id, spot_number=spot).scalar(),
        "user_id": user.id,
        "tariff_id": lot.tariff_id,
        "booking_type": kind,
        "status": status,
        "start_time": start,
        "held_until": end,
        "end_time": None if live else end,
        "reserved_start": start if kind == "reserved" else None,
        "reserved_end": end if kind == "reserved" else None,
        "checked_in_at": start if parked else None,
        "total_cost_minor": (cost if cost is not None else round(250 * hours)) if status == "Completed" else None,
        "created_at": min(start, clock.now()),
        **more,
    }
    booking = Booking(**row)
    db.session.add(booking)
    db.session.commit()
    return booking


def many_users(number, *roles, prefix="user"):
    """Accounts without passwords, quickly."""
    role_rows = [db.session.query(Role).filter_by(name=role).one() for role in roles or ("user",)]
    users = [
        User(
            email=f"{prefix}{n}@example.com",
            username=f"{prefix}{n}",
            fs_uniquifier=f"{prefix}-{n}",
            active=True,
            locale="en",
            roles=list(role_rows),
        )
        for n in range(number)
    ]
    db.session.add_all(users)
    db.session.commit()
    return users
