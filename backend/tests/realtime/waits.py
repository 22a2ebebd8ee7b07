"""What threads ask of sockets, and how long the sockets' own time-outs hold them: figures that are the same on a busy
machine, where a clock would show something else each time."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any


class Waits:
    """Watches every socket of this process from now on."""

    def __init__(self, monkeypatch) -> None:
        self._calls: Counter[int] = Counter()
        self._waited: Counter[int] = Counter()
        for name in ("connect", "recv", "recv_into", "send", "sendall"):
            monkeypatch.setattr(socket.socket, name, self._watched(getattr(socket.socket, name)), raising=False)

    def _watched(self, real: Callable) -> Callable:
        def call(sock: socket.socket, *arguments: Any, **more: Any) -> Any:
            me = threading.get_ident()
            self._calls[me] += 1
            try:
                return real(sock, *arguments, **more)
            except TimeoutError:
                self._waited[me] += sock.gettimeout()
                raise

        return call

    def of(self, action: Callable[[], Any]) -> tuple[int, float]:
        """(calls to a socket, seconds until their time-outs) of one `action` in this thread."""
        me = threading.get_ident()
        calls, waited = self._calls[me], self._waited[me]
        action()
        return self._calls[me] - calls, self._waited[me] - waited
