"""The database is gone, last night's backup comes back in two commands, and each person has what they had, the manager
of a lot her lot alone. A whole product over HTTP, on both databases."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from parking import clock
from parking.accounts.second_factor import codes
from tests.launch.conftest import new_run  # noqa: F401 - a fixture
from tests.services import BACKEND

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
PASSWORD = "correct horse battery"
ADMIN, MANAGER, OTHER = "admin@example.com", "mandy@example.com", "oscar@example.com"


class Site:
    """The running product, asked as a page asks it."""

    def __init__(self, run: Any) -> None:
        self.run = run

    def ask(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, dict[str, Any]]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.run.port}{path}",
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as refusal:
            return refusal.code, json.load(refusal)

    def get(self, path: str, token: str) -> dict[str, Any]:
        status, answer = self.ask("GET", path, token=token)
        assert status == 200, answer
        return answer

    def post(self, path: str, body: Any, token: str | None = None, method: str = "POST") -> dict[str, Any]:
        status, answer = self.ask(method, path, body, token)
        assert status < 300, answer
        return answer

    def sign_in(self, email: str, code: str | None = None) -> dict[str, Any]:
        return self.post("/auth/login", {"email": email, "password": PASSWORD} | ({"code": code} if code else {}))


@pytest.fixture
def site(database_url: str, new_run: Any) -> Site:  # noqa: F811 - a fixture from elsewhere
    return Site(
        new_run(
            DATABASE_URL=database_url,
            ADMIN_EMAIL=ADMIN,
            ADMIN_PASSWORD=PASSWORD,
            RATE_LIMITS="off",
            FLASK_APP="app:create_app",
            PATH=os.environ["PATH"],
        )
    )


def a_day_of_work(site: Site) -> bytes:
    """Two lots with a manager and a booking each; one manager has a second factor. Returns the key of her app."""
    admin = site.sign_in(ADMIN)["token"]
    for name, email in (("North", MANAGER), ("South", OTHER)):
        person = site.post("/auth/register", {"email": email, "password": PASSWORD})
        lot = site.post("/api/lots", {"name": name, "capacity": 2, "price_per_hour": 2}, admin)["lot"]
        site.post(f"/api/lots/{lot['id']}/staff/{person['user']['id']}", {"role": "manager"}, admin, "PUT")
        # the role has ended the token with which they registered
        site.post("/api/book", {"lot_id": lot["id"]}, site.sign_in(email)["token"])
    begun = site.post("/auth/second-factor", {"password": PASSWORD}, site.sign_in(MANAGER)["token"])
    key = base64.b32decode(begun["secret"].replace(" ", ""))
    site.post("/auth/second-factor/confirm", {"code": codes.code_at(key, clock.now())}, begun["token"])
    return key


def delete(database_url: str) -> None:
    """Under the running product, as somebody in a hurry does. What SQLite has beside its file stays there."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        Path(str(url.database)).unlink()
        return
    with psycopg.connect(host=url.query["host"], user=url.username, dbname="postgres", autocommit=True) as server:
        server.execute(f'DROP DATABASE "{url.database}" WITH (FORCE)')


def flask(site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flask", *arguments]
    return subprocess.run(command, cwd=BACKEND, env=site.run.environ, capture_output=True, text=True)


def kill(site: Site) -> None:
    """The power goes: nobody tidies up."""
    for pid in site.run.family():
        os.kill(pid, signal.SIGKILL)
    site.run.process.wait()
    site.run.wait_for_end()


def test_the_manager_signs_in_with_her_code_and_sees_her_lot_alone(site: Site, database_url: str) -> None:
    site.run.start("--api").ready()
    key = a_day_of_work(site)
    created = flask(site, "backup", "create")
    assert created.returncode == 0, created.stderr
    (file,) = (site.run.data / "backups").glob("*.backup")
    admin = site.sign_in(ADMIN)["token"]
    site.post("/api/lots", {"name": "Of today", "capacity": 2, "price_per_hour": 2}, admin)

    delete(database_url)
    refused = flask(site, "backup", "restore", str(file), "--yes")
    assert (refused.returncode, "The product is running. Stop it" in refused.stderr) == (1, True), refused.stderr
    kill(site)

    verified = flask(site, "backup", "verify", str(file))
    assert (verified.returncode, "is good" in verified.stdout) == (0, True), verified.stderr
    restored = flask(site, "backup", "restore", str(file), "--yes")
    assert restored.returncode == 0, restored.stderr
    site.run.start("--api").ready()

    assert site.ask("GET", "/auth/me", token=admin)[0] == 401, "everybody signs in again"
    wants = site.ask("POST", "/auth/login", {"email": MANAGER, "password": PASSWORD})
    assert (wants[0], wants[1]["code"]) == (401, "second_factor_required")
    later = clock.now() + timedelta(seconds=30)  # the code of this half minute may have been used
    her = site.sign_in(MANAGER, codes.code_at(key, later))
    assert [(role["lot_name"], role["role"]) for role in her["user"]["lot_roles"]] == [("North", "manager")]
    seen = site.get("/api/admin/bookings", her["token"])
    assert {booking["lot_name"] for booking in seen["bookings"]} == {"North"}
    lots = {lot["name"]: lot["id"] for lot in site.get("/api/lots", her["token"])["lots"]}
    assert set(lots) == {"North", "South"}, "what was made after the backup is gone"
    assert site.ask("GET", f"/api/lots/{lots['North']}/staff", token=her["token"])[0] == 200
    assert site.ask("GET", f"/api/lots/{lots['South']}/staff", token=her["token"])[0] == 404
    assert site.ask("GET", "/api/users", token=her["token"])[0] == 403
    his = site.sign_in(OTHER)["token"]
    assert {booking["lot_name"] for booking in site.get("/api/admin/bookings", his)["bookings"]} == {"South"}
    assert site.run.stop() == 0
