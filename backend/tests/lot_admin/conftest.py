"""An administrator who closes spots of a lot."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.bookings.helpers import make_lot
from tests.lot_admin.stage import spot_id, window


@pytest.fixture
def lot(carol):
    return make_lot(carol, capacity=3)


@pytest.fixture
def admin(client, auth, carol):
    """Sends a request as the administrator."""

    def send(method: str, path: str, body: dict | None = None):
        return client.open(path, method=method, json=body, headers=auth(carol))

    return send


@pytest.fixture
def close(admin, lot):
    def send(start: timedelta, length: timedelta | None = None, *, number: int = 1, move: bool = False, **more):
        path = f"/api/spots/{spot_id(lot, number)}?move={str(move).lower()}"
        return admin("PATCH", path, window(start, length, **more))

    return send
