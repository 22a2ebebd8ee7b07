"""A page in a browser, as far as the event stream is concerned."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode


@dataclass
class Seen:
    event: str
    data: Any
    id: str | None
    at: float = field(default_factory=time.monotonic)


class Page:
    """Opens GET /api/stream and notes what arrives, in a thread of its own."""

    def __init__(
        self,
        address: tuple[str, int],
        token: str,
        lot_id: int | None = None,
        after: str | None = None,
        source: str = "127.0.0.1",
        lots: str | None = None,
    ):
        self.seen: list[Seen] = []
        self.ended = threading.Event()
        self._connection = http.client.HTTPConnection(*address, timeout=120, source_address=(source, 0))
        headers = {"Authorization": f"Bearer {token}", "Accept": "text/event-stream"}
        if after:
            headers["Last-Event-ID"] = after
        self._connection.request(
            "GET",
            "/api/stream?" + urlencode({"lot_id": lot_id} if lot_id else {"lots": lots} if lots else {}),
            headers=headers,
        )
        self._socket = self._connection.sock
        self.response = self._connection.getresponse()
        self.status = self.response.status
        if self.status == 200:
            threading.Thread(target=self._read, daemon=True).start()
            self.wait("ping")
        else:
            self.problem = json.loads(self.response.read())

    def __enter__(self) -> Page:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    def leave(self) -> None:
        """Close the tab."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(2)
        self._connection.close()

    def wait(self, event: str, seconds: float = 60, **data: Any) -> Seen:
        """The first such event, which may have come already."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for one in list(self.seen):
                if one.event == event and data.items() <= one.data.items():
                    return one
            time.sleep(0.005)
        raise AssertionError(f"no {event} {data} within {seconds} s; seen: {self.seen}")

    def all(self, event: str) -> list[Seen]:
        return [one for one in list(self.seen) if one.event == event]

    @property
    def last_id(self) -> str | None:
        return next((one.id for one in reversed(self.seen) if one.id), None)

    def _read(self) -> None:
        fields: dict[str, str] = {}
        with contextlib.suppress(OSError, http.client.HTTPException, ValueError, AttributeError):
            while line := self.response.readline():
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    fields[name] = value
                elif "event" in fields:
                    self.seen.append(Seen(fields["event"], json.loads(fields["data"]), fields.get("id")))
                    fields = {}
        self.ended.set()
