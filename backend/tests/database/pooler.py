"""A pooler in transaction mode, as PgBouncer is one: each transaction gets whichever server connection is free."""

from __future__ import annotations

import contextlib
import queue
import random
import select
import socket
import struct
import threading

ALLOWED = {b"user", b"database", b"application_name", b"client_encoding"}
QUERY, SYNC, READY, IDLE = b"Q", b"S", b"Z", b"I"
_ENCRYPTION = (80877103, 80877104)


class Pooler:
    """Forwards from a loopback port to the PostgreSQL whose socket is in `folder`, over `size` connections to it.

    Like PgBouncer it refuses a client that brings settings (`options`) with it, and knows nothing of prepared
    statements. Free connections are given at random, so that a client seldom gets the same one twice.
    """

    def __init__(self, folder: str, database: str, size: int = 3) -> None:
        self._servers: queue.Queue[_Server] = queue.Queue()
        self._target, self._database = f"{folder}/.s.PGSQL.5432", database
        self._all = [_Server(self._target, database) for _ in range(size)]
        for server in random.sample(self._all, size):
            self._servers.put(server)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = (
            f"postgresql+psycopg://postgres@127.0.0.1:{self._listener.getsockname()[1]}/{database}"
            "?sslmode=disable&gssencmode=disable"
        )
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()
        for server in self._all:
            server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError, EOFError):
            if not self._greet(client):
                return
            while True:
                kind, message = _message(client)  # a transaction begins
                if kind == b"X":
                    return
                server = self._servers.get()
                try:
                    self._transaction(client, server, kind, message)
                finally:
                    if server.is_clean:
                        self._servers.put(server)
                    else:  # the client left in the middle
                        server.close()
                        self._servers.put(_Server(self._target, self._database))

    def _greet(self, client: socket.socket) -> bool:
        length, version = struct.unpack("!II", _exactly(client, 8))
        if version in _ENCRYPTION:
            client.sendall(b"N")
            length, version = struct.unpack("!II", _exactly(client, 8))
        words = _exactly(client, length - 8).split(b"\0")
        if refused := set(words[:-2:2]) - ALLOWED:
            text = b"unsupported startup parameter: " + refused.pop()
            client.sendall(_framed(b"E", b"SFATAL\0VFATAL\0C08P01\0M" + text + b"\0\0"))
            return False
        client.sendall(self._all[0].greeting)
        return True

    def _transaction(self, client: socket.socket, server: _Server, kind: bytes, message: bytes) -> None:
        """Until the server is idle and every question was answered."""
        server.is_clean = False
        open_questions = kind in (QUERY, SYNC)
        server.socket.sendall(message)
        while True:
            ready = select.select([client, server.socket], [], [], 60)[0]
            if client in ready:
                kind, message = _message(client)
                open_questions += kind in (QUERY, SYNC)
                server.socket.sendall(message)
            if server.socket in ready:
                kind, message = _message(server.socket)
                open_questions -= kind == READY
                client.sendall(message)
                if kind == READY and not open_questions and message[-1:] == IDLE:
                    server.is_clean = True
                    return


class _Server:
    """One connection to PostgreSQL. `greeting`: what it said when it began, for clients."""

    def __init__(self, target: str, database: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(target)
        parameters = b"user\0postgres\0database\0" + database.encode() + b"\0\0"
        self.socket.sendall(struct.pack("!II", len(parameters) + 8, 196608) + parameters)
        self.greeting, kind, self.is_clean = b"", b"", True
        while kind != READY:
            kind, message = _message(self.socket)
            assert kind != b"E", message
            self.greeting += message

    def close(self) -> None:
        self.socket.close()


def _message(connection: socket.socket) -> tuple[bytes, bytes]:
    """The next message: its kind, and all of it."""
    head = _exactly(connection, 5)
    return head[:1], head + _exactly(connection, struct.unpack("!I", head[1:])[0] - 4)


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        if not (part := connection.recv(size - len(data))):
            raise EOFError
        data += part
    return data


def _framed(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!I", len(content) + 4) + content
