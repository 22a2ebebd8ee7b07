"""The events of all processes in one order, read from a capped Redis stream.

A stream and not pub/sub: its ids let a page that reconnects catch up, and a reader whose connection broke miss nothing.
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, cast

import redis

from parking.realtime.publisher import MAX_EVENTS, STREAM
from parking.realtime.redis_client import RedisClient, connect

log = logging.getLogger(__name__)

_ID = re.compile(r"\d{1,15}-\d{1,9}")
_BATCH = 500
_OVERLAP_MILLISECONDS = 1_000
OF_PERSON = ("booking", "offer", "notice")
"""Events for one user alone."""
SLACK_SECONDS = 1.0
"""How much later than the requested wait Redis may answer before it counts as down."""


@dataclass(frozen=True)
class Entry:
    """One event: its id in the stream and the arguments of `service.publish`."""

    id: str
    event: str
    data: dict[str, Any]
    user_id: int | None
    lot_id: int | None

    def concerns(self, user_id: int, lot_ids: frozenset[int]) -> bool:
        """Whether this user, whose page shows these lots, gets the event. Counts of lots are sent separately."""
        if self.event in OF_PERSON:
            return self.user_id == user_id
        return self.event == "spot" and self.lot_id in lot_ids

    def payload(self) -> dict[str, Any]:
        """The members that are sent to a page."""
        if self.event == "spot":
            return {"lot_id": self.lot_id, **self._only("id", "spot_number", "status")}
        return self._only("id", "status")

    def _only(self, *names: str) -> dict[str, Any]:
        return {name: self.data[name] for name in names if name in self.data}


def frame(event: str, data: dict[str, Any], id: str | None = None) -> bytes:
    """A server-sent event."""
    head = f"id: {id}\n" if id else ""
    return f"{head}event: {event}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode()


def sort_key(id: str) -> tuple[int, int]:
    """Ids compare as numbers: milliseconds, then a count."""
    milliseconds, _, count = id.partition("-")
    return int(milliseconds), int(count)


def is_id(value: str | None) -> bool:
    return value is not None and _ID.fullmatch(value) is not None


class Feed:
    """Reads the stream from its current end on. For one thread."""

    def __init__(self, url: str, longest_wait: float) -> None:
        self._client = connect(url, answer_seconds=longest_wait + SLACK_SECONDS)
        self._last: str | None = None

    @property
    def last(self) -> str | None:
        """Id of the newest entry that was read; None while Redis does not answer."""
        return self._last

    def read(self, seconds: float) -> list[Entry] | None:
        """New entries, after waiting at most `seconds` for the first; None when Redis does not answer.

        The first call, and the first after a failure, only finds the end of the stream, without waiting.
        """
        try:
            if self._last is None:
                self._last = _end(self._client)
                return []
            reply = cast(Any, self._client.xread({STREAM: self._last}, count=_BATCH, block=max(1, int(seconds * 1000))))
        except (redis.RedisError, OSError):
            self.reset()
            return None
        rows = reply[0][1] if reply else []
        if rows:
            self._last = rows[-1][0]
        return list(_entries(rows))

    def reset(self) -> None:
        """Starts again at the end of the stream with the next call."""
        self._last = None
        self._client.close()


def entries_since(redis_client: RedisClient, id: str) -> tuple[list[Entry], set[int]] | None:
    """(entries after `id`, lots to count again); None when the stream does not reach back to `id`.

    The counts of a lot may be sent a quarter of a second after their event, so lots are read from a little before `id`.
    """
    begin = f"{max(0, sort_key(id)[0] - _OVERLAP_MILLISECONDS)}-0"

    def read(client: redis.Redis) -> list[Any]:
        with client.pipeline(transaction=False) as pipe:
            pipe.xrange(STREAM, count=1)
            pipe.xrange(STREAM, min=begin, count=2 * MAX_EVENTS)
            return pipe.execute()

    no_rows: list[list[Any]] = [[], []]
    first, rows = redis_client.call(read, default=no_rows)
    if not first or sort_key(first[0][0]) > sort_key(id):
        return None
    entries = list(_entries(rows))
    lots = {entry.lot_id for entry in entries if entry.event == "lot" and entry.lot_id is not None}
    return [entry for entry in entries if sort_key(entry.id) > sort_key(id)], lots


def _end(client: redis.Redis) -> str:
    newest = cast(Any, client.xrevrange(STREAM, count=1))
    return newest[0][0] if newest else "0-0"


def _entries(rows: Iterable[tuple[str, dict[str, str] | None]]) -> Iterable[Entry]:
    for id, fields in rows:
        try:
            yield Entry(id=id, **json.loads((fields or {})["e"]))
        except (KeyError, ValueError, TypeError):  # of another version of this program
            log.warning("an event that cannot be read: %s", id)
