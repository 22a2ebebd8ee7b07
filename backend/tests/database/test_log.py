"""What a database that fails says in the log."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from parking.database import db


def test_an_error_shows_no_value_of_its_statement(app):
    """Names, addresses and plates are values of statements; the log keeps them out."""
    statement = text("SELECT * FROM nowhere WHERE email = :email")
    with pytest.raises(DBAPIError) as failed:
        db.session.execute(statement, {"email": "vera@example.com"})
    assert "vera" not in str(failed.value)
    assert "nowhere" in str(failed.value)
