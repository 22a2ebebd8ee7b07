"""Tells workers, the caches of other processes and open pages that something changed. Call it after the commit.

Nothing here raises because of Redis, and nothing blocks a request for longer than half a second: `wake_task` and
`publish` only add to the publisher's buffers; `changed_lots` and `changed_since` call Redis behind a circuit breaker.
"""

from __future__ import annotations

import socket
import weakref
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, cast

import redis
from flask import Flask, current_app

from parking.realtime.broker import Broker, LotCounts
from parking.realtime.connection import Stream
from parking.realtime.publisher import Publisher
from parking.realtime.redis_client import RedisClient

Event = Literal["lot", "spot", "booking", "offer", "notice", "account"]

_CHANGED, _EPOCH, _LAST = "lots:changed", "lots:epoch", "lots:last"
# Lot -> time of its last change by the clock of Redis, so readers and writers on many machines agree. The epoch is the
# time of the first entry: for a reader with an older version (Redis was emptied since) the changes are not known.
_RECORD = """
local t = redis.call('TIME')
local now = t[1] .. string.format('%06d', t[2])
redis.call('SET', KEYS[2], now, 'NX')
redis.call('SET', KEYS[3], now)
for _, id in ipairs(ARGV) do redis.call('ZADD', KEYS[1], now, id) end
return now
"""
_READ = """
local t = redis.call('TIME')
local now = t[1] .. string.format('%06d', t[2])
redis.call('SET', KEYS[2], now, 'NX')
redis.call('SET', KEYS[3], now, 'NX')
local epoch = redis.call('GET', KEYS[2])
return {now, epoch, redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], '+inf')}
"""


class Changes(NamedTuple):
    """`version` is the argument of the next call; `lots` changed since the last one (None: any may have changed)."""

    version: int
    lots: set[int] | None


@dataclass
class Connections:
    """The connections of one application."""

    redis: RedisClient
    publisher: Publisher
    broker: Broker


def init_app(app: Flask, redis_url: str | None) -> None:
    redis_client = RedisClient(redis_url)
    broker = Broker(app, redis_client, _count)
    _brokers.add(broker)
    app.extensions["realtime"] = Connections(redis_client, Publisher(redis_client), broker)


def _connections() -> Connections:
    return cast(Connections, current_app.extensions["realtime"])


def shared_redis() -> RedisClient:
    """This application's Redis client, for the counters of other modules."""
    return _connections().redis


def wake_task(name: str, *args: Any) -> None:
    """Asks a worker to run the Celery task `name` soon. It may be lost: a periodic task must find the work too.

    Arguments are JSON values (ids). Returns at once.
    """
    _connections().publisher.wake(name, args)


def publish(event: Event, data: dict[str, Any], *, user_id: int | None = None, lot_id: int | None = None) -> None:
    """Sends an event to the open pages. Returns at once.

    - `lot`: `lot_id` changed (data is ignored; each process reads the counts itself, once for many events).
    - `spot`: {id, spot_number, status} of `lot_id`, for pages that show that lot. Nothing about its user.
    - `booking`: {id, status}, for its owner `user_id` only.
    - `offer`: {id, status} of an entry of the waitlist, for its person `user_id` only.
    - `notice`: the notices of `user_id` have changed; data is empty.
    - `account`: `user_id` was disabled, signed out or changed roles: their streams are checked at once.
    """
    if event == "lot":
        data = {}
    _connections().publisher.event({"event": event, "data": data, "user_id": user_id, "lot_id": lot_id})


def changed_lots(lot_ids: Iterable[int]) -> None:
    """Invalidates the lots in every process's cache. Synchronous, so that a driver who booked sees their booking.

    Blocks for at most half a second when Redis just failed; then cached values stay until they expire.
    """
    ids = [int(lot) for lot in lot_ids]
    if ids:
        _connections().redis.call(lambda client: client.eval(_RECORD, 3, _CHANGED, _EPOCH, _LAST, *ids), default=None)


def last_change() -> str | None:
    """A text that differs after every change of any lot; None when Redis does not answer. While it stays the same,
    `changed_since`, which takes Redis three times as long, need not be called."""
    return cast("str | None", _connections().redis.call(lambda client: client.get(_LAST), default=None))


def changed_since(version: int) -> Changes | None:
    """The lots that changed since `version` (0: returns a first version and no lots).

    Call it before reading the database. None: Redis does not answer. `Changes.lots` None: Redis was emptied after
    `version`, so any lot may have changed.
    """
    keys = (_CHANGED, _EPOCH, _LAST)
    answer = _connections().redis.call(lambda client: client.eval(_READ, 3, *keys, version), default=None)
    if answer is None:
        return None
    now, epoch, lots = int(answer[0]), int(answer[1]), {int(lot) for lot in answer[2]}
    if version == 0:
        return Changes(now, set())
    return Changes(now, None if epoch > version else lots)


def call_redis(command: Callable[[redis.Redis], Any], default: Any = None) -> Any:
    """Runs another short command; returns `default` when Redis does not answer. `Any`: replies differ."""
    return _connections().redis.call(command, default)


def flush(seconds: float = 1.0) -> bool:
    """Waits until the buffers have been sent to Redis; False after `seconds`."""
    return _connections().publisher.flush(seconds)


def dropped() -> int:
    """How many items this process dropped because Redis was down for too long or a buffer was full."""
    return _connections().publisher.dropped


def redis_state() -> Literal["none", "up", "down"]:
    """Whether Redis is configured and answers now."""
    redis_client = _connections().redis
    if redis_client.url is None:
        return "none"
    return "up" if redis_client.ping() else "down"


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
    only_lots: frozenset[int] | None = None,
    with_bookings: bool = True,
    authorization: str,
    expires_at: float | None,
    connection: socket.socket | None,
    address: str,
    last_event_id: str | None,
) -> Stream:
    """The frames for one browser, iterated and closed by the server, with the events of the spots of `lot_ids`.

    `only_lots`: the lots to which an API token is limited; None: all. `with_bookings`: whether events of the user's own
    bookings and notices are sent. `expires_at`: unix seconds at which it ends at the latest. `address`: the streams of
    one address are limited like those of one account. Raises Unavailable when there are too many.
    """
    broker = _connections().broker
    stream = Stream(broker, user_id, lot_ids, authorization, expires_at, connection, address)
    stream.only_lots, stream.with_bookings = only_lots, with_bookings
    broker.join(stream, last_event_id)
    return stream


def open_streams() -> int:
    """How many event streams this process serves."""
    return len(_connections().broker)


_brokers: weakref.WeakSet[Broker] = weakref.WeakSet()


def close_streams() -> None:
    """Ends every event stream of this process and refuses new ones: the server is stopping."""
    for broker in list(_brokers):
        broker.close()
