"""Bookings: claims on spots, from the wish for one to the price of the stay."""

from __future__ import annotations

from apiflask import APIFlask

from parking.bookings import emails as _templates  # noqa: F401 - registers them


def init_app(app: APIFlask) -> None:
    """Puts this domain on the application. (Imported here, so that the models can be read without the routes.)"""
    from parking.accounts import service as accounts
    from parking.bookings import account_hooks
    from parking.bookings.routes import bp

    accounts.register_figures(account_hooks.figures)
    accounts.register_blocker(account_hooks.reason_to_stay)
    accounts.register_eraser(account_hooks.forget)
    app.register_blueprint(bp)
