"""The events of all processes, in one order, as they stand in a capped Redis stream.

A stream and not pub/sub: its ids let a page that was away catch up, and a reader whose connection broke miss nothing.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import redis

from parking.realtime.publisher import KEPT_EVENTS, STREAM
from parking.realtime.redis_client import Redis, connect

log = logging.getLogger(__name__)

_ID = re.compile(r"\d{1,15}-\d{1,9}")
_BATCH = 500
_OVERLAP_MILLISECONDS = 1_000
SLACK_SECONDS = 1.0
"""How much longer than it was asked to wait Redis may take before it counts as away."""


@dataclass(frozen=True)
class Entry:
    """One event: its id in the stream and what `service.publish` was given."""

    id: str
    event: str
    data: dict[str, Any]
    user_id: int | None
    lot_id: int | None

    def concerns(self, user_id: int, lot_ids: frozenset[int]) -> bool:
        """Whether it may and should be shown to this user, looking at these lots. Counts of lots travel separately."""
        if self.event == "booking":
            return self.user_id == user_id
        return self.event == "spot" and self.lot_id in lot_ids

    def shown(self) -> dict[str, Any]:
        """The only members a page ever sees."""
        if self.event == "spot":
            return {"lot_id": self.lot_id, **self._only("id", "spot_number", "status")}
        return self._only("id", "status")

    def _only(self, *names: str) -> dict[str, Any]:
        return {name: self.data[name] for name in names if name in self.data}


def frame(event: str, data: dict[str, Any], id: str | None = None) -> bytes:
    """A server-sent event."""
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def order(id: str) -> tuple[int, int]:
    """Ids compare as numbers: milliseconds, then a count."""
    milliseconds, _, count = id.partition("-")
    return int(milliseconds), int(count)


def is_id(value: str | None) -> bool:
    return value is not None and _ID.fullmatch(value) is not None


class Feed:
    """A reading of the stream from its present end on. For one thread."""

    def __init__(self, url: str, longest_wait: float) -> None:
        self._client = connect(url, answer_seconds=longest_wait + SLACK_SECONDS)
        self._last: str | None = None

    @property
    def last(self) -> str | None:
        """Id of the newest entry that was read; None while Redis is away."""
        return self._last

    def read(self, seconds: float) -> list[Entry] | None:
        """New entries, waiting at most that long for the first; None when Redis is away.

        The first reading, and the first after an absence, only finds the end of the stream, without waiting.
        """
        try:
            if self._last is None:
                self._last = _end(self._client)
                return []
            reply = cast(Any, self._client.xread({STREAM: self._last}, count=_BATCH, block=max(1, int(seconds * 1000))))
        except (redis.RedisError, OSError):
            self.forget()
            return None
        rows = reply[0][1] if reply else []
        if rows:
            self._last = rows[-1][0]
        return list(_entries(rows))

    def forget(self) -> None:
        """Begin anew at the end of the stream next time."""
        self._last = None
        self._client.close()


def since(road: Redis, id: str) -> tuple[list[Entry], set[int]] | None:
    """(entries after `id`, lots to count anew); None when nobody can tell any more what came after it.

    Counts of a lot may be sent a quarter of a second after their hint, so lots are looked for a little before `id`.
    """
    begin = f"{max(0, order(id)[0] - _OVERLAP_MILLISECONDS)}-0"

    def ask(client: redis.Redis) -> Any:
        with client.pipeline(transaction=False) as pipe:
            pipe.xrange(STREAM, count=1)
            pipe.xrange(STREAM, min=begin, count=2 * KEPT_EVENTS)
            return pipe.execute()

    nothing: list[list[Any]] = [[], []]
    first, rows = road.call(ask, default=nothing)
    if not first or order(first[0][0]) > order(id):
        return None
    read = list(_entries(rows))
    lots = {entry.lot_id for entry in read if entry.event == "lot" and entry.lot_id is not None}
    return [entry for entry in read if order(entry.id) > order(id)], lots


def _end(client: redis.Redis) -> str:
    newest = cast(Any, client.xrevrange(STREAM, count=1))
    return newest[0][0] if newest else "0-0"


def _entries(rows: Iterable[tuple[str, dict[str, str] | None]]) -> Iterable[Entry]:
    for id, fields in rows:
        try:
            yield Entry(id=id, **json.loads((fields or {})["e"]))
        except (KeyError, ValueError, TypeError):  # of another version of this program
            log.warning("an event that cannot be read: %s", id)
