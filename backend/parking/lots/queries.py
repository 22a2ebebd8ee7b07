"""Reads lots."""

from __future__ import annotations

from sqlalchemy.orm import Session

from parking.errors import NotFound
from parking.lots.models import Lot


def open_lot(session: Session, lot_id: int) -> Lot:
    """Returns the lot with its tariff. Raises NotFound for one that does not exist or was deleted."""
    lot = session.get(Lot, lot_id)
    if lot is None or lot.deleted_at is not None:
        raise NotFound("There is no such lot.")
    return lot
