"""Changes of lots and spots by administrators."""

from __future__ import annotations

from apiflask import APIFlask

from parking.lot_admin.edit import LotChanges, create_many

__all__ = ["LotChanges", "create_many", "init_app"]


def init_app(app: APIFlask) -> None:
    """Registers the routes and the command."""
    from parking.lot_admin.cli import lots
    from parking.lot_admin.routes import bp

    app.register_blueprint(bp)
    app.cli.add_command(lots)
