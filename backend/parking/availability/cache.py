"""Caches the first page of lots, which every page of the site shows, as JSON; for each choice of needs that is
asked for, one more.

Each process holds one piece of JSON per lot. Before it is used, Redis names the lots that were changed since, and only
those are read again. The change is marked before a booking is answered, so a taken spot is never shown as free. The
cache lives two seconds, for changes that no write publishes (a reservation comes near) and those that a failing Redis
loses; without Redis every list is read from the database.

Single lots are cached for the public pages alone, which may be two seconds old (`PublicPages`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from flask import Flask, current_app

from parking import clock, realtime
from parking.availability import queries
from parking.database import reading
from parking.spot_features import Needs

LIFETIME_SECONDS = 2.0
PAGE = 200
"""The default length of a page of lots."""


class _Cached(NamedTuple):
    """A body; the last change that Redis named before it was read; until when it may be sent, and when its reading
    began (both `time.monotonic()`). One tuple, so that it is read without the lock."""

    body: bytes
    change: str | None
    expires: float
    begun: float


class LotList:
    """The cached page of this process, for drivers with these needs."""

    def __init__(self, needs: Needs) -> None:
        self._needs = needs
        self._lock = threading.Lock()
        self._version = 0
        self._pieces: dict[int, str] = {}
        self._tail = ""
        self._complete = False
        self._expires = 0.0
        self._cached = _Cached(b"", None, 0.0, 0.0)

    def body(self) -> bytes:
        """The JSON of GET /api/lots.

        After a change one request reads for all that wait: what it read is good for a request that had arrived before
        it began to read.
        """
        arrived = time.monotonic()
        change = realtime.last_change()
        cached = self._cached
        if change is not None and change == cached.change and time.monotonic() < cached.expires:
            return cached.body
        with self._lock:
            if self._cached.begun < arrived:
                begun = time.monotonic()
                body = self._read()
                self._cached = _Cached(body, change, self._expires, begun)
            return self._cached.body

    def _read(self) -> bytes:
        changes = realtime.changed_since(self._version)
        if changes is None:
            self._read_all()
            self._expires = 0.0
        else:
            self._refresh(changes.lots)
            self._version = max(self._version, changes.version)
        return ('{"lots":[' + ",".join(self._pieces.values()) + self._tail).encode()

    def _refresh(self, changed: set[int] | None) -> None:
        known = self._pieces.keys()
        if changed is None or time.monotonic() >= self._expires or (self._complete and not changed <= known):
            self._read_all()
            return
        ids = [lot_id for lot_id in known if lot_id in changed]
        if not ids:
            return
        with reading() as connection:
            views = queries.lot_views(connection, clock.now(), ids, self._needs)
        if len(views) < len(ids):  # one of them was deleted
            self._read_all()
            return
        self._pieces |= {view["id"]: current_app.json.dumps(view) for view in views}

    def _read_all(self) -> None:
        with reading() as connection:
            views, following, total = queries.page(connection, clock.now(), None, PAGE, None, self._needs)
        self._pieces = {view["id"]: current_app.json.dumps(view) for view in views}
        self._tail = f'],"next":{current_app.json.dumps(following)},"total":{total}}}'
        self._complete, self._expires = following is None, time.monotonic() + LIFETIME_SECONDS


class PublicPages:
    """The answers about single lots for the public, each up to LIFETIME_SECONDS old.

    Anybody may ask for them, and a lot of 10,000 spots costs as much as hundreds of bookings: however many ask, each
    process reads it once in that time.
    """

    MOST = 50

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bodies: dict[int, tuple[float, bytes]] = {}

    def body(self, lot_id: int, read: Callable[[int], dict[str, Any]]) -> bytes:
        """The JSON of what `read` returns for the lot; what it raises is not stored."""
        with self._lock:
            expires, body = self._bodies.get(lot_id, (0.0, b""))
            if time.monotonic() >= expires:
                body = current_app.json.dumps(read(lot_id)).encode()
                if len(self._bodies) >= self.MOST:
                    self._bodies.clear()
                self._bodies[lot_id] = time.monotonic() + LIFETIME_SECONDS, body
            return body


def init_app(app: Flask) -> None:
    app.extensions["lot_lists"] = {}
    app.extensions["public_pages"] = PublicPages()


def lot_list(needs: Needs = ()) -> bytes:
    """Returns the first page of lots as JSON, up to date."""
    lists = cast(dict[Needs, LotList], current_app.extensions["lot_lists"])
    if needs not in lists:
        lists.setdefault(needs, LotList(needs))
    return lists[needs].body()


def public_page(lot_id: int, read: Callable[[int], dict[str, Any]]) -> bytes:
    """Returns a lot for the public as JSON, up to LIFETIME_SECONDS old. Raises what `read` raises."""
    return cast(PublicPages, current_app.extensions["public_pages"]).body(lot_id, read)
