"""Lots and their spots, on which bookings stand."""

from __future__ import annotations

from parking.lots.models import Lot, Spot
from parking.lots.queries import known_lots, open_lot, priced_lot
from parking.lots.rules import Resize, SpotState, resize

__all__ = ["Lot", "Resize", "Spot", "SpotState", "known_lots", "open_lot", "priced_lot", "resize"]
