from __future__ import annotations

from apiflask import APIFlask


def init_app(app: APIFlask) -> None:
    """Puts this domain on the application."""
