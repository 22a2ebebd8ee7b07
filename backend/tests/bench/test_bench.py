"""`make bench` in a few seconds: the real servers, every row, and a client that reads answers however they arrive."""

import contextlib
import math
import socket
import tempfile
import threading

import pytest

from bench.__main__ import measure
from bench.product import running
from bench.speed import load
from bench.speed.client import Connection, Group, booking_id, play, request, with_key
from bench.speed.cpu import cost
from bench.speed.table import Goal, Row, quantile
from tests.postgres import MEMORY

BUDGETS = {"auth/me": 4, "one lot": 4, "quote": 4, "50 lots, nothing changed": 3, "50 lots, one changed": 5}
BUDGETS |= {"book": 8, "release": 6, "refused booking": 6, "one mail in the worker": 6}


@pytest.fixture
def in_memory(monkeypatch):
    """Databases in memory where there is one: a busy disk would hold up some thousand commits."""
    if MEMORY.is_dir():
        monkeypatch.setattr(tempfile, "tempdir", str(MEMORY))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_short_run_measures_everything(database, capsys, in_memory):
    rows = {row.what: row for row in measure(database, load.Pairs(1, 0.3), rounds=1, number=12)}
    # Not above zero: one row is a difference of two costs, and a dozen operations measure neither well.
    assert all(math.isfinite(row.ratio) for row in rows.values())
    assert {what: rows[f"CPU: {what} × hello"].goal.most for what in BUDGETS} == BUDGETS
    loaded = [row for row in rows.values() if not row.what.startswith("CPU") and "storm" not in row.what]
    assert len(loaded) == 8
    assert all(0 < row.p50 <= row.p99 for row in loaded)
    printed = capsys.readouterr().out.splitlines()
    assert [line for line in printed if line.startswith("|")][2:] == [str(row) for row in rows.values()]


def test_a_wrong_answer_ends_the_measurement(in_memory):
    """Control: refusals do not count as bookings, nor a storm without its winners as a storm."""
    with running(workers=1) as product:
        side = load.prepare_product(product, past=0)
        side.lots[load.STORM] = side.lots[load.FULL]
        with pytest.raises(AssertionError):
            side.storm()
        side.lots[load.LARGE] = [side.lots[load.FULL]] * len(side.lots[load.LARGE])
        with pytest.raises(AssertionError, match="lot_full"):
            side.run(0.2, side.pair, 2)


@pytest.fixture
def server():
    """Answers each request with the given pieces, one after the other."""
    with contextlib.ExitStack() as stack:

        def server(*pieces):
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

            def serve():
                with contextlib.suppress(OSError):
                    while True:
                        client, _ = listener.accept()
                        threading.Thread(target=answer, args=(client,), daemon=True).start()

            def answer(client):
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                while client.recv(65536):
                    for piece in pieces:
                        client.sendall(piece)
                    if CLOSE in pieces:
                        break
                client.close()

            threading.Thread(target=serve, daemon=True).start()
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            return listener.getsockname()

        yield server


CLOSE = b""
ANSWER = b"HTTP/1.1 201 Created\r\nDate: today\r\ncontent-length: 5\r\nServer: x\r\n\r\nhello"


@pytest.mark.parametrize("pieces", [[ANSWER], [ANSWER[:20], ANSWER[20:-3], ANSWER[-3:]], [bytes([b]) for b in ANSWER]])
def test_an_answer_in_pieces(server, pieces):
    connection = Connection(server(*pieces))
    assert [connection.ask(request("GET", "/")) for _ in range(3)] == [(201, b"hello")] * 3
    connection.close()


def test_pauses_do_not_count_and_zero_seconds_is_once(server):
    def act(n):
        yield 0.2
        assert (yield request("GET", "/")) == (201, b"hello")

    group, at_once = Group(5, act), Group(3, act)
    address = server(ANSWER)
    assert play(address, [group], 0.5) >= 0.5
    assert len(group.took) >= 5
    assert min(group.took) < 0.2
    play(address, [at_once], 0)
    assert len(at_once.took) == 3


def test_a_server_that_closes_is_an_error(server):
    with pytest.raises(ConnectionError, match="201"):
        Connection(server(ANSWER[:-1], CLOSE)).ask(request("GET", "/"))


def test_requests():
    data = request("POST", "/api/book", "t", {"lot_id": 1})
    assert data.endswith(b'\r\n\r\n{"lot_id": 1}')
    assert b"\r\nContent-Length: 13\r\n" in data
    assert with_key(data) != with_key(data)
    assert with_key(data).count(b"Idempotency-Key: ") == 1
    assert booking_id(b'{"booking":{"code":"x","id":17,"lot":{"id":3}},"user_id":2}') == 17
    assert booking_id(b'{"booking":{"lot":{"id":3},"id":17}}') == 17


@pytest.mark.parametrize(
    ("goal", "text", "ratio", "p50", "p99", "met"),
    [
        (Goal(0.7, p99_ms=100), "≥ 0.7, p99 ≤ 100 ms", 0.7, 5, 100, True),
        (Goal(0.7, p99_ms=100), "≥ 0.7, p99 ≤ 100 ms", 0.7, 5, 101, False),
        (Goal(0.33, p99_per_p50=5), "≥ 0.33, p99 ≤ 5 × p50", 0.4, 10, 51, False),
        (Goal(0.33, p99_per_p50=5), "≥ 0.33, p99 ≤ 5 × p50", 0.4, 10, 50, True),
        (Goal(most=4), "≤ 4", 4.1, 0, 0, False),
        (Goal(most=4), "≤ 4", 3.2, 0, 0, True),
    ],
)
def test_goals(goal, text, ratio, p50, p99, met):
    assert str(goal) == text
    assert goal.met(ratio, p50, p99) is met
    assert ("**no**" in str(Row("x", ratio, goal, "1", "2", p50, p99))) is not met


def test_quantiles():
    assert quantile([3, 1, 2], 0.5) == 2
    assert quantile([3, 1, 2], 1) == 3


def test_cpu_is_of_the_process_and_its_children():
    """The work of this process does not count as the server's."""
    with running(workers=1, application="bench.speed.floor:hello()") as hello:
        connection = Connection(hello.address)

        def many(number):
            for _ in range(number):
                connection.ask(request("GET", "/hello"))

        assert cost(hello.web, many, 20) > 0.05
        assert cost(hello.web, lambda number: sum(range(10_000_000)), 1) < 100
        connection.close()
