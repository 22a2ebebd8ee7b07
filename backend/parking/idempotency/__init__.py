"""Idempotency keys: a request that is sent again gets the same answer and is executed once."""

from __future__ import annotations

from apiflask import APIFlask

from parking.idempotency import service
from parking.idempotency.service import begin, delete_expired, delete_of_user, prepare, replay

__all__ = ["begin", "delete_expired", "delete_of_user", "init_app", "prepare", "replay"]


def init_app(app: APIFlask) -> None:
    """Answers repeated requests."""
    app.register_error_handler(service.Replay, service.replay_response)
