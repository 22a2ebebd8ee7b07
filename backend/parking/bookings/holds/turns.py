"""Nobody gets a spot before those who wait for it.

A spot that is freed is offered in the transaction that frees it (freed.py), which waits for no lock: where another
transaction is working on the person or on the spot, it frees the spot without an offer. Whoever books then sees the
spot free, and by that also the entry, which was there when it was freed. So a booking is inserted first and looks then:
where somebody else could have had its spot, it is rolled back, the spot is offered, and the booking is tried again. A
booking that is to be extended gives way likewise to whoever could have the spot beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from parking.bookings.allocation import SpotAwaited
from parking.bookings.holds import hooks


@contextmanager
def giving_way() -> Iterator[None]:
    """Around a transaction that holds spots: where somebody waits for one of them, offers it after the rollback. The
    caller tries again."""
    try:
        yield
    except SpotAwaited as awaited:
        hooks.waitlist.serve(awaited.lot_id)
