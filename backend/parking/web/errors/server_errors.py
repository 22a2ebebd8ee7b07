"""The answers for what is nobody's input: the database is away, the disk is full, this program has a fault.

Each says truthfully whether the change was made: it was not; or nobody can know, because the error came at or after a
COMMIT.
"""

from __future__ import annotations

import logging

from apiflask import APIFlask
from flask import Response, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from parking.database import database_folder, outages, request_has_committed
from parking.web import problem_response

log = logging.getLogger(__name__)
_BOOKING_PATHS = ("/api/book", "/api/release")
"""Also /api/bookings/…: a driver's own bookings."""


def _unknown_outcome() -> str:
    """The sentence for a change that may have been made or not, with what the caller can do."""
    if request.path.startswith(_BOOKING_PATHS):
        return "It is not known whether this was done. Check your bookings, or repeat the request with the same key."
    again = ", or repeat the request with the same key" if "Idempotency-Key" in request.headers else ""
    return f"It is not known whether this was done. Check what is stored now{again}."


def _render_unknown(fault: Exception) -> Response:
    log.error("the outcome of a change is not known: %s", fault)
    return problem_response(
        503, "The outcome is not known", _unknown_outcome(), "outcome_unknown", headers=[("Retry-After", "2")]
    )


def _render_outage(fault: DBAPIError | PoolTimeout | outages.Busy) -> Response:
    """The database is away, full, or busy beyond patience. What was begun has been rolled back."""
    if isinstance(fault, DBAPIError) and not outages.is_outage(fault):
        return _render_crash(fault)
    if outages.is_full_disk(fault, database_folder()):
        return _render_full_disk(fault)
    if request_has_committed():
        return _render_unknown(fault)
    log.error("the database does not serve: %s", getattr(fault, "orig", fault))
    state = "is busy" if isinstance(fault, outages.Busy | PoolTimeout) else "does not answer at the moment"
    sentence = f"The database {state}. Nothing was changed. Please try again soon."
    return problem_response(503, "Not available at the moment", sentence, "unavailable", headers=[("Retry-After", "2")])


def _render_full_disk(fault: Exception) -> Response:
    if request_has_committed():
        return _render_unknown(fault)
    log.error("the disk is full: %s", getattr(fault, "orig", fault))
    return problem_response(
        503,
        "The disk is full",
        "The server's disk is full. Nothing was changed. Please tell the operator, and try again later.",
        "storage_full",
        headers=[("Retry-After", "30")],
    )


def _render_os_error(fault: OSError) -> Response:
    return _render_full_disk(fault) if outages.is_full_disk(fault) else _render_crash(fault)


def _render_crash(fault: Exception) -> Response:
    log.exception("unexpected failure", exc_info=fault)
    if request_has_committed():
        detail = f"Something broke on our side. {_unknown_outcome()}"
        return problem_response(500, "Something broke on our side", detail, "outcome_unknown")
    return problem_response(
        500,
        "Something broke on our side",
        "Something broke on our side. Nothing was changed. Please try again, and report the request id if it persists.",
        "internal",
    )


def init_app(app: APIFlask) -> None:
    """Answers every exception that is no Problem and no HTTPException."""
    app.register_error_handler(DBAPIError, _render_outage)
    app.register_error_handler(PoolTimeout, _render_outage)
    app.register_error_handler(outages.Busy, _render_outage)
    app.register_error_handler(outages.OutcomeUnknown, _render_unknown)
    app.register_error_handler(OSError, _render_os_error)
    app.register_error_handler(Exception, _render_crash)
