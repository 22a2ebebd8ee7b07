"""Lots: car parks, their spots and prices."""

from __future__ import annotations

from apiflask import APIFlask


def init_app(app: APIFlask) -> None:
    """Puts this domain on the application. (Imported here, so that the models can be read without the routes.)"""
    from parking.live import service as live
    from parking.lots import cache, stream
    from parking.lots.cli import lots
    from parking.lots.routes import bp

    app.register_blueprint(bp)
    app.cli.add_command(lots)
    cache.init_app(app)
    live.register_lot_counts(stream.counts)
