"""The settings of the running application."""

from __future__ import annotations

from typing import cast

from flask import current_app

from config import Settings

__all__ = ["Settings", "current"]


def current() -> Settings:
    """The settings the application was created with. Raises RuntimeError outside an application context."""
    return cast(Settings, current_app.extensions["settings"])
