"""`celery -A celery_worker.celery worker` and `… beat`: the jobs, inside the application's context."""

from __future__ import annotations

import logging
import sys

from celery import Task
from celery.signals import worker_process_init

from app import create_app
from celery_config import TASK_MODULES, beat_schedule, make_celery
from parking.contract import heartbeat
from parking.db import db
from parking.settings import Settings

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


celery = make_celery(_settings, task_cls=ContextTask)
celery.conf.update(imports=TASK_MODULES, beat_schedule=beat_schedule())
heartbeat.watch(app)
