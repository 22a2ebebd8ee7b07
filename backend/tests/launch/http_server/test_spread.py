"""New connections are spread over the web processes: none takes them all while another has fewer. The real gunicorn."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from launch.http_server.connection_counts import PLACES, ConnectionCounts
from launch.http_server.worker import Worker
from tests.services import Gunicorn

CLIENTS, ROUNDS = 16, 8
REQUEST = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"


class Greedy(Worker):
    """The control: accepts whenever somebody waits."""

    class Alone(ConnectionCounts):
        def fewest_of_others(self, place: int | None) -> int | None:
            return None

    counts = Alone()


@pytest.fixture
def server(tmp_path):
    """Starts a server of two processes; returns its address, its processes, and the files that they have open."""
    started: list[Any] = []

    def server(worker: type[Worker]):
        program = f"{worker.__module__}.{worker.__name__}"
        started.append(Gunicorn(tmp_path, "app:create_app()", "--worker-class", program, WEB_WORKERS="2"))
        address, processes = started[-1].address, two_children(psutil.Process(started[-1].process.pid))
        wait_for_each(address, processes)
        return address, processes, files_of(processes)

    yield server
    for one in started:
        one.kill()


def two_children(master: psutil.Process, without: psutil.Process | None = None) -> list[psutil.Process]:
    """Waits for both processes of a server, since the first may answer before the second exists."""
    while len(children := [child for child in master.children() if child != without]) < 2:
        time.sleep(0.05)
    return children


@contextlib.contextmanager
def frozen(process: psutil.Process) -> Iterator[None]:
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def wait_for_each(address: tuple[str, int], processes: list[psutil.Process]) -> None:
    """Waits until each of two processes answers while the other is frozen."""
    for other in processes:
        with frozen(other), rush(address, 1):
            pass


@contextlib.contextmanager
def rush(address: tuple[str, int], clients: int = CLIENTS) -> Iterator[list[socket.socket]]:
    """Connects and asks without waiting, then reads all answers; the connections stay open."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(socket.create_connection(address, timeout=60)) for _ in range(clients)]
        for connection in connections:
            connection.sendall(REQUEST)
        for connection in connections:
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        yield connections


def files_of(processes: list[psutil.Process]) -> list[int]:
    """The files that each process has open, once none is closed any more."""
    files = [process.num_fds() for process in processes]
    while True:
        time.sleep(0.2)
        before, files = files, [process.num_fds() for process in processes]
        if files == before:
            return files


def connections_of(processes: list[psutil.Process], idle: list[int]) -> list[int]:
    """How many clients each process has: its files, without those that it has open without any."""
    return [process.num_fds() - files for process, files in zip(processes, idle, strict=True)]


def smaller_part(address, processes, idle) -> float:
    """The part of all connections that the process with fewer of them has, over some rushes."""
    taken = []
    for _ in range(ROUNDS):
        with rush(address):
            taken.append(connections_of(processes, idle))
        while connections_of(processes, idle) != [0, 0]:
            time.sleep(0.05)
    assert [sum(one) for one in taken] == [CLIENTS] * ROUNDS
    return sum(map(min, taken)) / (CLIENTS * ROUNDS)


def test_a_rush_is_spread(server):
    """0.5 would be even; on a busy machine a process may not get its turn in time."""
    assert smaller_part(*server(Worker)) > 0.38


def test_control_without_courtesy_one_process_takes_most(server):
    assert smaller_part(*server(Greedy)) < 0.38


def test_a_frozen_process_keeps_nobody_waiting(server):
    """It has fewer connections and never takes any: the other lets everybody in."""
    address, processes, idle = server(Worker)
    with frozen(processes[0]), rush(address, 200):
        assert connections_of(processes, idle) == [0, 200]


def test_a_process_that_follows_a_killed_one_takes_its_share(server):
    address, processes, _ = server(Worker)
    master = psutil.Process(processes[0].ppid())
    processes[0].kill()
    alive = two_children(master, without=processes[0])
    wait_for_each(address, alive)
    assert smaller_part(address, alive, files_of(alive)) > 0.38


def test_places_are_taken_and_freed():
    counts = ConnectionCounts()
    places = [counts.join() for _ in range(PLACES)]
    assert places == list(range(PLACES))
    assert counts.join() is None
    counts.write(3, 0)
    counts.write(4, 7)
    counts.write(None, 1)
    assert [counts.fewest_of_others(place) for place in (3, 4, 5, None)] == [7, 0, 0, None]
    counts.leave(3)
    assert counts.fewest_of_others(5) == 7
    assert counts.fewest_of_others(4) is None
    assert counts.join() == 3
