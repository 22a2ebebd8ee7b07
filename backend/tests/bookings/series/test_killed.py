"""A process that is killed while it books a series leaves all of it or nothing, and the same request books it once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from parking import clock
from parking.bookings.models import Booking
from parking.bookings.series.models import Series
from parking.database import db
from parking.mail import OutboxMail
from tests.bookings.helpers import make_lot
from tests.bookings.series.stage import day

DATES = 5
KILLED = """
import json, os, signal, sys
from datetime import datetime
from pathlib import Path
from parking import clock, create_app
from parking.bookings.series import service
from parking.database import session as transactions
from tests.conftest import make_settings

point, url, folder, moment, headers, body = sys.argv[1:]
hold, booked, commit, left = service.allocation.hold, service._booked, transactions._commit, 3

def die(*_arguments, **_more):
    os.kill(os.getpid(), signal.SIGKILL)

def commit_and_die(*arguments):
    commit(*arguments)
    die()

def hold_or_die(*arguments, **more):
    global left
    left -= 1
    return die() if left == 0 else hold(*arguments, **more)

def booked_then_die(*arguments):
    answer = booked(*arguments)
    transactions._commit = die if point == "before the commit" else commit_and_die
    return answer

if point == "at the third date":
    service.allocation.hold = hold_or_die
else:
    service._booked = booked_then_die
app = create_app(make_settings(Path(folder), database_url=url))
with app.app_context(), clock.set_to(datetime.fromisoformat(moment)):
    app.test_client().post("/api/series", json=json.loads(body), headers=json.loads(headers))
"""


def number_of(model, *where) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model).where(*where))


EACH_ALONE = """
whole = hold
hold = lambda session, *a, **m: (whole(session, *a, **m), session.connection().connection.commit())[0]

def die("""


@pytest.fixture
def request_of(auth, alice, carol):
    """The headers and the body of a request for a series."""
    lot = make_lot(carol, capacity=2)
    body = {"lot_id": lot["id"], "start_time": "08:00", "end_time": "10:00", "days": ["mo", "we"], "count": DATES}
    return auth(alice, **{"Idempotency-Key": "the same"}), {**body, "from": day(1).isoformat()}


@pytest.fixture
def send_and_kill(settings, tmp_path, request_of):
    """Sends the request in a process of its own, which kills itself at this point."""

    def send(point: str, code: str = KILLED) -> None:
        headers, body = map(json.dumps, request_of)
        arguments = point, settings.database_url, str(tmp_path), clock.now().isoformat(), headers, body
        db.session.remove()
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
        process = subprocess.run([sys.executable, "-c", code, *arguments], env=environment, timeout=120, check=False)
        assert process.returncode == -signal.SIGKILL

    return send


@pytest.mark.slow
@pytest.mark.parametrize("point", ["at the third date", "before the commit", "after the commit"])
def test_a_series_is_booked_once_whatever_kills_it(app, client, request_of, send_and_kill, point):
    send_and_kill(point)
    committed = point == "after the commit"
    assert (number_of(Series), number_of(Booking)) == ((1, DATES) if committed else (0, 0))
    headers, body = request_of
    for again in (committed, True):
        answer = client.post("/api/series", json=body, headers=headers)
        assert (answer.status_code, len(answer.json["bookings"])) == (201, DATES), answer.text
        assert (answer.headers.get("Idempotent-Replayed") == "true") is again
    assert (number_of(Series), number_of(Booking)) == (1, DATES)
    assert number_of(OutboxMail, OutboxMail.kind == "series_booked") == 1


@pytest.mark.slow
def test_control_dates_that_are_committed_one_by_one_stay_behind(app, client, request_of, send_and_kill):
    send_and_kill("at the third date", KILLED.replace("\ndef die(", EACH_ALONE, 1))
    assert number_of(Booking) == 2
    headers, body = request_of
    assert client.post("/api/series", json=body, headers=headers).json["code"] == "series_dates"
