"""Signs of life of worker and Beat, and how old they are.

The worker signs when Celery's own heart beats, which stops while it has lost its broker; Beat signs when it sends a
job, whether or not the broker takes it. Neither needs the other for it. At the same moments both tell the runner over
its pipe (launch/pulse.py) that they do not hang; that needs no database.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from launch import pulse
from parking import clock
from parking.database import db, postgres, transaction
from parking.jobs.models import Heartbeat

log = logging.getLogger(__name__)
EVERY_SECONDS = 15
SILENT_SECONDS = 60
"""A program silent for longer is taken for dead."""


def sign(name: str) -> None:
    """Notes that the program `name` is alive now."""
    with transaction() as session:
        session.merge(Heartbeat(name=name, at=clock.now()))


def last_seen() -> dict[str, datetime]:
    """When each program signed last."""
    return {row.name: row.at for row in db.session.scalars(select(Heartbeat))}


def watch(app: Flask) -> None:
    """To be called in the Celery program: lets worker and Beat sign. The signals keep only weak references."""
    from celery.signals import before_task_publish, heartbeat_sent, worker_ready

    as_worker, as_beat = _signer(app, "worker"), _signer(app, "beat")
    app.extensions["heartbeat"] = (as_worker, as_beat)
    for signal in (worker_ready, heartbeat_sent):
        signal.connect(as_worker)

    from celery.signals import beat_init

    @beat_init.connect(weak=False)
    def beat_started(**_: Any) -> None:
        as_beat()
        before_task_publish.connect(as_beat)


def _signer(app: Flask, name: str) -> Callable[..., None]:
    """Signs for `name` at most every 15 seconds. A database that is away is no reason to stop working."""
    next_at = 0.0

    def signer(**_: Any) -> None:
        nonlocal next_at
        pulse.beat()
        if time.monotonic() < next_at:
            return
        next_at = time.monotonic() + EVERY_SECONDS
        try:
            with app.app_context(), postgres.limited(postgres.GREETING):
                sign(name)
            pulse.beat()
        except SQLAlchemyError as error:
            log.warning("cannot sign for %s: %s", name, error)

    return signer
