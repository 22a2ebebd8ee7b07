"""The parking management system's API. `create_app()` puts the parts together and does nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from apiflask import APIFlask

import config
from parking import (
    accounts,
    audit,
    bookings,
    contract,
    csv_exports,
    db,
    demo,
    failures,
    idempotency,
    live,
    lots,
    mail,
    reports,
    schema,
    web,
)

__version__ = "1.0.0"
DOMAINS = (live, audit, idempotency, mail, accounts, bookings, lots, reports, csv_exports, demo)


class _App(APIFlask):
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """No view or hook here is `async`, so none is looked at anew at every request."""
        return func


def create_app(settings: config.Settings | None = None) -> APIFlask:
    """The WSGI application for `settings` (by default those of the environment).

    Raises config.ConfigError for bad settings. Does not touch the database.
    """
    settings = settings or config.load()
    app = _App(
        "parking",
        title=settings.site_name,
        version=__version__,
        spec_path="/api/openapi.json",
        docs_path=None,
        static_folder=None,  # type: ignore[arg-type]  # None is Flask's "no static files"; the page has its own
    )
    app.extensions["settings"] = settings
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=db.engine_options(settings.database_url),
    )
    web.init_app(app)
    failures.init_app(app)
    contract.init_app(app)
    db.init_app(app)
    schema.init_app(app)
    for domain in DOMAINS:
        domain.init_app(app)
    return app
