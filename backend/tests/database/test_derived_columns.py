"""Keys follow from their names whoever writes, and rows of before the keys are filled without merging anybody."""

import pytest
from flask_migrate import downgrade
from sqlalchemy import insert, inspect, select, text, update

from parking import clock
from parking.accounts.admin import duplicates_report
from parking.accounts.models import User
from parking.bookings.models import Booking
from parking.database import db, derived_columns, duplicates, schema, transaction
from parking.lots.models import Lot
from tests.bookings.helpers import make_lot, park
from tests.conftest import PASSWORD, make_user

BEFORE = "0011"
TRUE: list[tuple[str, str, int]] = []


def _true() -> bool:
    db.session.rollback()
    return derived_columns.wrong_values(db.session()) == TRUE


def _user(n: int) -> dict:
    return {"email": f"Ü{n}@bücher.example", "username": f"Özgür {n}", "fs_uniquifier": f"u{n}"}


def _lot(n: int) -> dict:
    return {"name": f"Ärztehaus {n}", "address": "Göthestraße", "capacity": 0, "timezone": "UTC"}


WRITES = {
    "an object": lambda s: s.add_all([User(**_user(1)), Lot(**_lot(1))]),
    "many objects": lambda s: s.add_all([*(User(**_user(n)) for n in range(5)), *(Lot(**_lot(n)) for n in range(5))]),
    "a statement on the class": lambda s: s.execute(insert(User), [_user(1), _user(2)]),
    "a statement on the table": lambda s: s.execute(insert(Lot.__table__).values(**_lot(1))),
    "many rows on the table": lambda s: s.execute(insert(Lot.__table__), [_lot(1), _lot(2)]),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_every_way_of_writing_keeps_the_keys_true(app, write):
    with transaction() as session:
        write(session)
    assert _true()
    assert db.session.scalar(select(User.email_key).union_all(select(Lot.name_key)).limit(1)).islower()


CHANGES = {
    "an object": lambda s: setattr(s.scalar(select(User)), "email", "neu@straße.example"),
    "a lot's object": lambda s: setattr(s.scalar(select(Lot)), "name", "Üb 1"),
    "a lot's address": lambda s: setattr(s.scalar(select(Lot)), "address", None),
    "many at once": lambda s: s.execute(update(User).values(username="İ 1", email="x@straße.example")),
    "many on the table": lambda s: s.execute(update(User.__table__).values(username="Ç 1", email="É")),
    "a parameter": lambda s: s.execute(update(Booking).values(vehicle_plate=None)),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_way_of_changing_keeps_the_keys_true(app, change):
    with transaction() as session:
        session.add_all([User(**_user(1)), Lot(**_lot(1))])
    with transaction() as session:
        change(session)
    assert _true()


def test_a_change_whose_key_cannot_be_computed_is_refused(app):
    with pytest.raises(ValueError, match="username_key follows from username"), transaction() as session:
        session.execute(update(User).values(username=User.email))
    with pytest.raises(ValueError, match="search_text follows from"), transaction() as session:
        session.execute(update(Lot).values(name="only the name"))


def test_bookings_have_the_key_of_their_plate_until_it_is_forgotten(app, client, alice, auth):
    lot = make_lot(alice)["id"]
    body = {"lot_id": lot, "booking_type": "instant", "vehicle_plate": "gö-ab 123"}
    booking = client.post("/api/book", json=body, headers=auth(alice)).json["booking"]
    assert booking["vehicle_plate"] == "GÖ-AB 123"
    row = db.session.execute(select(Booking.vehicle_plate, Booking.plate_key)).one()
    assert tuple(row) == ("GÖ-AB 123", "goab123")
    db.session.rollback()
    assert client.post(f"/api/release/{booking['id']}", json={}, headers=auth(alice)).status_code == 200
    assert client.delete("/auth/me", json={"password": PASSWORD}, headers=auth(alice)).status_code == 200
    assert tuple(db.session.execute(select(Booking.vehicle_plate, Booking.plate_key)).one()) == (None, None)
    assert _true()


def test_what_another_program_wrote_without_keys_is_completed_at_the_start(app):
    make_user("alice", "user")
    with transaction() as session:
        session.execute(text("UPDATE app_user SET email_key = '', username_key = '', search_text = ''"))
    assert duplicates_report.at_start() == []
    assert _true()


# rows of before --------------------------------------------------------------------------------

OLD_USERS = [
    (1, "bob@bücher.example", "Özgür Çelik"),
    (2, "bob@xn--bcher-kva.example", "özgür çelik"),
    (3, "vera@straße.example", "vera"),
    (4, "vera@strasse.example", "Strasse"),
    (5, "eva@example.com", "Straße"),
]
OLD_LOTS = [(1, "Ärztehaus", None), (2, "ärztehaus", None), (3, "ÄRZTEHAUS", 1), (4, "Strand", None)]


def _old_rows(password: str) -> None:
    directory = str(schema.MIGRATIONS)
    db.session.close()
    downgrade(directory=directory, revision=BEFORE)
    sqlite = db.engine.dialect.name == "sqlite"
    with db.engine.begin() as connection:
        if not sqlite:  # where lower() knows more than ASCII, no two of them were ever let in; a C locale did
            for index in ("uq_app_user_username_lower", "uq_parking_lot_name_lower"):
                connection.execute(text(f"DROP INDEX {index}"))
        at = "1000" if sqlite else "to_timestamp(1000)"
        for row_id, email, username in OLD_USERS:
            connection.execute(
                text(
                    "INSERT INTO app_user (id, email, username, password, active, fs_uniquifier, locale, theme, plates,"
                    " created_at) VALUES (:id, :email, :username, :password, true, :mark, 'en', 'system', '[]',"
                    f" {at})"
                ),
                {"id": row_id, "email": email, "username": username, "password": password, "mark": f"old-{row_id}"},
            )
        for row_id, name, deleted in OLD_LOTS:
            deleted_at = at if deleted else "NULL"
            connection.execute(
                text(
                    "INSERT INTO parking_lot (id, name, capacity, timezone, instant_hold_s, checkin_grace_s,"
                    " require_checkin, version, created_at, updated_at, deleted_at)"
                    f" VALUES (:id, :name, 0, 'UTC', 60, 60, false, 1, {at}, {at}, {deleted_at})"
                ),
                {"id": row_id, "name": name},
            )
        if not sqlite:
            for index, table in (
                ("uq_app_user_username_lower", "app_user"),
                ("uq_parking_lot_name_lower", "parking_lot"),
            ):
                connection.execute(text(f"CREATE INDEX {index} ON {table} (id)"))
            for table in ("app_user", "parking_lot"):
                connection.execute(text(f"SELECT setval('{table}_id_seq', 100)"))


@pytest.fixture
def old(app):
    from flask_security.utils import hash_password

    _old_rows(hash_password(PASSWORD))
    schema.upgrade()
    return app


def _login(client, email):
    return client.post("/auth/login", json={"email": email, "password": PASSWORD})


def test_old_duplicates_are_neither_merged_nor_locked_out(old, client):
    assert _true()
    seen = {(one.table, one.column, one.id, one.same_as) for one in duplicates.list_all(db.session())}
    assert seen == {
        ("app_user", "email", 2, 1),
        ("app_user", "username", 2, 1),
        ("app_user", "username", 5, 4),
        ("parking_lot", "name", 2, 1),
    }
    for row_id, email, _ in OLD_USERS:
        assert _login(client, email).json["user"]["id"] == row_id, email
    assert _login(client, "BOB@BÜCHER.example").json["user"]["id"] == 1
    for again in ("bob@xn--bcher-kva.example", "bob@bücher.example"):
        body = {"email": again, "username": "new", "password": PASSWORD}
        assert client.post("/auth/register", json=body).json["code"] == "email_taken"


def test_old_bookings_are_found_by_their_plates(app, client, alice, carol, auth):
    """The migration gives the plate of every booking its key, and takes it away again."""
    lot, plates = make_lot(carol, capacity=4), ("GÖ-AB 123", "B PW 1", None, "GÖ-AB 123")
    for plate in plates:
        park(alice, lot, vehicle_plate=plate)
    db.session.close()
    downgrade(directory=str(schema.MIGRATIONS), revision=BEFORE)
    with db.engine.connect() as connection:
        assert "plate_key" not in {column["name"] for column in inspect(connection).get_columns("booking")}
    schema.upgrade()
    rows = db.session.execute(select(Booking.vehicle_plate, Booking.plate_key).order_by(Booking.id)).all()
    assert [tuple(row) for row in rows] == [
        (one, {"GÖ-AB 123": "goab123", "B PW 1": "bpw1"}.get(one)) for one in plates
    ]
    for q in ("göab", "GO AB-12"):
        answer = client.get("/api/admin/bookings", query_string={"q": q}, headers=auth(carol))
        assert [one["vehicle_plate"] for one in answer.json["bookings"]] == ["GÖ-AB 123"] * 2, q


def test_old_names_are_searched_in_both_spellings_after_the_migration(app, client, carol, auth):
    lots = {name: make_lot(carol, name)["id"] for name in ("Bärenplatz", "Hafen")}
    db.session.close()
    downgrade(directory=str(schema.MIGRATIONS), revision="0020")
    with db.engine.begin() as connection:  # as versions before wrote it
        connection.execute(text("UPDATE parking_lot SET search_text = 'barenplatz' WHERE name LIKE 'B%'"))
    schema.upgrade()
    assert _true()
    for q in ("baeren", "bären", "baren"):
        answer = client.get("/api/admin/search", query_string={"q": q}, headers=auth(carol))
        assert [one["id"] for one in answer.json["lots"]] == [lots["Bärenplatz"]], q


def test_the_administrator_sees_the_duplicates(old, client, carol, auth):
    [line] = duplicates_report.at_start()
    assert line.startswith("4 accounts or lots")
    assert "flask names duplicates" in line
    result = old.test_cli_runner().invoke(args=["names", "duplicates"])
    assert result.exit_code == 1
    assert "account 2 (bob@xn--bcher-kva.example): same email address as account 1" in result.output
    assert "parking lot 2 (ärztehaus): same name as parking lot 1" in result.output
    assert old.test_cli_runner().invoke(args=["names", "twins"]).output == result.output, "the old name still works"
    status = client.get("/api/admin/system", headers=auth(carol)).json["system"]["names"]
    assert (status["ok"], status["count"]) == (False, 4)
    entries = client.get("/api/admin/audit?q=same_name", headers=auth(carol)).json["entries"]
    logged = {(one["entity"], one["entity_id"], one["after"]["field"], one["after"]["same_as"]) for one in entries}
    assert logged == {
        ("user", 2, "email", 1),
        ("user", 2, "username", 1),
        ("user", 5, "username", 4),
        ("lot", 2, "name", 1),
    }


def test_a_duplicate_gets_the_ordinary_key_when_it_is_free(old, client, carol, auth):
    assert client.put("/api/lots/2", json={"capacity": 1}, headers=auth(carol)).status_code in (200, 409)
    assert client.put("/api/lots/1", json={"name": "Klinik"}, headers=auth(carol)).status_code == 200
    assert db.session.scalar(select(Lot.name_key).where(Lot.id == 2)) == "ärztehaus"
    db.session.rollback()
    first = {"Authorization": f"Bearer {_login(client, 'bob@bücher.example').json['token']}"}
    assert client.patch("/auth/me", json={"username": "Robert"}, headers=first).status_code == 200
    assert client.delete("/auth/me", json={"password": PASSWORD}, headers=first).status_code == 200
    for spelling in ("bob@bücher.example", "bob@xn--bcher-kva.example"):
        assert _login(client, spelling).json["user"]["id"] == 2
    assert {(one.column, one.id) for one in duplicates.list_all(db.session())} == {("username", 5)}
    assert _true()


def test_a_duplicate_that_is_saved_unchanged_stays_one(old, client, carol, auth):
    second = {"Authorization": f"Bearer {_login(client, 'bob@xn--bcher-kva.example').json['token']}"}
    same = {"username": "özgür çelik", "theme": "dark"}
    assert client.patch("/auth/me", json=same, headers=second).status_code == 200
    assert client.patch("/auth/me", json={"username": "ÖZGÜR çelik"}, headers=second).json["code"] == "username_taken"
    assert duplicates.count(db.session()) == 4
    db.session.rollback()


def test_keys_go_down_and_up_again_with_live_rows(old, client):
    """Down with rows that the index of before allows; the duplicates are there once more after the next upgrade."""
    before = {one.id for one in duplicates.list_all(db.session())}
    db.session.close()
    with transaction() as session:
        session.execute(update(Lot.__table__).where(Lot.id == 1).values(deleted_at=clock.now()))
    if db.engine.dialect.name == "postgresql":
        with transaction() as session:
            for row in session.scalars(select(User).where(User.id == 2)):
                row.username = "other"
    downgrade(directory=str(schema.MIGRATIONS), revision=BEFORE)
    schema.upgrade()
    assert schema.problems() == []
    assert _true()
    assert {one.id for one in duplicates.list_all(db.session())} <= before
