"""Takes spots out of use. A block is a booking without an end, so the constraint that keeps two cars apart also
refuses a block on a booked spot, and a booking on a blocked one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from parking.bookings.models import Booking
from parking.bookings.status_sql import is_active, is_block, is_live
from parking.clock import FOREVER
from parking.database import changed_rows
from parking.lots import Spot


def occupants(session: Session, lot_id: int, spot_ids: Sequence[int]) -> set[int]:
    """Returns those of the spots that have a driver's booking, running or to come."""
    return set(
        session.scalars(
            select(Booking.spot_id).where(
                is_live, ~is_block, Booking.lot_id == lot_id, Booking.spot_id.in_(list(spot_ids))
            )
        )
    )


def block(
    session: Session,
    lot_id: int,
    spot_ids: Sequence[int],
    *,
    kind: str,
    user_id: int,
    now: datetime,
    reason: str | None = None,
) -> list[int]:
    """Blocks the spots that have neither a booking nor a block, and returns their ids.

    `kind` is models.RETIRED or models.OUT_OF_SERVICE. Locks the spots in the order of their ids.
    """
    locked = session.scalars(
        select(Spot.id)
        .where(Spot.lot_id == lot_id, Spot.id.in_(list(spot_ids)))
        .order_by(Spot.id)
        .with_for_update(key_share=True)
    ).all()
    taken = set(
        session.scalars(select(Booking.spot_id).where(is_live, Booking.lot_id == lot_id, Booking.spot_id.in_(locked)))
    )
    free = [spot_id for spot_id in locked if spot_id not in taken]
    session.add_all(
        Booking(
            reference=kind,
            lot_id=lot_id,
            spot_id=spot_id,
            user_id=user_id,
            booking_type="block",
            status="Active",
            start_time=now,
            held_until=FOREVER,
            checked_in_at=now,
            created_at=now,
            reason=reason,
        )
        for spot_id in free
    )
    session.flush()
    return free


def unblock(session: Session, lot_id: int, spot_ids: Sequence[int], *, kind: str, now: datetime) -> int:
    """Ends the blocks of this kind on the spots and returns their number."""
    ended = session.execute(
        update(Booking)
        .where(
            is_active,
            is_block,
            Booking.lot_id == lot_id,
            Booking.spot_id.in_(list(spot_ids)),
            Booking.reference == kind,
        )
        .values(status="Completed", end_time=now, held_until=now, ended_by="admin")
        .execution_options(synchronize_session=False)
    )
    return changed_rows(ended)
