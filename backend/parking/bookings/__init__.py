"""Bookings: claims on spots, from the wish for one to the price of the stay."""

from __future__ import annotations

from apiflask import APIFlask


def init_app(app: APIFlask) -> None:
    """Puts this domain on the application. (Imported here, so that the models can be read without the routes.)"""
    from parking.accounts import service as accounts
    from parking.bookings import people
    from parking.bookings.routes import bp

    accounts.register_figures(people.figures)
    accounts.register_blocker(people.reason_to_stay)
    accounts.register_eraser(people.forget)
    app.register_blueprint(bp)
