"""Bookings: from the request for a spot to the price of the stay."""

from __future__ import annotations

from apiflask import APIFlask

from parking.bookings import emails as _templates  # noqa: F401 - registers them
from parking.bookings.allocation import lock_lot, new_reference
from parking.bookings.closures import (
    ClosureFilters,
    Window,
    block,
    bookings_in_the_way,
    closure_view,
    closures_in_the_way,
    lock_spots,
    move_all,
    occupants,
    spots_instead,
    unblock,
    unblocked,
    withdraw,
)
from parking.bookings.closures import page as closures_page
from parking.bookings.emails import booking_context, reservation_reminder, zone_changed
from parking.bookings.emails import read_token as read_visitor_token
from parking.bookings.events import publish_lot_event, publish_lot_events, publish_spot_event, publish_spot_events
from parking.bookings.expiry import apply_all_due_transitions, apply_due_transitions
from parking.bookings.matching import Matching
from parking.bookings.matching import now as matching_now
from parking.bookings.models import LIVE_SQL, LONG, OUT_OF_SERVICE, RETIRED, Booking, longer_than
from parking.bookings.occupancy import (
    SpotCounts,
    counts_by_lot,
    counts_in_sql,
    rank_in_sql,
    spot_states,
    state_of_spot,
    total_counts,
)
from parking.bookings.personal_data import (
    OldBooking,
    erase_plates,
    erase_visitors,
    first_year,
    hand_over,
    of_year,
    with_plates,
    with_visitors,
)
from parking.bookings.reading import Filters, filtered
from parking.bookings.reading.lookup import by_plate as find_by_plate
from parking.bookings.reading.lookup import by_reference as find_by_reference
from parking.bookings.reading.lookup import by_visitor as find_by_visitor
from parking.bookings.reading.queries import BookingRow, select_bookings
from parking.bookings.reading.queries import read as read_bookings
from parking.bookings.reading.query_filters import of_all as filters_of_all
from parking.bookings.reading.views import cost_at, end_and_cost, state_of, stay_hours, total_cost
from parking.bookings.requests.booking_request import BookRequest, Visitor
from parking.bookings.rules.lifecycle import LIVE, BookingState, status_at
from parking.bookings.rules.limits import days_later
from parking.bookings.rules.times import read_time
from parking.bookings.schemas import AdminBookingFilters, BookedOut, Id, MatchingOut, Paging, Plate, Status, TimeText
from parking.bookings.service import book, cancel, check_in, release
from parking.bookings.service import get as get_booking
from parking.bookings.status_sql import is_active, is_block, is_for_visitor, is_live, is_reserved, is_stay
from parking.bookings.transitions import cancel as cancel_reservation
from parking.bookings.transitions import mail_context, update_booking
from parking.web.logs import foreign_access

__all__ = [
    "LIVE",
    "LIVE_SQL",
    "LONG",
    "OUT_OF_SERVICE",
    "RETIRED",
    "AdminBookingFilters",
    "BookRequest",
    "BookedOut",
    "Booking",
    "BookingRow",
    "BookingState",
    "ClosureFilters",
    "Filters",
    "Id",
    "Matching",
    "MatchingOut",
    "OldBooking",
    "Paging",
    "Plate",
    "SpotCounts",
    "Status",
    "TimeText",
    "Visitor",
    "Window",
    "apply_all_due_transitions",
    "apply_due_transitions",
    "block",
    "book",
    "booking_context",
    "bookings_in_the_way",
    "cancel",
    "cancel_reservation",
    "check_in",
    "closure_view",
    "closures_in_the_way",
    "closures_page",
    "cost_at",
    "counts_by_lot",
    "counts_in_sql",
    "days_later",
    "end_and_cost",
    "erase_plates",
    "erase_visitors",
    "filtered",
    "filters_of_all",
    "find_by_plate",
    "find_by_reference",
    "find_by_visitor",
    "first_year",
    "get_booking",
    "hand_over",
    "init_app",
    "is_active",
    "is_block",
    "is_for_visitor",
    "is_live",
    "is_reserved",
    "is_stay",
    "lock_lot",
    "lock_spots",
    "longer_than",
    "mail_context",
    "matching_now",
    "move_all",
    "new_reference",
    "occupants",
    "of_year",
    "publish_lot_event",
    "publish_lot_events",
    "publish_spot_event",
    "publish_spot_events",
    "rank_in_sql",
    "read_bookings",
    "read_time",
    "read_visitor_token",
    "release",
    "reservation_reminder",
    "select_bookings",
    "spot_states",
    "spots_instead",
    "state_of",
    "state_of_spot",
    "status_at",
    "stay_hours",
    "total_cost",
    "total_counts",
    "unblock",
    "unblocked",
    "update_booking",
    "with_plates",
    "with_visitors",
    "withdraw",
    "zone_changed",
]


def init_app(app: APIFlask) -> None:
    """Registers the routes and the hooks of accounts. They are imported here, so that models load without routes."""
    from parking import accounts
    from parking.bookings import personal_data
    from parking.bookings.reading import audit_names, queries
    from parking.bookings.routes import bp
    from parking.lots import known_lots

    accounts.register_booking_summaries(personal_data.booking_summaries)
    accounts.register_blocker(personal_data.deletion_blocker)
    accounts.register_eraser(personal_data.anonymise)
    accounts.register_lots(queries.lot_of_booking, known_lots)
    audit_names.register()
    foreign_access.register_owned("booking_id", "booking", Booking)
    app.register_blueprint(bp)
