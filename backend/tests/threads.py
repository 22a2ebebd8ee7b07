"""Several calls at one moment, as requests and workers make them."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flask import current_app

from parking.database import db

PATIENCE = 600
"""Seconds that a busy machine gets for what is certain to happen."""


def at_once(calls: Collection[Callable[[], Any]], catch: type[Exception] | tuple[()] = ()) -> list[Any]:
    """Makes each call in a thread of its own, all from one moment on, with the clock of the test and an application
    context of its own. Returns what they returned, in their order; an error of the kind `catch` counts as an answer.
    Raises any other."""
    app = current_app._get_current_object()
    start = threading.Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        with app.app_context():
            start.wait(PATIENCE)
            try:
                return call()
            except catch as error:
                return error
            finally:
                db.session.remove()

    with ThreadPoolExecutor(len(calls)) as pool:
        answers = [pool.submit(contextvars.copy_context().run, run, call) for call in calls]
        return [answer.result(PATIENCE) for answer in answers]
