"""Caches the first page of lots, which every page of the site shows, as JSON.

Each process holds one piece of JSON per lot. Before it is used, Redis names the lots that were changed since, and only
those are read again. The change is marked before a booking is answered, so a taken spot is never shown as free. The
cache lives two seconds, for changes that no write publishes (a reservation comes near) and those that a failing Redis
loses; without Redis every list is read from the database.
"""

from __future__ import annotations

import threading
import time
from typing import cast

from flask import Flask, current_app

from parking import clock, realtime
from parking.availability import queries
from parking.database import db

LIFETIME_SECONDS = 2.0
PAGE = 200
"""The default length of a page of lots."""


class LotList:
    """The cached page of this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._version = 0
        self._pieces: dict[int, str] = {}
        self._tail = ""
        self._complete = False
        self._body: bytes | None = None
        self._expires = 0.0
        self._ready: tuple[str | None, bytes, float] = (None, b"", 0.0)
        """The last change, the body read after it and its expiry; one tuple, so that it is read without the lock."""

    def body(self) -> bytes:
        """The JSON of GET /api/lots."""
        change = realtime.last_change()
        known, body, expires = self._ready
        if change is not None and change == known and time.monotonic() < expires:
            return body
        changes = realtime.changed_since(self._version)
        if changes is None:
            return self._read(keep=False)
        with self._lock:
            self._refresh(changes.lots)
            self._version = max(self._version, changes.version)
            self._ready = change, cast(bytes, self._body), self._expires
            return self._ready[1]

    def _refresh(self, changed: set[int] | None) -> None:
        known = self._pieces.keys()
        whole = self._body is None or changed is None or time.monotonic() >= self._expires
        if whole or (self._complete and changed and not changed <= known):
            self._read(keep=True)
            return
        ids = [lot_id for lot_id in known if changed and lot_id in changed]
        fresh = queries.lot_views(db.session(), clock.now(), ids) if ids else []
        if len(fresh) < len(ids):  # one of them was deleted
            self._read(keep=True)
            return
        self._pieces |= {view["id"]: current_app.json.dumps(view) for view in fresh}
        self._body = self._joined(self._pieces, self._tail)

    def _read(self, *, keep: bool) -> bytes:
        views, following, total = queries.page(db.session(), clock.now(), None, PAGE, None)
        pieces = {view["id"]: current_app.json.dumps(view) for view in views}
        tail = f'],"next":{current_app.json.dumps(following)},"total":{total}}}'
        body = self._joined(pieces, tail)
        if keep:
            self._pieces, self._tail, self._body = pieces, tail, body
            self._complete, self._expires = following is None, time.monotonic() + LIFETIME_SECONDS
        return body

    @staticmethod
    def _joined(pieces: dict[int, str], tail: str) -> bytes:
        return ('{"lots":[' + ",".join(pieces.values()) + tail).encode()


def init_app(app: Flask) -> None:
    app.extensions["lot_list"] = LotList()


def lot_list() -> bytes:
    """Returns the first page of lots as JSON, up to date."""
    return cast(LotList, current_app.extensions["lot_list"]).body()
