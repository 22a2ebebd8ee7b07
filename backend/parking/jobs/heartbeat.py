"""Heartbeats of worker and Beat.

The worker's follow Celery's own heartbeat, which stops while it has lost its broker; Beat's follow its sending of
jobs, whether or not the broker accepts them. Neither needs the other. At the same moments both tell the runner over
its pipe (launch/pulse.py) that they are running; that needs no database.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from launch import pulse
from parking import clock
from parking.database import db, postgres, transaction
from parking.jobs.models import Heartbeat

log = logging.getLogger(__name__)
EVERY_SECONDS = 15
SILENT_SECONDS = 60
"""A program without a heartbeat for longer counts as dead."""


def sign(name: str) -> None:
    """Stores a heartbeat of the program `name`."""
    with transaction() as session:
        session.merge(Heartbeat(name=name, at=clock.now()))


def last_seen() -> dict[str, datetime]:
    """Program -> time of its last heartbeat."""
    return {row.name: row.at for row in db.session.scalars(select(Heartbeat))}


def delete_all(session: Session) -> None:
    """Deletes the heartbeats, in the caller's transaction: those of a restored backup say nothing of what runs now."""
    session.execute(delete(Heartbeat))


def watch(app: Flask) -> None:
    """Lets worker and Beat send heartbeats. Call it in the Celery program. (Signals hold weak references only.)"""
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
    """Stores a heartbeat for `name` at most every 15 seconds. An outage of the database is logged only."""
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
