"""The only clock. Whole seconds in UTC: what is stored, compared and charged is then the same on every database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

FOREVER = datetime(9999, 12, 31, tzinfo=UTC)
"""The end of a hold that has none (a spot out of service)."""

_set_to: ContextVar[datetime | None] = ContextVar("clock", default=None)


def now() -> datetime:
    """The present, aware, in UTC, cut to the second."""
    return _set_to.get() or datetime.now(UTC).replace(microsecond=0)


def travel(seconds: float) -> datetime:
    """Moves a clock that was set; the demonstration data and the tests live through weeks with it."""
    moved = now() + timedelta(seconds=seconds)
    _set_to.set(moved.replace(microsecond=0))
    return now()


@contextmanager
def set_to(moment: datetime) -> Iterator[None]:
    """Stops the clock at `moment` (aware) for this thread of work."""
    token = _set_to.set(moment.astimezone(UTC).replace(microsecond=0))
    try:
        yield
    finally:
        _set_to.reset(token)
