"""Tells the worker that mail waits, without the request waiting for Redis.

One thread a process publishes; a publish that hangs or fails delays nobody, and the sweep finds the mail anyway.
Many calls in a short time become one message.
"""

from __future__ import annotations

import logging
import os
import threading
import time

log = logging.getLogger(__name__)
QUIET_SECONDS = 0.2  # at most five messages a second and process
EXPIRES_SECONDS = 30  # a worker that was away need not hear them all

_lock = threading.Lock()
_wanted = threading.Event()
_owner: int | None = None


def notify() -> None:
    """Returns at once."""
    _wanted.set()
    if _owner != os.getpid():  # also after a fork, where the parent's thread is not
        _start()


def _start() -> None:
    global _owner
    with _lock:
        if _owner != os.getpid():
            _owner = os.getpid()
            threading.Thread(target=_run, name="mail-wakeup", daemon=True).start()


def _run() -> None:
    while True:
        _wanted.wait()
        _wanted.clear()
        _publish()
        time.sleep(QUIET_SECONDS)


def _publish() -> None:
    from parking.mail.tasks import deliver_mail

    try:
        deliver_mail.apply_async(expires=EXPIRES_SECONDS, retry=False, ignore_result=True)
    except Exception as fault:  # Redis is away: the sweep delivers what this would have
        log.info("mail wake-up not published: %s", fault)
