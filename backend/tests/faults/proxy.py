"""A TCP proxy of ours on loopback, between the product and PostgreSQL: it cuts or goes mute when a test says so."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable


class Proxy:
    """Forwards from a loopback port to PostgreSQL's socket in `folder`.

    `mute`: whatever arrives is swallowed, and new connections are accepted and left alone, until `speak()`.
    `cut_reply_to(word)`: the next statement that contains the word reaches the server; its answer does not come back,
    the connection ends. `cut_before(word)`: the statement itself does not arrive.
    """

    def __init__(self, folder: str) -> None:
        self.target = f"{folder}/.s.PGSQL.5432"
        self.speaking = threading.Event()
        self.speaking.set()
        self.reply_word = self.query_word = b""
        self.cuts = 0
        self.server_has_answered = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, database_url: str) -> str:
        self.name = database_url.split("?")[0].rsplit("/", 1)[1]
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{self.name}?sslmode=disable&gssencmode=disable"

    def mute(self) -> None:
        self.speaking.clear()

    def speak(self) -> None:
        self.speaking.set()

    def cut_reply_to(self, word: str) -> None:
        self.server_has_answered.clear()
        self.reply_word = word.encode()

    def cut_before(self, word: str) -> None:
        self.query_word = word.encode()

    def close(self) -> None:
        self.speak()
        self.listener.close()
        for pair in self.pairs:
            self._end(pair)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self.speaking.wait()
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.target)
        pair = (client, server)
        self.pairs.append(pair)
        state = {"cut": False}
        threading.Thread(target=self._pump, args=(pair, server, client, self._to_client, state), daemon=True).start()
        self._pump(pair, client, server, self._to_server, state)

    def _pump(self, pair, source: socket.socket, target: socket.socket, may_pass: Callable, state: dict) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self.speaking.wait()
                if not may_pass(data, state):
                    break
                target.sendall(data)
        self._end(pair)

    def _to_server(self, data: bytes, state: dict) -> bool:
        if self.query_word and self.query_word in data:
            self.query_word, self.cuts = b"", self.cuts + 1
            return False
        if self.reply_word and self.reply_word in data:
            self.reply_word, state["cut"], self.cuts = b"", True, self.cuts + 1
        return True

    def _to_client(self, _data: bytes, state: dict) -> bool:
        if state["cut"]:
            self.server_has_answered.set()
        return not state["cut"]

    @staticmethod
    def _end(pair: tuple[socket.socket, socket.socket]) -> None:
        for one in pair:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()
