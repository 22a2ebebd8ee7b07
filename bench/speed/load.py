"""Requests per second and waiting times beside the floor, in pairs A-B-A-B; the ratio is the median of the pairs'."""

from __future__ import annotations

import dataclasses
import random
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import jwt

from bench.product import Product, people, send
from bench.speed import floor
from bench.speed.client import Answer, Connection, Group, Operation, booking_id, play, request, with_key
from bench.speed.table import Goal, Row, quantile
from parking import create_app
from parking.database import db
from parking.mail.models import OPEN, OutboxMail

#: Of the product and of the floor: 49 lots with 100 spots, one with 10 (for the storm), one with a single spot (full).
CAPACITIES = [*[100] * 49, 10, 1]
LARGE, STORM, FULL = slice(0, 49), 49, 50
PAST, USERS, RUSH = 200, 64, 16
STORMS = 7
#: Finished operations per second, and the seconds of each.
Measured = tuple[float, list[float]]
Act = Callable[[int], Operation]


@dataclasses.dataclass
class Side:
    """One server with its lots and people."""

    product: Product
    lots: list[int]
    tokens: list[str]

    def get(self, path: str, people: int = USERS) -> Act:
        requests = [request("GET", path, token) for token in self.tokens[:people]]

        def act(n: int) -> Operation:
            status, body = yield requests[n % len(requests)]
            assert status == 200, body

        return act

    def booking(self, n: int, lot: int) -> bytes:
        """The bytes of a person's booking."""
        body = {"lot_id": lot, "booking_type": "instant"}
        return with_key(request("POST", "/api/book", self.tokens[n % len(self.tokens)], body))

    def release(self, n: int, answer: Answer) -> Operation:
        """Give the spot of this booking back."""
        assert answer[0] == 201, answer
        status, body = yield request(
            "POST", f"/api/release/{booking_id(answer[1])}", self.tokens[n % len(self.tokens)], {}
        )
        assert status == 200, body

    def pair(self, n: int) -> Operation:
        """A booking and its release."""
        lots = self.lots[LARGE]
        yield from self.release(n, (yield self.booking(n, lots[n % len(lots)])))

    def refused(self, n: int) -> Operation:
        """A booking on the full lot."""
        status, body = yield self.booking(n, self.lots[FULL])
        assert status == 409, body

    def run(self, seconds: float, act: Act, clients: int, *others: Group) -> Measured:
        """Finished operations per second, and how long each took."""
        group = Group(clients, act)
        play(self.product.address, [group, *others], seconds)
        return group.rate, group.took

    def storm(self) -> tuple[float, int]:
        """64 people want the 10 spots of a lot at once. (Seconds until the last has an answer, winners.)"""
        answers: list[tuple[int, Answer]] = []

        def act(n: int) -> Operation:
            answers.append((n, (yield self.booking(n, self.lots[STORM]))))

        took = play(self.product.address, [Group(USERS, act)], 0)
        assert Counter(status for _, (status, _) in answers).keys() == {201, 409}, answers
        winners = [(n, answer) for n, answer in answers if answer[0] == 201]
        connection = Connection(self.product.address)
        for n, answer in winners:
            connection.do(self.release(n, answer))
        connection.close()
        return took, len(winners)


def prepare_product(product: Product, past: int = PAST) -> Side:
    """Lots, people, the first one's history of so many stays, and a full lot."""
    users = people(product, USERS)
    (_, admin), connection = users[0], product.connect()
    lots = []
    for n, capacity in enumerate(CAPACITIES):
        body = {"name": f"Lot {n}", "capacity": capacity, "price_per_hour": 2}
        lots.append(send(connection, "POST", "/api/lots", body, admin)[1]["lot"]["id"])
    side = Side(product, lots, [token for _, token in users[1:]])
    own = Connection(product.address)
    for _ in range(past):
        own.do(side.pair(0))
    assert own.ask(side.booking(1, lots[FULL]))[0] == 201
    own.close()
    return side


def prepare_floor(base: Product, history: bytes) -> Side:
    """The same for the floor."""
    floor.fill(base.settings.database_url, USERS, CAPACITIES, PAST, history.decode())
    now = datetime.now(UTC)
    claims = {"iss": "parking", "aud": "api", "iat": now, "exp": now + timedelta(hours=3)}
    tokens = [jwt.encode({**claims, "sub": str(n)}, base.settings.jwt_secret, "HS256") for n in range(USERS)]
    return Side(base, list(range(len(CAPACITIES))), tokens)


@dataclasses.dataclass
class Pairs:
    """How often and how long both sides are measured."""

    number: int
    seconds: float

    def compare(
        self,
        what: str,
        goal: Goal,
        ours: Callable[[], Measured],
        theirs: Callable[[], Measured],
    ) -> Row:
        """Both sides in turns."""
        rates, took = [], list[float]()
        for _ in range(self.number):
            (mine, seconds), (other, _) = ours(), theirs()
            rates.append((mine, other))
            took += seconds
        ratio = statistics.median(mine / other for mine, other in rates)
        mine, other = (statistics.median(side) for side in zip(*rates, strict=True))
        return Row(
            what,
            ratio,
            goal,
            f"{mine:.0f}/s",
            f"{other:.0f}/s",
            quantile(took, 0.5) * 1000,
            quantile(took, 0.99) * 1000,
        )


def rows(ours: Side, base: Side, pairs: Pairs, database: str) -> Iterator[Row]:
    """Everything that needs no worker."""
    s, compare = pairs.seconds, pairs.compare
    look, booker = ours.get("/api/lots"), ours.pair
    page, floor_page = ours.get("/api/bookings", 1), base.get("/api/bookings", 1)

    def paced(n: int) -> Operation:
        yield 1.0
        yield from ours.pair(n)

    def at_rest() -> Measured:
        return ours.run(s, look, 8)

    def floor_list() -> Measured:
        return base.run(s, base.get("/api/lots"), 8)

    def while_booking(act: Act) -> Callable[[], Measured]:
        return lambda: ours.run(s, look, 8, Group(4, act))

    yield compare("50 lots against token + select", Goal(0.75), at_rest, lambda: base.run(s, base.get("/select"), 8))
    yield compare("50 lots against one aggregate", Goal(), at_rest, floor_list)
    yield compare("50 lots while 4 book, against at rest", Goal(0.7), while_booking(booker), at_rest)
    yield compare("the same, each of the 4 once a second", Goal(), while_booking(paced), at_rest)
    history = "history of 200 against one JOIN"
    yield compare(history, Goal(0.7), lambda: ours.run(s, page, 8), lambda: base.run(s, floor_page, 8))
    refused = "refused by a full lot, 16 people, against 50 lots"
    yield compare(refused, Goal(0.33, p99_per_p50=5), lambda: ours.run(s, ours.refused, RUSH), floor_list)
    yield _storms(ours, base)
    rush = Goal(0.7, p99_ms=100 if database == "postgresql" else 150)
    both = "book + release, 16 people"
    yield compare(both, rush, lambda: ours.run(s, booker, RUSH), lambda: base.run(s, base.pair, RUSH))


def with_jobs(ours: Side, base: Side, pairs: Pairs) -> Row:
    """The rush while worker, Beat and mail server do their part. The floor has the cores for itself: all mails are
    delivered before its turn."""

    def theirs() -> Measured:
        wait_for_mails(ours.product)
        return base.run(pairs.seconds, base.pair, RUSH)

    what = "the same with worker, Beat and SMTP"
    return pairs.compare(what, Goal(0.5), lambda: ours.run(pairs.seconds, ours.pair, RUSH), theirs)


def wait_for_mails(product: Product, patience: float = 120.0) -> None:
    """Until the outbox has nothing to send. Raises TimeoutError."""
    app = create_app(product.settings)
    with app.app_context():
        end = time.monotonic() + patience
        while db.session.query(OutboxMail.id).filter(OPEN).first():
            db.session.remove()
            if time.monotonic() > end:
                raise TimeoutError("the worker does not deliver")
            time.sleep(0.05)
        db.session.remove()
        db.engine.dispose()


def _storms(ours: Side, base: Side) -> Row:
    seconds = []
    for _ in range(STORMS):
        (mine, winners), (other, floor_winners) = ours.storm(), base.storm()
        assert winners == floor_winners == CAPACITIES[STORM], (winners, floor_winners)
        seconds.append((mine, other))
    ratio = statistics.median(mine / other for mine, other in seconds)
    mine, other = (statistics.median(side) * 1000 for side in zip(*seconds, strict=True))
    return Row("storm: 64 on 10 spots (exactly 10 won), time", ratio, Goal(most=2), f"{mine:.0f} ms", f"{other:.0f} ms")


def busy_day(ours: Side, seconds: float) -> str:
    """200 people with pauses of 1.1 s on average, nine looks to one booking or release."""
    look = ours.get("/api/lots")

    def visit(n: int) -> Operation:
        yield random.uniform(0, 2.2)
        yield from ours.pair(n) if random.random() < 0.05 else look(n)

    group = Group(200, visit)
    play(ours.product.address, [group], seconds)
    p50, p95, p99 = (quantile(group.took, part) * 1000 for part in (0.5, 0.95, 0.99))
    return (
        f"200 people, 9 looks to 1 booking: {group.rate:.0f} visits/s,"
        f" p50 {p50:.1f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms"
    )
