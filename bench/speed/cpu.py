"""CPU of the server's processes for one operation, as a multiple of a bare Flask hello behind the same web server.

Requests come one after the other, in rounds that each measure the hello too; the lower quartile of the rounds counts,
since other programs on the machine only ever add.
"""

from __future__ import annotations

import ctypes
import dataclasses
import os
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import psutil

from bench.product import Product
from bench.speed.client import Answer, Connection, request
from bench.speed.load import FULL, LARGE, Side, wait_for_mails
from bench.speed.table import Goal, Row, quantile
from parking import create_app, mail, realtime
from parking.bookings.emails.contexts import SAMPLE
from parking.database import db, transaction

ROUNDS = 4
#: Does an operation so many times.
Batch = Callable[[int], None]


def cpu_seconds(process: int) -> float:
    """CPU used so far by a process and its children, from their clocks (psutil's times come in steps of 10 ms).
    Raises OSError."""
    parent, clock = psutil.Process(process), ctypes.c_int()
    total = 0.0
    for member in (parent, *parent.children(recursive=True)):
        if error := ctypes.CDLL(None).clock_getcpuclockid(member.pid, ctypes.byref(clock)):
            raise OSError(error, os.strerror(error))
        total += time.clock_gettime(clock.value)
    return total


def cost(process: int, batch: Batch, number: int) -> float:
    """CPU milliseconds of the process for one operation."""
    before = cpu_seconds(process)
    batch(number)
    return (cpu_seconds(process) - before) / number * 1000


def asking(connection: Connection, data: bytes, expected: int = 200) -> Batch:
    """The same request again and again."""

    def batch(number: int) -> None:
        for _ in range(number):
            status, body = connection.ask(data)
            assert status == expected, body

    return batch


@dataclasses.dataclass
class Measurement:
    """One server's operations against the hello of another."""

    side: Side
    hello: Product
    rounds: int = ROUNDS
    number: int = 150

    def __post_init__(self) -> None:
        self.own = Connection(self.side.product.address)
        self._hello = asking(Connection(self.hello.address), request("GET", "/hello"))
        self._booked: list[Answer] = []
        self._hello(50)

    def row(self, what: str, goal: Goal, *batches: Batch, minus: Batch | None = None, number: int = 0) -> Row:
        """An operation, less what `minus` costs."""
        return self.together([(what, goal, batches[0])], minus=minus, number=number)[0]

    def together(
        self, operations: list[tuple[str, Goal, Batch]], minus: Batch | None = None, number: int = 0
    ) -> list[Row]:
        """Operations that only work in this order."""
        number, web = number or self.number, self.side.product.web
        for _, _, batch in operations:
            batch(10)
        rounds = []
        for _ in range(self.rounds):
            unit = cost(self.hello.web, self._hello, 2 * self.number)
            less = cost(web, minus, number) if minus else 0.0
            rounds.append((unit, [cost(web, batch, number) - less for _, _, batch in operations]))
        unit = statistics.median(unit for unit, _ in rounds)
        return [
            _row(what, goal, quantile([costs[n] / one for one, costs in rounds], 0.25), unit)
            for n, (what, goal, _) in enumerate(operations)
        ]

    def rows(self) -> Iterator[Row]:
        """Every operation of the web server with its budget."""
        side, own, token = self.side, self.own, self.side.tokens[2]
        lot = side.lots[0]
        day = date.today() + timedelta(days=2)
        quote = f"/api/quote?lot_id={lot}&from={day}T10:00&to={day}T12:00"
        spots, history = f"/api/spots/{lot}", request("GET", "/api/bookings", side.tokens[0])
        look, change = request("GET", "/api/lots", token), self._changes
        quick = 2 * self.number

        def look_after_change(number: int) -> None:
            for _ in range(number):
                change(1)
                own.ask(look)

        yield self.row("healthz", Goal(), asking(own, request("GET", "/healthz")), number=quick)
        yield self.row("401", Goal(), asking(own, request("GET", "/auth/me"), 401), number=quick)
        yield self.row("auth/me", Goal(most=4), asking(own, request("GET", "/auth/me", token)))
        yield self.row("one lot", Goal(most=4), asking(own, request("GET", f"/api/lots/{lot}", token)))
        yield self.row("quote", Goal(most=4), asking(own, request("GET", quote, token)))
        yield self.row("50 lots, nothing changed", Goal(most=3), asking(own, look))
        yield self.row("50 lots, one changed", Goal(most=5), look_after_change, minus=change, number=self.number // 2)
        yield self.row("spots of a lot", Goal(), asking(own, request("GET", spots, token)))
        yield self.row("history of 200", Goal(), asking(own, history), number=self.number // 2)
        yield from self.together([("book", Goal(most=8), self._book), ("release", Goal(most=6), self._release)])
        yield self.row("refused booking", Goal(most=6), self._refused)

    def history(self, base: Side) -> Row:
        """A history against the floor's JOIN and the making of the same bytes, instead of the hello."""
        ours = asking(self.own, request("GET", "/api/bookings", self.side.tokens[0]))
        theirs = asking(Connection(base.product.address), request("GET", "/page", base.tokens[0]))
        theirs(10)
        rounds = [
            (cost(self.side.product.web, ours, self.number // 2), cost(base.product.web, theirs, self.number // 2))
            for _ in range(self.rounds)
        ]
        ratio = quantile([mine / other for mine, other in rounds], 0.25)
        mine, other = (statistics.median(costs) for costs in zip(*rounds, strict=True))
        what = "CPU: history of 200 against JOIN + dumps"
        return Row(what, ratio, Goal(most=1.5), f"{mine:.2f} ms", f"{other:.2f} ms")

    def mails(self) -> Row:
        """A confirmation in the worker: rendered, signed, sent and marked."""
        product = self.side.product
        app = create_app(dataclasses.replace(product.settings, redis_url=product.redis_url))
        rounds = []
        with app.app_context():
            for n in range(self.rounds + 1):
                unit = cost(self.hello.web, self._hello, 2 * self.number)
                rounds.append((unit, cost(product.worker, lambda number: _deliver(product, number), self.number)))
                if n == 0:
                    rounds.clear()  # templates and connections are made
            db.session.remove()
            db.engine.dispose()
        unit = statistics.median(unit for unit, _ in rounds)
        return _row("one mail in the worker", Goal(most=6), quantile([one / unit for unit, one in rounds], 0.25), unit)

    def _book(self, number: int) -> None:
        lots = self.side.lots[LARGE]
        for n in range(number):
            self._booked.append(self.own.ask(self.side.booking(n, lots[n % len(lots)])))

    def _release(self, number: int) -> None:
        for n, answer in enumerate(self._booked):
            self.own.do(self.side.release(n, answer))
        assert len(self._booked) == number
        self._booked.clear()

    def _changes(self, number: int) -> None:
        for _ in range(number):
            self.own.do(self.side.pair(3))

    def _refused(self, number: int) -> None:
        for n in range(number):
            status, body = self.own.ask(self.side.booking(n, self.side.lots[FULL]))
            assert status == 409, body


def _row(what: str, goal: Goal, ratio: float, unit: float) -> Row:
    return Row(f"CPU: {what} × hello", ratio, goal, f"{ratio * unit:.2f} ms", f"{unit:.2f} ms")


def _deliver(product: Product, number: int) -> None:
    stamp = time.time_ns()
    with transaction() as session:
        for n in range(number):
            context = {"booking": {**SAMPLE, "id": n, "reference": f"PW-{n:06d}"}}
            to = mail.Recipient(f"driver{stamp}-{n}@example.com", f"Driver {n}", "en", "Europe/Berlin")
            mail.queue(session, "booking_confirmation", to, context)
    realtime.wake_task("tasks.deliver_mail")
    wait_for_mails(product)
