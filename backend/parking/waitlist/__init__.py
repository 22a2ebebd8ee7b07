"""The waitlist: who waits for a spot gets the next one that is free, held for them for a few minutes."""

from __future__ import annotations

from apiflask import APIFlask

from parking.waitlist.emails import zone_changed
from parking.waitlist.listing import windows_in
from parking.waitlist.models import WaitlistEntry, WaitlistLot
from parking.waitlist.offers import close_lot, reopen_lot, withdraw
from parking.waitlist.personal_data import count_plates, erase_plates
from parking.waitlist.queries import ended_at, status_at
from parking.waitlist.rules import reason_at
from parking.waitlist.service import JoinRequest, join
from parking.waitlist.statistics import turned_away

__all__ = [
    "JoinRequest",
    "WaitlistEntry",
    "WaitlistLot",
    "close_lot",
    "count_plates",
    "ended_at",
    "erase_plates",
    "init_app",
    "join",
    "reason_at",
    "reopen_lot",
    "status_at",
    "turned_away",
    "windows_in",
    "withdraw",
    "zone_changed",
]


def init_app(app: APIFlask) -> None:
    """Registers the routes, what happens when a spot is freed, a hold lapses or a date of a series finds its lot full,
    an account is enabled again, and what a deleted account loses."""
    from parking import accounts, audit, bookings
    from parking.waitlist import listing, offers, personal_data, routes, service
    from parking.web.logs import foreign_access

    bookings.register_waitlist(
        bookings.Waitlist(
            offer=offers.offer,
            lapsed=offers.lapsed,
            place_in_queue=listing.place_of_newcomer,
            wait_for=service.wait_for,
            leave_series=service.leave_series,
            leave_within=service.leave_within,
            is_in_line=offers.is_in_line,
            serve=offers.serve,
        )
    )
    accounts.register_eraser(personal_data.erase)
    accounts.register_enabled(offers.offer_to_enabled)
    audit.register_names("waitlist_entry", listing.names_of)
    foreign_access.register_owned("entry_id", "waitlist_entry", WaitlistEntry)
    app.register_blueprint(routes.bp)
