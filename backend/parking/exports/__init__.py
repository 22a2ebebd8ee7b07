"""Exports: bookings and all data as CSV files, built by the worker, mailed, and kept for a week."""

from __future__ import annotations

from apiflask import APIFlask

from parking.exports import emails as _templates  # noqa: F401 - registers them
from parking.exports.columns import booking_table, money
from parking.exports.files import delete_old_reports, pack, report_path, stored_path, whole_file
from parking.exports.models import ExportJob
from parking.exports.queries import booking_rows, live_values_at
from parking.exports.rows import BookingRow
from parking.exports.stream import read_parts
from parking.web.logs import foreign_access

__all__ = [
    "BookingRow",
    "booking_rows",
    "booking_table",
    "delete_old_reports",
    "init_app",
    "live_values_at",
    "money",
    "pack",
    "read_parts",
    "report_path",
    "stored_path",
    "whole_file",
]


def init_app(app: APIFlask) -> None:
    """Registers the routes of the exports, and what a deleted account and a withdrawn role lose."""
    from parking.accounts import register_eraser
    from parking.exports import routes, service
    from parking.exports.lists import routes as list_routes
    from parking.staff import register_withdrawal

    foreign_access.register_owned("job_id", "export", ExportJob)
    app.register_blueprint(routes.bp)
    app.register_blueprint(list_routes.bp)
    register_eraser(service.delete_of_user)
    register_withdrawal(service.end_of_lot)
