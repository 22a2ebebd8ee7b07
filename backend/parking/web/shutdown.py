"""Whether this process is about to end."""

from __future__ import annotations

_stopping = False


def begin_stop() -> None:
    """From now on `/readyz` answers 503. Takes no lock, so a signal handler may call it."""
    global _stopping
    _stopping = True


def is_stopping() -> bool:
    return _stopping
