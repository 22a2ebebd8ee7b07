"""`celery -A celery_worker.celery worker` and `… beat`: the jobs, inside the application's context."""

from __future__ import annotations

import logging
import sys
from datetime import timedelta
from typing import Any

from celery import Task
from celery.schedules import schedule
from celery.signals import beat_init, worker_process_init

from app import create_app
from celery_config import TASK_MODULES, beat_schedule, make_celery
from parking.contract import heartbeat
from parking.db import db
from parking.settings import Settings

SWEEPS_EVERY = timedelta(seconds=60)
"""Jobs that come at least so often ask what there is to do; the rarer ones tidy up and can wait."""
app = create_app()
_settings: Settings = app.extensions["settings"]
if not _settings.redis_url:
    sys.exit(
        "No Redis: set REDIS_URL (for example redis://localhost:6379/0), or start `make run` or `python app.py` "
        f"first, whose embedded server is then found through DATA_DIR ({_settings.data_dir})."
    )


for chatty in ("celery.worker.strategy", "celery.app.trace", "celery.beat"):
    # One line for every sweep, every few seconds, says nothing: the jobs log what they did.
    logging.getLogger(chatty).setLevel(logging.WARNING)


class ContextTask(Task):
    """Every job runs in a fresh application context, as a request does."""

    abstract = True

    def __call__(self, *args, **kwargs):
        with app.app_context():
            return super().__call__(*args, **kwargs)


@worker_process_init.connect(weak=False)
def _own_connections(**_):
    """A forked worker process must not talk over the database connections of its parent."""
    with app.app_context():
        db.engine.dispose(close=False)


@beat_init.connect(weak=False)
def _ring_at_once(sender: Any, **_: Any) -> None:
    """The sweeps are due when Beat starts. Without its file it would wait a whole interval first, and a Beat that
    loses file and life more often than that would never ring."""
    for entry in sender.scheduler.schedule.values():
        # Celery's own clean-up of old results is a crontab: a time of day, no interval.
        if isinstance(entry.schedule, schedule) and entry.schedule.run_every <= SWEEPS_EVERY:
            entry.last_run_at -= SWEEPS_EVERY


celery = make_celery(_settings, task_cls=ContextTask)
celery.conf.update(imports=TASK_MODULES, beat_schedule=beat_schedule())
heartbeat.watch(app)
