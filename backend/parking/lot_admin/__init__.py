"""What administrators do to lots and their spots."""

from __future__ import annotations

from apiflask import APIFlask


def init_app(app: APIFlask) -> None:
    """Puts this domain on the application. (Imported here, so that the models can be read without the routes.)"""
    from parking.lot_admin.cli import lots
    from parking.lot_admin.routes import bp

    app.register_blueprint(bp)
    app.cli.add_command(lots)
