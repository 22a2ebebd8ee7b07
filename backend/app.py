"""The web application. `python app.py` serves the API alone (port 5000); `flask …` and gunicorn find it here."""

from __future__ import annotations

import sys

from config import ConfigError, load
from parking import create_app as _create_app
from private_files import set_umask


def create_app():
    """The application for this environment; a bad environment ends the process with a plain list."""
    set_umask()
    try:
        return _create_app(load())
    except ConfigError as error:
        sys.exit(f"These variables of the environment or of .env cannot be used:\n{error}")


if __name__ == "__main__":
    from launch.__main__ import main

    sys.exit(main(["--api", *sys.argv[1:]]))
