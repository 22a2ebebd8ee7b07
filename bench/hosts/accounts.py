"""Schema and accounts of a fleet, made by whichever version stands on PYTHONPATH: python accounts.py DRIVERS."""

from __future__ import annotations

import sys

import config
from parking import create_app
from parking.database import db, schema
from tests.conftest import make_user


def main(drivers: int) -> None:
    with create_app(config.load()).app_context():
        schema.upgrade()
        make_user("carol", "user", "admin")
        for number in range(drivers):
            make_user(f"driver{number}", "user")
        db.engine.dispose()


if __name__ == "__main__":
    main(int(sys.argv[1]))
