"""Bookings: claims on spots, from the wish for one to the price of the stay."""

from __future__ import annotations

from apiflask import APIFlask


def init_app(app: APIFlask) -> None:
    """Puts this domain on the application. (Imported here, so that the models can be read without the routes.)"""
    from parking.bookings.routes import bp

    app.register_blueprint(bp)
