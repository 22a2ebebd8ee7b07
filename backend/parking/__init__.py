"""The parking management system's API. `create_app()` puts the parts together and does nothing else."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from types import ModuleType
from typing import Any

from apiflask import APIFlask

import config
from parking import (
    accounts,
    audit,
    availability,
    backup,
    bookings,
    database,
    exports,
    idempotency,
    lot_admin,
    mail,
    notices,
    realtime,
    reports,
    retention,
    search,
    staff,
    statistics,
    system,
    visitors,
    waitlist,
    web,
)
from parking.database import schema
from parking.system import metrics
from parking.web import headers, rate_limits, spa
from parking.web.errors import server_errors
from parking.web.logs import request_log
from parking.web.openapi import document

__version__ = "1.0.0"
HTTP_LAYERS = (web, server_errors, request_log, metrics, headers, rate_limits, document, spa)
"""What every answer passes through. What is registered first answers last: the log sees the answer as it goes out."""
DOMAINS = (
    system,
    realtime,
    audit,
    idempotency,
    mail,
    accounts,
    staff,
    notices,
    bookings,
    waitlist,
    availability,
    search,
    visitors,
    lot_admin,
    statistics,
    reports,
    exports,
    backup,
    retention,
)


def _demo() -> list[ModuleType]:
    """The room with the demonstration data, which the image for production does not have."""
    name = "parking.demo"
    return [importlib.import_module(name)] if importlib.util.find_spec(name) else []


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
        SQLALCHEMY_ENGINE_OPTIONS=database.engine_options(
            settings.database_url, pooled=settings.database_pooler == "transaction"
        ),
    )
    for layer in HTTP_LAYERS:
        layer.init_app(app)
    headers.add_to_every_answer(app)
    database.init_app(app)
    schema.init_app(app)
    for domain in (*DOMAINS, *_demo()):
        domain.init_app(app)
    return app
