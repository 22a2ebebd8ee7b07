"""Bookings: from the request for a spot to the price of the stay."""

from __future__ import annotations

from apiflask import APIFlask

from parking.bookings import emails as _templates  # noqa: F401 - registers them
from parking.bookings.allocation import free_spot_ids, lock_lot, spot_order
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
from parking.bookings.expiry import is_due as transitions_due
from parking.bookings.holds.freed import note as note_freed
from parking.bookings.holds.hooks import Waitlist, register_waitlist
from parking.bookings.holds.placing import claim as claim_hold
from parking.bookings.holds.placing import locked as locked_hold
from parking.bookings.holds.placing import on_spots as holds_on
from parking.bookings.holds.placing import place as place_hold
from parking.bookings.holds.placing import withdraw as withdraw_hold
from parking.bookings.matching import Matching
from parking.bookings.matching import now as matching_now
from parking.bookings.models import LIVE_SQL, LONG, OUT_OF_SERVICE, RETIRED, Booking, longer_than
from parking.bookings.new_booking import NewBooking, new_reference
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
from parking.bookings.reading.permitted import keep_permitted
from parking.bookings.reading.queries import BookingRow, select_bookings
from parking.bookings.reading.queries import locked as locked_booking
from parking.bookings.reading.queries import read as read_bookings
from parking.bookings.reading.query_filters import of_all as filters_of_all
from parking.bookings.reading.views import cost_at, end_and_cost, row_view, state_of, stay_hours, total_cost
from parking.bookings.requests.booking_request import BookRequest, Visitor, check_proven
from parking.bookings.requests.refusals import check_limit
from parking.bookings.requests.windows import read_window
from parking.bookings.rules.lifecycle import LIVE, BookingState, status_at
from parking.bookings.rules.limits import days_later
from parking.bookings.rules.recurrence import Recurrence
from parking.bookings.rules.times import read_time
from parking.bookings.schemas import (
    AdminBookingFilters,
    BookedOut,
    BookingOut,
    Id,
    MatchingOut,
    Nothing,
    Paging,
    Plate,
    Status,
    TimeText,
)
from parking.bookings.series import Series, select_of_user
from parking.bookings.series.personal_data import delete_empty as delete_empty_series
from parking.bookings.series.requests import SeriesRequest
from parking.bookings.series.service import create as book_series
from parking.bookings.series.service import preview as preview_series
from parking.bookings.service import book, cancel, check_in, release
from parking.bookings.service import get as get_booking
from parking.bookings.status_sql import is_active, is_block, is_for_visitor, is_hold, is_live, is_reserved, is_stay
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
    "BookingOut",
    "BookingRow",
    "BookingState",
    "ClosureFilters",
    "Filters",
    "Id",
    "Matching",
    "MatchingOut",
    "NewBooking",
    "Nothing",
    "OldBooking",
    "Paging",
    "Plate",
    "Recurrence",
    "Series",
    "SeriesRequest",
    "SpotCounts",
    "Status",
    "TimeText",
    "Visitor",
    "Waitlist",
    "Window",
    "apply_all_due_transitions",
    "apply_due_transitions",
    "block",
    "book",
    "book_series",
    "booking_context",
    "bookings_in_the_way",
    "cancel",
    "cancel_reservation",
    "check_in",
    "check_limit",
    "check_proven",
    "claim_hold",
    "closure_view",
    "closures_in_the_way",
    "closures_page",
    "cost_at",
    "counts_by_lot",
    "counts_in_sql",
    "days_later",
    "delete_empty_series",
    "end_and_cost",
    "erase_plates",
    "erase_visitors",
    "filtered",
    "filters_of_all",
    "find_by_plate",
    "find_by_reference",
    "find_by_visitor",
    "first_year",
    "free_spot_ids",
    "get_booking",
    "hand_over",
    "holds_on",
    "init_app",
    "is_active",
    "is_block",
    "is_for_visitor",
    "is_hold",
    "is_live",
    "is_reserved",
    "is_stay",
    "keep_permitted",
    "lock_lot",
    "lock_spots",
    "locked_booking",
    "locked_hold",
    "longer_than",
    "mail_context",
    "matching_now",
    "move_all",
    "new_reference",
    "note_freed",
    "occupants",
    "of_year",
    "place_hold",
    "preview_series",
    "publish_lot_event",
    "publish_lot_events",
    "publish_spot_event",
    "publish_spot_events",
    "rank_in_sql",
    "read_bookings",
    "read_time",
    "read_visitor_token",
    "read_window",
    "register_waitlist",
    "release",
    "reservation_reminder",
    "row_view",
    "select_bookings",
    "select_of_user",
    "spot_order",
    "spot_states",
    "spots_instead",
    "state_of",
    "state_of_spot",
    "status_at",
    "stay_hours",
    "total_cost",
    "total_counts",
    "transitions_due",
    "unblock",
    "unblocked",
    "update_booking",
    "with_plates",
    "with_visitors",
    "withdraw",
    "withdraw_hold",
    "zone_changed",
]


def init_app(app: APIFlask) -> None:
    """Registers the routes and the hooks of accounts. They are imported here, so that models load without routes."""
    from parking import accounts
    from parking.bookings import personal_data
    from parking.bookings.reading import audit_names, queries
    from parking.bookings.routes import bp
    from parking.bookings.series import personal_data as series_data
    from parking.bookings.series.routes import bp as series_bp
    from parking.lots import known_lots

    accounts.register_booking_summaries(personal_data.booking_summaries)
    accounts.register_blocker(personal_data.deletion_blocker)
    accounts.register_eraser(personal_data.anonymise)
    accounts.register_eraser(series_data.anonymise)
    accounts.register_lots(queries.lot_of_booking, known_lots)
    audit_names.register()
    foreign_access.register_owned("booking_id", "booking", Booking)
    foreign_access.register_owned("series_id", "series", Series)
    app.register_blueprint(bp)
    app.register_blueprint(series_bp)
