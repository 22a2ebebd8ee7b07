from __future__ import annotations

import pytest

from parking import create_app
from parking.db import db
from tests.conftest import make_settings
from tests.services import valkey, valkey_server

__all__ = ["valkey", "valkey_server"]


@pytest.fixture
def live_app(tmp_path, valkey):
    """An application with a real Valkey and no database to speak of, its context pushed."""
    app = create_app(make_settings(tmp_path, redis_url=valkey.url))
    with app.app_context():
        yield app
        app.extensions["live"].courier.close(0)
        db.engine.dispose()
