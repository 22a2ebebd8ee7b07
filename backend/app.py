"""The web application. `python app.py` serves the API alone (port 5000); `flask …` and gunicorn find it here.

In a Python shell: `from app import app, db`, then `with app.app_context(): db.create_all()`.
"""

from __future__ import annotations

import sys
from typing import Any

import loading
from config import ConfigError, load
from parking import create_app as _create_app
from parking.database import db
from private_files import set_umask

__all__ = ["create_app", "db"]


def create_app():
    """The application for this environment; a bad environment ends the process with a plain list."""
    set_umask()
    try:
        return _create_app(load())
    except ConfigError as error:
        sys.exit(f"These variables of the environment or of .env cannot be used:\n{error}")
    finally:
        loading.finish()


def __getattr__(name: str) -> Any:
    """`app`, made when it is asked for: importing this module for `create_app` alone makes none."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return globals().setdefault("app", create_app())


if __name__ == "__main__":
    from launch.__main__ import main

    sys.exit(main(["--api", *sys.argv[1:]]))
