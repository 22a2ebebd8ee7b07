"""The product with time for a busy machine: it gives up on Redis late. How soon it does so is tested in-process."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from parking import create_app
from parking.realtime import broker, feed, publisher, redis_client

PATIENCE = 60.0


def create() -> Any:
    """The application of the tests' web servers."""
    redis_client.ANSWER_SECONDS = redis_client.CONNECT_SECONDS = publisher.ANSWER_SECONDS = (
        publisher.CONNECT_SECONDS
    ) = PATIENCE
    feed.SLACK_SECONDS = broker.FEED_SECONDS = PATIENCE
    app = create_app()
    app.add_url_rule("/stall", view_func=_stall)
    return app


def _stall() -> str:
    """A request that goes on until the test says so."""
    Path(os.environ["STALL_STARTED"]).touch()
    while not Path(os.environ["STALL_UNTIL"]).exists():
        time.sleep(0.02)
    return "done"
