"""Publishes to the open pages, after the commit, that a lot, a spot or a booking has changed.

An event names the row; the page reads the new counts itself. The event of a spot has its new status only where the
booking alone decides it; after an ending it does not (the next reservation may begin soon).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from parking import realtime
from parking.bookings.models import Booking
from parking.database import after_commit


def publish_events(booking: Booking) -> None:
    """Publishes the change of a booking after the commit of the caller's transaction."""
    after_commit(
        partial(_publish_booking, booking.lot_id, booking.spot_id, booking.id, booking.user_id, booking.status)
    )


def publish_lot_event(lot_id: int) -> None:
    """Publishes the change of a lot: capacity, price, spots."""
    after_commit(partial(_publish_lot, lot_id))


def publish_lot_events(lot_ids: Sequence[int]) -> None:
    """Publishes new lots, with one invalidation of the caches for all."""
    after_commit(partial(realtime.changed_lots, lot_ids))
    for lot_id in lot_ids:
        after_commit(partial(realtime.publish, "lot", {"id": lot_id}, lot_id=lot_id))


def publish_spot_event(lot_id: int, spot_id: int) -> None:
    """Publishes that a spot was closed, opened or described anew."""
    after_commit(partial(realtime.publish, "spot", {"lot_id": lot_id, "id": spot_id}, lot_id=lot_id))
    publish_lot_event(lot_id)


def publish_spot_events(lot_id: int, spot_ids: Iterable[int]) -> None:
    """Publishes the change of many spots of a lot, with one event for the lot."""
    for spot_id in spot_ids:
        after_commit(partial(realtime.publish, "spot", {"lot_id": lot_id, "id": spot_id}, lot_id=lot_id))
    publish_lot_event(lot_id)


def _publish_booking(lot_id: int, spot_id: int, booking_id: int, user_id: int, status: str) -> None:
    _publish_lot(lot_id)
    status_known = {"status": "Occupied"} if status == "Active" else {}
    realtime.publish("spot", {"lot_id": lot_id, "id": spot_id, **status_known}, lot_id=lot_id)
    realtime.publish("booking", {"id": booking_id, "status": status}, user_id=user_id)


def _publish_lot(lot_id: int) -> None:
    realtime.changed_lots([lot_id])
    realtime.publish("lot", {"id": lot_id}, lot_id=lot_id)
