"""Bookings: claims on spots, from the wish for one to the price of the stay."""

from __future__ import annotations

from apiflask import APIFlask

from parking.bookings import emails as _templates  # noqa: F401 - registers them


def init_app(app: APIFlask) -> None:
    """Puts this domain on the application. (Imported here, so that the models can be read without the routes.)"""
    from parking import accounts
    from parking.bookings import account_hooks
    from parking.bookings.routes import bp

    accounts.register_booking_summaries(account_hooks.booking_summaries)
    accounts.register_blocker(account_hooks.deletion_blocker)
    accounts.register_eraser(account_hooks.anonymise)
    app.register_blueprint(bp)
