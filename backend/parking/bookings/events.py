"""Telling the open pages, after the commit, that something about a lot, a spot and a booking has changed.

Only hints go out: whoever shows counts reads them fresh. A spot's new status goes with its hint when the booking
alone decides it, which an ending does not (the next reservation may be near).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from parking import realtime
from parking.bookings.models import Booking
from parking.database import after_commit


def announce(booking: Booking) -> None:
    """To be called in the transaction that changed the booking; does nothing if it is rolled back."""
    after_commit(partial(_tell, booking.lot_id, booking.spot_id, booking.id, booking.user_id, booking.status))


def announce_lot(lot_id: int) -> None:
    """The lot itself has changed: capacity, price, spots."""
    after_commit(partial(_tell_lot, lot_id))


def announce_lots(lot_ids: Sequence[int]) -> None:
    """Many lots were made: one note for the caches, however many they are."""
    after_commit(partial(realtime.changed_lots, lot_ids))
    for lot_id in lot_ids:
        after_commit(partial(realtime.publish, "lot", {"id": lot_id}, lot_id=lot_id))


def announce_spot(lot_id: int, spot_id: int) -> None:
    """A spot was closed, opened or described anew."""
    after_commit(partial(realtime.publish, "spot", {"lot_id": lot_id, "id": spot_id}, lot_id=lot_id))
    announce_lot(lot_id)


def announce_spots(lot_id: int, spot_ids: Iterable[int]) -> None:
    """Many spots of a lot were; the lot itself is told of once."""
    for spot_id in spot_ids:
        after_commit(partial(realtime.publish, "spot", {"lot_id": lot_id, "id": spot_id}, lot_id=lot_id))
    announce_lot(lot_id)


def _tell(lot_id: int, spot_id: int, booking_id: int, user_id: int, status: str) -> None:
    _tell_lot(lot_id)
    known = {"status": "Occupied"} if status == "Active" else {}
    realtime.publish("spot", {"lot_id": lot_id, "id": spot_id, **known}, lot_id=lot_id)
    realtime.publish("booking", {"id": booking_id, "status": status}, user_id=user_id)


def _tell_lot(lot_id: int) -> None:
    realtime.changed_lots([lot_id])
    realtime.publish("lot", {"id": lot_id}, lot_id=lot_id)
