"""The faults of a campaign: each breaks one part of the running product and mends it again."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import time
from collections.abc import Callable

import psutil
import psycopg

from tests.faults.product import Product


def kill_web_worker(product: Product, choice: random.Random) -> None:
    """One of the processes that serve requests; gunicorn starts another."""
    children = psutil.Process(product.part("gunicorn")).children()
    if children:
        os.kill(choice.choice(children).pid, signal.SIGKILL)


def kill_web_server(product: Product, choice: random.Random) -> None:
    """The master, and its children with it; the runner starts all of them again."""
    os.kill(product.part("gunicorn"), signal.SIGKILL)


def kill_worker(product: Product, choice: random.Random) -> None:
    os.kill(product.part("celery", "worker"), signal.SIGKILL)


def kill_beat(product: Product, choice: random.Random) -> None:
    os.kill(product.part("celery", "beat"), signal.SIGKILL)


def freeze_worker(product: Product, choice: random.Random) -> None:
    """Stopped wherever it is, also inside of a transaction."""
    worker = product.part("celery", "worker")
    os.kill(worker, signal.SIGSTOP)
    time.sleep(choice.uniform(0.5, 3))
    with contextlib.suppress(ProcessLookupError):
        os.kill(worker, signal.SIGCONT)


def freeze_web_worker(product: Product, choice: random.Random) -> None:
    children = psutil.Process(product.part("gunicorn")).children()
    if children:
        stopped = choice.choice(children).pid
        os.kill(stopped, signal.SIGSTOP)
        time.sleep(choice.uniform(0.5, 3))
        with contextlib.suppress(ProcessLookupError):
            os.kill(stopped, signal.SIGCONT)


def kill_redis(product: Product, choice: random.Random) -> None:
    product.valkey.kill()
    time.sleep(choice.uniform(0.2, 2))
    product.valkey.start()


def freeze_redis(product: Product, choice: random.Random) -> None:
    product.valkey.freeze()
    time.sleep(choice.uniform(0.5, 4))
    product.valkey.thaw()


def stop_mail_server(product: Product, choice: random.Random) -> None:
    product.smtp.stop()
    time.sleep(choice.uniform(0.5, 3))
    product.smtp.start()


def cut_database(product: Product, choice: random.Random) -> None:
    """PostgreSQL ends every connection in the middle of whatever it does; SQLite is locked by somebody else."""
    url = product.settings.database_url
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(product.run.data / "parking.db", timeout=30)) as other:
            other.execute("BEGIN IMMEDIATE")
            time.sleep(choice.uniform(0.2, 2))
            other.rollback()
        return
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


FAULTS: tuple[Callable[[Product, random.Random], None], ...] = (
    kill_web_worker,
    kill_web_server,
    kill_worker,
    kill_beat,
    freeze_worker,
    freeze_web_worker,
    kill_redis,
    freeze_redis,
    stop_mail_server,
    cut_database,
)
