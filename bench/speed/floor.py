"""The floor: the least a Flask program can do for the same job, without any of the product's promises.

A token is checked and one row read by its key; lots are one aggregate query; a history is one JOIN; a booking and a
release are one atomic statement each. Same web server, workers, database, driver and durability as the product; no
price, audit, outbox, idempotency, validation, events or limits.
"""

from __future__ import annotations

import os
from typing import Any

import jwt
from flask import Flask, Response, json, request
from sqlalchemy import create_engine, event, text

import config
from parking.database import SQLITE_PRAGMAS, engine_options

TABLES = (
    "CREATE TABLE floor_user (id INTEGER PRIMARY KEY, email TEXT)",
    "CREATE TABLE floor_lot (id INTEGER PRIMARY KEY, name TEXT, price INTEGER)",
    "CREATE TABLE floor_spot (id INTEGER PRIMARY KEY, lot_id INTEGER, number INTEGER, taken INTEGER DEFAULT 0)",
    "CREATE INDEX floor_spot_lot ON floor_spot (lot_id, taken, number)",
    "CREATE TABLE floor_booking (id {serial} PRIMARY KEY, user_id INTEGER, spot_id INTEGER, begun REAL, ended REAL)",
    "CREATE INDEX floor_booking_user ON floor_booking (user_id, id)",
    "CREATE TABLE floor_page (body TEXT)",
)
WHO = text("SELECT email FROM floor_user WHERE id = :id")
LOTS = text(
    "SELECT l.id, l.name, l.price, count(s.id) AS capacity, sum(s.taken) AS taken FROM floor_lot l"
    " JOIN floor_spot s ON s.lot_id = l.id GROUP BY l.id, l.name, l.price"
)
HISTORY = text(
    "SELECT b.id, b.begun, b.ended, s.number, l.name, l.price FROM floor_booking b"
    " JOIN floor_spot s ON s.id = b.spot_id JOIN floor_lot l ON l.id = s.lot_id"
    " WHERE b.user_id = :id ORDER BY b.id DESC LIMIT 200"
)
LEAVE = text("UPDATE floor_booking SET ended = 1 WHERE id = :b AND user_id = :u AND ended IS NULL RETURNING spot_id")
FREE = text("UPDATE floor_spot SET taken = 0 WHERE id = :s")
INSERT = text("INSERT INTO floor_booking (user_id, spot_id, begun) VALUES (:u, :s, 0) RETURNING id")
TAKE = text(
    "UPDATE floor_spot SET taken = 1 WHERE id = (SELECT id FROM floor_spot WHERE lot_id = :lot AND taken = 0"
    " ORDER BY number LIMIT 1 {lock}) RETURNING id"
)


def make_engine(url: str) -> Any:
    """The product's driver and durability."""
    engine = create_engine(url, **engine_options(url))
    if engine.dialect.name == "sqlite":

        @event.listens_for(engine, "connect")
        def connect(connection: Any, _record: Any) -> None:
            connection.isolation_level = None
            for name, value in SQLITE_PRAGMAS.items():
                connection.execute(f"PRAGMA {name}={value}")

        @event.listens_for(engine, "begin")
        def begin(connection: Any) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("w") else "BEGIN")

    return engine


def fill(url: str, users: int, capacities: list[int], history: int, page: str = "{}") -> None:
    """The floor's tables and rows. `page` is a history as the product answers it."""
    engine = make_engine(url)
    serial = "INTEGER" if engine.dialect.name == "sqlite" else "SERIAL"
    with engine.connect().execution_options(w=True) as c:
        for statement in TABLES:
            c.execute(text(statement.format(serial=serial)))
        c.execute(
            text("INSERT INTO floor_user VALUES (:i, :e)"), [{"i": i, "e": f"u{i}@example.com"} for i in range(users)]
        )
        lots = [{"i": i, "n": f"Lot {i}"} for i in range(len(capacities))]
        c.execute(text("INSERT INTO floor_lot VALUES (:i, :n, 200)"), lots)
        places = [(lot, number) for lot, capacity in enumerate(capacities) for number in range(capacity)]
        rows = [{"i": i, "l": lot, "n": number} for i, (lot, number) in enumerate(places)]
        c.execute(text("INSERT INTO floor_spot (id, lot_id, number) VALUES (:i, :l, :n)"), rows)
        c.execute(text("INSERT INTO floor_page VALUES (:page)"), {"page": page})
        past = [{"u": 0, "s": n % len(places), "b": float(n)} for n in range(history)]
        c.execute(text("INSERT INTO floor_booking (user_id, spot_id, begun, ended) VALUES (:u, :s, :b, :b)"), past)
        c.commit()
    engine.dispose()


def hello() -> Flask:
    """The least that Flask can do: the unit of CPU per operation."""
    app = Flask("hello")
    app.extensions["settings"] = config.load()  # the web server asks for it

    @app.get("/healthz")
    @app.get("/hello")
    def hello() -> dict[str, str]:
        return {"hello": "world"}

    return app


def create() -> Flask:
    """The WSGI application; DATABASE_URL and JWT_SECRET as for the product."""
    app, secret = hello(), os.environ["JWT_SECRET"]
    engine = make_engine(os.environ["DATABASE_URL"])
    lock = "" if engine.dialect.name == "sqlite" else "FOR UPDATE SKIP LOCKED"
    take = text(str(TAKE).format(lock=lock))
    known: list[Any] = []

    def who(c: Any) -> int:
        claims = jwt.decode(request.headers["Authorization"][7:], secret, ["HS256"], audience="api", issuer="parking")
        number = int(claims["sub"])
        c.execute(WHO, {"id": number}).one()
        return number

    def answer(body: Any, status: int = 200) -> Response:
        return Response(json.dumps(body), status, content_type="application/json")

    @app.get("/select")
    def select() -> Response:
        with engine.connect() as c:
            return answer({"id": who(c)})

    @app.get("/api/lots")
    def lots() -> Response:
        with engine.connect() as c:
            who(c)
            return answer({"lots": [{**row, "taken": int(row["taken"])} for row in c.execute(LOTS).mappings()]})

    @app.get("/api/bookings")
    def history() -> Response:
        with engine.connect() as c:
            return answer({"bookings": [dict(row) for row in c.execute(HISTORY, {"id": who(c)}).mappings()]})

    @app.get("/page")
    def page() -> Response:
        """The JOIN, and the bytes of the product's history made from rows that are objects already."""
        with engine.connect() as c:
            c.execute(HISTORY, {"id": who(c)}).all()
            if not known:
                known.append(json.loads(c.execute(text("SELECT body FROM floor_page")).scalar_one()))
            return answer(known[0])

    @app.post("/api/book")
    def book() -> Response:
        with engine.connect() as reader:
            user = who(reader)
        with engine.connect().execution_options(w=True) as c:
            spot = c.execute(take, {"lot": request.get_json()["lot_id"]}).scalar()
            if spot is None:
                return answer({"code": "lot_full"}, 409)
            booking = c.execute(INSERT, {"u": user, "s": spot}).scalar()
            c.commit()
        return answer({"booking": {"id": booking}}, 201)

    @app.post("/api/release/<int:booking>")
    def release(booking: int) -> Response:
        with engine.connect() as reader:
            user = who(reader)
        with engine.connect().execution_options(w=True) as c:
            spot = c.execute(LEAVE, {"b": booking, "u": user}).scalar()
            c.execute(FREE, {"s": spot})
            c.commit()
        return answer({})

    return app
