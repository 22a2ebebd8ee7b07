"""`celery -A celery_worker.celery worker` and `… beat`: the jobs, inside the application's context."""

from __future__ import annotations

import dataclasses
import logging
import sys
from datetime import timedelta
from typing import Any

from celery import Task
from celery.schedules import schedule
from celery.signals import beat_init, worker_process_init

import loading
from celery_config import DEFAULT_BROKER, TASK_MODULES, beat_schedule, follow_embedded_server, make_celery
from config import ConfigError, load, names_redis
from parking import create_app, jobs
from parking.database import db
from parking.settings import Settings
from private_files import set_umask

SWEEPS_EVERY = timedelta(seconds=60)
"""Jobs that run at least this often look for work; the rarer ones clean up and can wait."""


def _settings() -> Settings:
    """The environment's. Without REDIS_URL the embedded server of the run in DATA_DIR, which may start later than this
    program and anew; until there is one, a Redis at the usual place."""
    set_umask()
    try:
        settings = load()
    except ConfigError as error:
        sys.exit(f"These variables of the environment or of .env cannot be used:\n{error}")
    if not names_redis():
        follow_embedded_server(settings.data_dir)
    return dataclasses.replace(settings, redis_url=settings.redis_url or DEFAULT_BROKER)


app = create_app(_settings())

if "--quiet" in sys.argv:  # the product's own run, whose jobs log what they did: a line for each sweep says nothing
    for chatty in ("celery.app.trace", "celery.beat"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
logging.getLogger("celery.worker.strategy").setLevel(logging.WARNING)  # that a job came; `trace` says that it is done


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
def _run_due_now(sender: Any, **_: Any) -> None:
    """Makes the frequent jobs due when Beat starts. Without its schedule file Beat would wait a whole interval first,
    and a Beat that is restarted without it more often than that would never send a job."""
    for entry in sender.scheduler.schedule.values():
        # Celery's own clean-up of old results is a crontab: a time of day, no interval.
        if isinstance(entry.schedule, schedule) and entry.schedule.run_every <= SWEEPS_EVERY:
            entry.last_run_at -= SWEEPS_EVERY


celery = make_celery(app.extensions["settings"], task_cls=ContextTask)
celery.conf.update(imports=TASK_MODULES, beat_schedule=beat_schedule())
jobs.watch(app)
loading.finish()
