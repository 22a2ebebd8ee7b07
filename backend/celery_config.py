"""How Celery is used: a carrier of wake-ups. Every job can be lost or run twice without harm."""

from __future__ import annotations

import importlib
import logging
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

from celery import Celery
from celery.app.amqp import AMQP
from celery.beat import PersistentScheduler
from kombu import Connection
from kombu.connection import ConnectionPool, PooledConnection

from config import Settings, embedded_redis_url
from launch import pulse

log = logging.getLogger(__name__)
TASK_MODULES = tuple(
    f"parking.{domain}.tasks"
    for domain in (
        *("accounts", "mail", "bookings", "waitlist", "statistics"),
        *("reports", "exports", "backup", "retention"),
    )
)
#: Seconds after which a message of a worker that died is given to another. No job is delayed longer than this.
VISIBILITY_SECONDS = 900
SOFT_LIMIT_SECONDS, HARD_LIMIT_SECONDS = 240, 300
LONGEST_PAUSE_SECONDS = 5
"""Between two attempts to reach Redis. Celery's own pauses grow to half a minute, and it has no setting for that."""


DEFAULT_BROKER = "redis://localhost:6379/0"
"""Where Redis usually is; used without REDIS_URL as long as no run with an embedded server is there."""
_followed: list[Path] = []
"""The data folder whose embedded server is the broker; empty with a broker at a fixed address."""


def follow_embedded_server(data_dir: Path) -> None:
    """From now on every new connection goes to the embedded server of the run that has `data_dir` then: it may start
    after the worker, or again, at another port and with another password."""
    _followed[:] = [data_dir]


class SteadyConnection(Connection):
    """Works again soon after Redis does, however long it was away. A process that waits for it beats its pulse."""

    def _establish_connection(self) -> Any:
        url = embedded_redis_url(_followed[0]) if _followed else None
        if url and url != self.as_uri(include_password=True):
            self.switch(url)
        return super()._establish_connection()

    def ensure_connection(self, *args: Any, callback: Callable[[], Any] | None = None, **kwargs: Any) -> Connection:
        def waiting() -> None:
            pulse.beat()
            if callback is not None:
                callback()

        pauses = {"interval_start": 1, "interval_step": 1, "interval_max": LONGEST_PAUSE_SECONDS}
        return super().ensure_connection(*args, callback=waiting, **{**pauses, **kwargs})

    def Pool(self, limit: int | None = None, **kwargs: Any) -> ConnectionPool:
        return SteadyPool(self, limit, **kwargs)


class PooledSteadyConnection(SteadyConnection, PooledConnection):
    """One of a pool, with which a worker greets the others and every process sends jobs."""


class SteadyPool(ConnectionPool):
    """kombu's own pool makes connections of kombu's class, which would stay with the address they began with."""

    def new(self) -> PooledConnection:
        return PooledSteadyConnection(self, **self.connection.info())


class SteadyScheduler(PersistentScheduler):
    """Beat's schedule, whose file only saves it from ringing too early or late after a restart: a full disk is no
    reason to stop."""

    def setup_schedule(self) -> None:
        try:
            super().setup_schedule()
        except OSError as error:
            log.warning("Beat keeps its schedule in memory: %s", error)
            self._store = _Memory()
            super().setup_schedule()

    def _open_schedule(self) -> Any:
        return self._store if isinstance(self._store, _Memory) else super()._open_schedule()

    def sync(self) -> None:
        try:
            super().sync()
        except OSError as error:
            log.warning("Beat cannot write its schedule: %s", error)

    def close(self) -> None:
        try:
            super().close()
        except OSError as error:
            log.warning("Beat cannot write its schedule: %s", error)


class _Memory(dict[str, Any]):
    """A store of the schedule without a file."""

    def sync(self) -> None:
        return None

    close = sync


class SteadyAMQP(AMQP):
    Connection = SteadyConnection


def make_celery(settings: Settings, **arguments: Any) -> Celery:
    """The Celery application of these settings: for worker and Beat, and for a process that only sends."""
    celery = Celery("parking", amqp=SteadyAMQP, **arguments)
    celery.conf.update(options(settings))
    celery.set_default()
    return celery


def _tls(url: str | None) -> dict[str, Any]:
    """What an address with TLS leaves out: kombu would check no certificate."""
    if not (url or "").startswith("rediss:") or "ssl_cert_reqs=" in (url or ""):
        return {}
    return {"broker_use_ssl": {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}}


def options(settings: Settings) -> dict[str, Any]:
    return {
        "broker_url": settings.redis_url,
        **_tls(settings.redis_url),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,  # Redis may be away for as long as it likes
        "broker_connection_timeout": 2,
        "broker_transport_options": {
            "visibility_timeout": VISIBILITY_SECONDS,
            # A frozen server is noticed; longer than the seconds a worker waits in one BRPOP.
            "socket_timeout": 15,
            "socket_connect_timeout": 2,
            "socket_keepalive": True,
            "health_check_interval": 20,
        },
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0.1, "interval_step": 0.1},
        # JSON only: a message can never carry code.
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        # What a job did stands in the database, so results are not kept in Redis.
        "task_ignore_result": True,
        # A job counts as done when it is done, also when its worker is killed half way.
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "worker_prefetch_multiplier": 1,
        "task_soft_time_limit": SOFT_LIMIT_SECONDS,
        "task_time_limit": HARD_LIMIT_SECONDS,
        "worker_soft_shutdown_timeout": 10,
        "worker_enable_soft_shutdown_on_idle": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "worker_send_task_events": False,
        "enable_utc": True,
        "timezone": "UTC",
        "beat_scheduler": SteadyScheduler,
        "beat_schedule_filename": str(settings.data_dir / "celerybeat-schedule"),
    }


def beat_schedule() -> dict[str, dict[str, Any]]:
    """The `BEAT` tables of the task modules together: name -> {"task": …, "schedule": seconds}."""
    entries: dict[str, dict[str, Any]] = {}
    for module in TASK_MODULES:
        for name, entry in importlib.import_module(module).BEAT.items():
            if name in entries:
                raise ValueError(f"two Beat entries are called {name!r}")
            entries[name] = entry
    return entries
