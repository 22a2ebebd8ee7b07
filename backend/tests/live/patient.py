"""The product with time for a busy machine: it gives up on Redis late. How soon it does so is tested in-process."""

from __future__ import annotations

from typing import Any

from parking import create_app
from parking.live import courier, feed, hub, redis

PATIENCE = 60.0


def create() -> Any:
    """The application of the tests' web servers."""
    redis.ANSWER_SECONDS = redis.CONNECT_SECONDS = courier.ANSWER_SECONDS = courier.CONNECT_SECONDS = PATIENCE
    feed.SLACK_SECONDS = hub.SETTLE_SECONDS = PATIENCE
    return create_app()
