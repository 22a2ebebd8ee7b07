"""Telling others that something changed: jobs, other processes' caches, open pages. Call these after the commit.

Nothing here raises because of Redis, and nothing blocks a request for longer than half a second: `wake_task` and
`publish` only fill the courier's bag; `changed_lots` and `changed_since` talk to Redis behind a circuit breaker.
"""

from __future__ import annotations

import socket
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, cast

import redis
from flask import Flask, current_app

from parking.realtime.broker import Hub, LotCounts
from parking.realtime.connection import Stream
from parking.realtime.publisher import Courier
from parking.realtime.redis_client import Redis

Event = Literal["lot", "spot", "booking", "account"]

_MARKS, _EPOCH, _LAST = "lots:changed", "lots:epoch", "lots:last"
# The marks carry Redis' own time, so readers and writers on many machines agree. The epoch is when the marks began:
# a reader who knows an older state than that (the marks were wiped since) cannot be told what changed.
_MARK = """
local t = redis.call('TIME')
local now = t[1] .. string.format('%06d', t[2])
redis.call('SET', KEYS[2], now, 'NX')
redis.call('SET', KEYS[3], now)
for _, id in ipairs(ARGV) do redis.call('ZADD', KEYS[1], now, id) end
return now
"""
_ASK = """
local t = redis.call('TIME')
local now = t[1] .. string.format('%06d', t[2])
redis.call('SET', KEYS[2], now, 'NX')
redis.call('SET', KEYS[3], now, 'NX')
local epoch = redis.call('GET', KEYS[2])
return {now, epoch, redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf')}
"""


class Changes(NamedTuple):
    """`version` is for the next question; `lots` are those changed since the last, None: any may have changed."""

    version: int
    lots: set[int] | None


@dataclass
class Live:
    """What this application talks to others with."""

    redis: Redis
    courier: Courier
    hub: Hub


def init_app(app: Flask, redis_url: str | None) -> None:
    road = Redis(redis_url)
    hub = Hub(app, road, _count)
    _hubs.add(hub)
    app.extensions["live"] = Live(road, Courier(road), hub)


def _live() -> Live:
    return cast(Live, current_app.extensions["live"])


def shared_redis() -> Redis:
    """This application's way to Redis, for short counts and marks of other modules."""
    return _live().redis


def wake_task(name: str, *args: Any) -> None:
    """Ask a worker to run the Celery task `name` soon. Only a hint: it may be lost, and the sweeps must find the work.

    Arguments are JSON values (ids). Returns at once.
    """
    _live().courier.wake(name, args)


def publish(event: Event, data: dict[str, Any], *, user_id: int | None = None, lot_id: int | None = None) -> None:
    """Tell the open pages. Returns at once.

    - `lot`: `lot_id` changed (data is ignored; each process reads the counts itself, once for many hints).
    - `spot`: {id, spot_number, status} of `lot_id`, for those who look at that lot. Nothing about its user.
    - `booking`: {id, status}, for its owner `user_id` alone.
    - `account`: `user_id` was disabled, signed out or changed roles: his streams are checked at once.
    """
    if event == "lot":
        data = {}
    _live().courier.event({"event": event, "data": data, "user_id": user_id, "lot_id": lot_id})


def changed_lots(lot_ids: Iterable[int]) -> None:
    """Mark lots as changed for every process's cache. Synchronous, so that whoever booked reads his own booking.

    Blocks for at most half a second when Redis just failed; then caches live by their time to live.
    """
    ids = [int(lot) for lot in lot_ids]
    if ids:
        _live().redis.call(lambda client: client.eval(_MARK, 3, _MARKS, _EPOCH, _LAST, *ids), default=None)


def last_change() -> str | None:
    """A sign that is another after every change of any lot; None when nothing is known. As long as it stays the same,
    there is no need to ask `changed_since`, which takes Redis three times as long."""
    return cast("str | None", _live().redis.call(lambda client: client.get(_LAST), default=None))


def changed_since(version: int) -> Changes | None:
    """Which lots changed since the answer that carried `version` (0: only give me a version to begin with).

    Ask before reading the database. None: Redis is away, nothing is known. `Changes.lots` None: the marks were wiped
    after `version`, everything may have changed.
    """
    answer = _live().redis.call(lambda client: client.eval(_ASK, 3, _MARKS, _EPOCH, _LAST, version), default=None)
    if answer is None:
        return None
    now, epoch, lots = int(answer[0]), int(answer[1]), {int(lot) for lot in answer[2]}
    if version == 0:
        return Changes(now, set())
    return Changes(now, None if epoch > version else lots)


def call_redis(ask: Callable[[redis.Redis], Any], default: Any = None) -> Any:
    """Any other short use of Redis (counters, heartbeats) under the same care: `default` when it is away."""
    return _live().redis.call(ask, default)


def flush(seconds: float = 1.0) -> bool:
    """Wait until what was noted has been handed to Redis; False when it was not in time."""
    return _live().courier.flush(seconds)


def dropped() -> int:
    """How many hints this process gave up because Redis was away for too long or the bag was full."""
    return _live().courier.dropped


def redis_state() -> Literal["none", "up", "down"]:
    """Whether Redis is configured and answers now."""
    road = _live().redis
    if road.url is None:
        return "none"
    return "up" if road.ping() else "down"


_lot_counts: LotCounts | None = None


def register_lot_counts(provider: LotCounts) -> None:
    """`provider(lot_ids)` gives [{id, available_spots, occupied_spots, reserved_spots, out_of_service_spots,
    capacity}], for a lot that was closed {id, gone: true}. Called outside of requests in an application context of
    its own, for many lots at once, at most four times a second in each process, and only while pages are open."""
    global _lot_counts
    _lot_counts = provider


def _count(lot_ids: list[int]) -> Iterable[dict[str, Any]]:
    return _lot_counts(lot_ids) if _lot_counts else []


def open_stream(
    user_id: int,
    lot_ids: frozenset[int],
    *,
    authorization: str,
    expires_at: float | None,
    connection: socket.socket | None,
    address: str,
    last_event_id: str | None,
) -> Stream:
    """The frames for one browser, to be iterated by the server and closed by it. Spots of `lot_ids` are told, too.

    `expires_at`: unix seconds at which it ends at the latest. `address`: whose share it counts to, beside the
    account's. Raises Unavailable when there is no room.
    """
    hub = _live().hub
    stream = Stream(hub, user_id, lot_ids, authorization, expires_at, connection, address)
    hub.join(stream, last_event_id)
    return stream


def open_streams() -> int:
    """How many pages listen to this process."""
    return len(_live().hub)


_hubs: weakref.WeakSet[Hub] = weakref.WeakSet()


def close_streams() -> None:
    """End every open event stream of this process at once and refuse new ones: the server is stopping."""
    for hub in list(_hubs):
        hub.close()
