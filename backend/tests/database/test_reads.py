"""Reads by the driver: the same values and errors as through SQLAlchemy."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import bindparam, literal_column, select
from sqlalchemy.exc import DBAPIError

from parking.accounts import User
from parking.database import Read, db, read_connection

_USER = select(User.id, User.email, User.active, User.plates, User.created_at).where(
    User.created_at <= bindparam("now", type_=User.created_at.type), User.locale.in_(["en", "de"])
)


def test_values_are_those_of_the_columns_types(app, alice, bob):
    now = datetime(9000, 1, 1, tzinfo=UTC)
    rows = Read(_USER.order_by(User.id)).rows(now=now)
    assert [tuple(row) for row in rows] == [
        tuple(row) for row in db.session.execute(_USER.order_by(User.id), {"now": now})
    ]
    assert rows[0].active is True
    assert rows[0].created_at.tzinfo is not None


def test_a_missing_parameter_is_an_error(app):
    with pytest.raises(KeyError):
        Read(_USER).rows()


def test_an_error_is_raised_as_sqlalchemy_does_and_the_next_read_works(app, alice):
    broken = Read(select(literal_column("no_such_function(1)")))
    with pytest.raises(DBAPIError):
        broken.rows()
    assert len(Read(_USER).rows(now=datetime(9000, 1, 1, tzinfo=UTC))) == 1


def test_a_connection_is_given_back_as_it_was(app, alice):
    """Else the next transaction on it would commit each statement by itself."""
    with read_connection() as connection:
        driver = connection.driver_connection
        Read(_USER).rows(connection, now=datetime(9000, 1, 1, tzinfo=UTC))
    assert getattr(driver, "autocommit", False) is False
