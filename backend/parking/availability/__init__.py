"""What is free: lots with their counts, and the event stream's counts."""

from __future__ import annotations

from apiflask import APIFlask


def init_app(app: APIFlask) -> None:
    """Puts this domain on the application. (Imported here, so that the models can be read without the routes.)"""
    from parking import realtime
    from parking.availability import cache, stream
    from parking.availability.routes import bp

    cache.init_app(app)
    realtime.register_lot_counts(stream.counts)
    app.register_blueprint(bp)
