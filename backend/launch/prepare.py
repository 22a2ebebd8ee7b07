"""`python -m launch.prepare`: brings the database up to date and, without `--only-schema`, sees to the first
administrator.

Prints on standard output what the operator should read once all is ready; on failure one sentence
on standard error and exit code 1.
"""

from __future__ import annotations

import sys

from sqlalchemy.exc import DBAPIError

import loading
from config import ConfigError, load
from parking import DOMAINS, backup, create_app
from parking.database import is_sqlite, outages, schema
from private_files import set_umask, sqlite_file, tighten


def main() -> int:
    loading.finish()
    set_umask()
    try:
        settings = load()
        tighten(settings.data_dir, settings.export_dir, sqlite_file(settings.database_url))
        _prepare(create_app(settings), only_schema="--only-schema" in sys.argv[1:])
    except (ConfigError, schema.SchemaError, backup.BackupError) as error:
        return _fail(str(error))
    except DBAPIError as error:
        if outages.is_full_disk(error, settings.data_dir):
            return _fail(f"The disk of the database is full ({_first_line(error)}). Free some space, then start again.")
        return _fail(f"DATABASE_URL: the database cannot be used ({_first_line(error)}).")
    return 0


def _prepare(app, *, only_schema: bool) -> None:
    with app.app_context():
        if is_sqlite() and schema.is_outdated():
            file, _ = backup.create(reason="upgrade")
            sys.stdout.write(f"Before the upgrade the database was saved as {file}\n")
        schema.upgrade()
        if problems := schema.problems():
            raise schema.SchemaError("; ".join(problems))
        if only_schema:
            return
        for domain in DOMAINS:
            for line in getattr(domain, "at_start", list)():
                sys.stdout.write(line + "\n")


def _first_line(error: DBAPIError) -> str:
    lines = str(error.orig or error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _fail(sentence: str) -> int:
    sys.stderr.write(" ".join(sentence.split()) + "\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
