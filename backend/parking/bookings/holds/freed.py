"""The time of spots that a transaction frees while somebody waits for it. At its end, in the same transaction, the
waitlist offers it: a free spot is never seen by anybody else.

At the end, because a transaction may use the spot itself: a booking is moved off a spot that is then closed.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, literal_column, or_
from sqlalchemy.orm import Session

from parking.bookings.holds import hooks
from parking.database import before_commit

lot_is_awaited: ColumnElement[bool] = literal_column(
    "EXISTS (SELECT 1 FROM waitlist_lot WHERE waitlist_lot.lot_id = booking.lot_id AND waitlist_lot.is_waiting)"
)
"""Whether somebody waits for the lot of a booking: a look into a small index. Text, because the table belongs to the
room above."""
is_awaited = or_(
    lot_is_awaited,
    literal_column(
        "EXISTS (SELECT 1 FROM waitlist_entry"
        " WHERE waitlist_entry.user_id = booking.user_id AND waitlist_entry.status = 'Waiting')"
    ),
)
"""The same, or its driver waits for any lot (who may have had too many bookings)."""


class _Freed:
    """What the present transaction has freed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self.spots: dict[int, set[int] | None] = {}
        self.users: set[int] = set()

    def __call__(self) -> None:
        self._session.flush()
        hooks.waitlist.offer(self._session, self.spots, self.users)


def note(session: Session, lot_id: int | None, *spot_ids: int, user_id: int | None = None) -> None:
    """Lets these spots of the lot (without any, all of them) be offered at the end of the transaction; and spots that
    are free already to this user, who could not be offered one before."""
    acts = before_commit(session)
    freed = next((act for act in acts if isinstance(act, _Freed)), None)
    if freed is None:
        freed = _Freed(session)
        acts.append(freed)
    if lot_id is not None:
        known = freed.spots.get(lot_id, set())
        freed.spots[lot_id] = None if known is None or not spot_ids else known | set(spot_ids)
    if user_id is not None:
        freed.users.add(user_id)
