"""Idempotency keys: a request that is sent again is answered again and done once."""

from __future__ import annotations

from apiflask import APIFlask

from parking.idempotency import service
from parking.idempotency.service import begin, forget_expired

__all__ = ["begin", "forget_expired", "init_app"]


def init_app(app: APIFlask) -> None:
    app.register_error_handler(service.Replay, service.replay_response)
