"""What holds for every answer, whichever domain gives it. Sits at the top, beside create_app()."""

from __future__ import annotations

from apiflask import APIFlask

from parking import limits


def init_app(app: APIFlask) -> None:
    """Puts the contract on the application, before the domains."""
    limits.init_app(app)
