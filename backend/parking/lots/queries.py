"""Reads lots."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, bindparam, select
from sqlalchemy.orm import Session

from parking.database import BigId, ColumnGroups, Read
from parking.errors import NotFound
from parking.lots.models import Lot
from parking.pricing import Tariff

_LOT: Any = Lot.__table__
_TARIFF: Any = Tariff.__table__
_PRICED = ColumnGroups(_LOT.c, _TARIFF.c)
_PRICED_LOT = Read(
    select(*_PRICED.columns)
    .join_from(_LOT, _TARIFF, and_(_TARIFF.c.lot_id == _LOT.c.id, _TARIFF.c.id == _LOT.c.tariff_id))
    .where(_LOT.c.id == bindparam("lot_id", type_=BigId), _LOT.c.deleted_at.is_(None))
)


def open_lot(session: Session, lot_id: int) -> Lot:
    """Returns the lot with its tariff. Raises NotFound for one that does not exist or was deleted."""
    lot = session.get(Lot, lot_id)
    if lot is None or lot.deleted_at is not None:
        raise NotFound("There is no such lot.")
    return lot


def known_lots(session: Session, ids: list[int]) -> set[int]:
    """Returns those of these ids that are open lots."""
    return set(session.scalars(select(Lot.id).where(Lot.id.in_(ids), Lot.deleted_at.is_(None))))


def priced_lot(lot_id: int) -> tuple[Any, Any]:
    """Returns the columns of an open lot and of its tariff, read outside of a transaction. Raises NotFound."""
    for row in _PRICED_LOT.rows(lot_id=lot_id):
        lot, tariff = _PRICED.split(row)
        return lot, tariff
    raise NotFound("There is no such lot.")
