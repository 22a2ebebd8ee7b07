"""Creates lots, one or all of a file, and applies the fields of a request to a lot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from parking import audit, clock, settings
from parking.availability import lot_view, lot_views
from parking.bookings import SpotCounts, publish_lot_event, publish_lot_events
from parking.database import db
from parking.errors import Invalid
from parking.lot_admin import lot_names
from parking.lots import Lot, Spot
from parking.money import check_price
from parking.pricing import Tariff

_PLAIN = ("name", "timezone", "address", "latitude", "longitude", "description", "require_checkin", "shorten_running")
_NULLABLE = ("address", "latitude", "longitude", "description", "daily_cap")
_STORED = (*_PLAIN, "capacity", "instant_hold_s", "checkin_grace_s", "version", "created_at", "updated_at")
"""The columns given for a new row; the others are derived."""
_LOT: Any = Lot.__table__
_TARIFF: Any = Tariff.__table__
_SPOT: Any = Spot.__table__


@dataclass(frozen=True, slots=True)
class LotChanges:
    """The fields of a lot that a request names; money in minor units, durations as the contract has them."""

    fields: dict[str, Any] = field(default_factory=dict)

    def get(self, name: str, otherwise: Any) -> Any:
        """The new value, or the present one where the request does not name the field (or clears one that
        cannot be empty). Its type is that of the field, hence `Any`."""
        value = self.fields.get(name, otherwise)
        return otherwise if value is None and name not in _NULLABLE else value


# one ----------------------------------------------------------------------------------------


def add(session: Session, changes: LotChanges, user_id: int) -> Lot:
    """Creates a lot with its spots in the caller's transaction. Raises Invalid, Conflict (the name is taken)."""
    now = clock.now()
    lot = _new_lot(changes, now)
    lot_names.require_free(session, lot.name)
    session.add(lot)
    session.flush()
    set_tariff(session, lot, None, changes, now)
    make_spots(session, [(lot.id, number) for number in range(1, lot.capacity + 1)], now)
    audit.record(session, "lot.created", "lot", lot.id, after=audited(lot), actor_id=user_id)
    publish_lot_event(lot.id)
    return lot


def _new_lot(changes: LotChanges, now: datetime) -> Lot:
    """Returns the row without id and tariff. Raises Invalid for a capacity or an amount out of bounds."""
    capacity, defaults = changes.fields["capacity"], settings.current()
    check_capacity(capacity)
    check_amounts(changes, defaults.currency)
    lot = Lot(capacity=capacity, timezone=defaults.timezone, created_at=now, updated_at=now, version=1)
    lot.instant_hold_s, lot.checkin_grace_s = (
        _LOT.c[name].default.arg for name in ("instant_hold_s", "checkin_grace_s")
    )
    apply(lot, changes)
    return lot


# many ---------------------------------------------------------------------------------------


def create_many(many: Sequence[LotChanges], user_id: int, *, dry_run: bool = False) -> list[dict[str, Any]]:
    """Creates all of these lots or none; a dry run writes nothing and blocks no writer. Raises as `add` does.

    Everything is checked before the transaction, which only writes, with as many statements for five thousand lots as
    for five.
    """
    now = clock.now()
    if not (lots := [_new_lot(changes, now) for changes in many]):
        return []
    for lot in lots:
        lot_names.require_free(db.session(), lot.name)
    if dry_run:
        return [_preview(lot, changes, now) for lot, changes in zip(lots, many, strict=True)]
    with lot_names.unique_names() as session:
        _insert(session, lots, many, user_id, now)
    by_id = {view["id"]: view for view in lot_views(db.session(), now, [lot.id for lot in lots])}
    return [by_id[lot.id] for lot in lots]


def _insert(session: Session, lots: Sequence[Lot], many: Sequence[LotChanges], user_id: int, now: datetime) -> None:
    rows = [{name: getattr(lot, name) for name in _STORED} for lot in lots]
    session.execute(insert(_LOT), rows)
    new = _LOT.c.tariff_id.is_(None)  # no other lot is without a price
    ids: dict[str, int] = dict(session.execute(select(_LOT.c.name, _LOT.c.id).where(new)).all())
    for lot in lots:
        lot.id = ids[lot.name]
    tariffs = [
        {"lot_id": lot.id, "created_at": now, **tariff_values(lot, None, changes)}
        for lot, changes in zip(lots, many, strict=True)
    ]
    session.execute(insert(_TARIFF), tariffs)
    own = select(_TARIFF.c.id).where(_TARIFF.c.lot_id == _LOT.c.id).scalar_subquery()
    session.execute(update(_LOT).where(new).values(tariff_id=own))
    since = _TARIFF.c.id >= select(func.min(_TARIFF.c.id)).where(_TARIFF.c.lot_id == lots[0].id).scalar_subquery()
    prices: dict[int, int] = dict(session.execute(select(_TARIFF.c.lot_id, _TARIFF.c.id).where(since)).all())
    for lot in lots:
        lot.tariff_id = prices[lot.id]
    make_spots(session, [(lot.id, number) for lot in lots for number in range(1, lot.capacity + 1)], now)
    audit.record_all(session, "lot.created", "lot", {lot.id: audited(lot) for lot in lots}, actor_id=user_id)
    publish_lot_events([lot.id for lot in lots])


def _preview(lot: Lot, changes: LotChanges, now: datetime) -> dict[str, Any]:
    """Returns the lot as it would be answered; it has no id yet."""
    tariff = Tariff(lot_id=0, created_at=now, **tariff_values(lot, None, changes))
    lot.id = tariff.id = 0
    return lot_view(lot, tariff, SpotCounts(), None)


# fields -------------------------------------------------------------------------------------


def apply(lot: Lot, changes: LotChanges) -> None:
    """Sets the fields of the request, except capacity and price."""
    for name in _PLAIN:
        setattr(lot, name, changes.get(name, getattr(lot, name)))
    for text in ("address", "description"):
        setattr(lot, text, getattr(lot, text) or None)
    for name, column in (("checkin_grace_minutes", "checkin_grace_s"), ("instant_hold_minutes", "instant_hold_s")):
        if changes.get(name, None) is not None:
            setattr(lot, column, changes.fields[name] * 60)
    lot.require_checkin, lot.shorten_running = bool(lot.require_checkin), bool(lot.shorten_running)


def check_amounts(changes: LotChanges, currency: str) -> None:
    """Raises Invalid at the field for an amount that the currency does not have."""
    for name in ("price_per_hour", "daily_cap"):
        try:
            check_price(changes.fields.get(name) or 0, currency)
        except ValueError as refusal:
            raise Invalid.field(name, str(refusal)) from None


def tariff_values(lot: Lot, old: Tariff | None, changes: LotChanges) -> dict[str, Any]:
    """Returns the columns of the lot's tariff after these changes. The currency stays that of the old one."""
    present = {
        "currency": settings.current().currency,
        "hourly_minor": 0,
        "step_s": 1,
        "free_s": 0,
        "day_cap_minor": None,
        "cap_day": "rolling",
    }
    if old is not None:
        present = {name: getattr(old, name) for name in present}
    free = changes.get("free_minutes", None)
    return present | {
        "hourly_minor": changes.get("price_per_hour", present["hourly_minor"]),
        "step_s": changes.get("billing_step_seconds", present["step_s"]),
        "free_s": present["free_s"] if free is None else free * 60,
        "day_cap_minor": changes.get("daily_cap", present["day_cap_minor"]),
        "cap_day": changes.get("cap_day", present["cap_day"]),
        "timezone": lot.timezone,
    }


def set_tariff(session: Session, lot: Lot, old: Tariff | None, changes: LotChanges, now: datetime) -> None:
    """Gives the lot a new tariff row when anything about its price (or the day of its cap) differs."""
    values = tariff_values(lot, old, changes)
    check_amounts(changes, values["currency"])
    if old is not None and all(getattr(old, name) == value for name, value in values.items()):
        return
    tariff = Tariff(lot_id=lot.id, created_at=now, **values)
    session.add(tariff)
    session.flush()
    lot.tariff_id = tariff.id
    session.flush()
    session.refresh(lot, ["tariff"])


def make_spots(session: Session, numbers: Sequence[tuple[int, int]], now: datetime) -> None:
    """Inserts spots, given as (lot id, number)."""
    plain = {"ev": False, "accessible": False, "covered": False, "created_at": now}
    rows = [{"lot_id": lot_id, "spot_number": number, **plain} for lot_id, number in numbers]
    if rows:
        session.execute(insert(_SPOT), rows)


def check_capacity(capacity: int) -> None:
    """Raises Invalid for more spots than a lot may have here."""
    most = settings.current().lot_capacity_max
    if not 1 <= capacity <= most:
        raise Invalid.field("capacity", f"A lot must have 1 to {most} spots.")


def audited(lot: Lot) -> dict[str, Any]:
    """Returns the fields of the audit log."""
    names = (*_PLAIN, "capacity", "tariff_id", "checkin_grace_s", "instant_hold_s")
    return {name: getattr(lot, name) for name in names}
