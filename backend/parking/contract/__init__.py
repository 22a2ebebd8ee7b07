"""What holds for every answer, whichever domain gives it. Sits at the top, beside create_app()."""

from __future__ import annotations

from apiflask import APIFlask

from parking import attempts, limits
from parking.contract import headers, logs, metrics, openapi, page, routes


def init_app(app: APIFlask) -> None:
    """Puts the contract on the application, before the domains.

    What is registered first answers last: the log sees the answer as it goes out.
    """
    logs.init_app(app)
    metrics.init_app(app)
    headers.init_app(app)
    limits.init_app(app)
    attempts.init_app(app)
    openapi.init_app(app)
    page.init_app(app)
    headers.sign_everything(app)
    app.register_blueprint(routes.bp)
