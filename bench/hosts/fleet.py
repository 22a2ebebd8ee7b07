"""Eight hosts that are one installation: database, Redis, mail, two web servers, two workers, proxy."""

from __future__ import annotations

import contextlib
import http.client
import json
import logging
import os
import secrets
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg

import config
from bench.hosts.network import Network
from bench.hosts.programs import Command, Host, environment_of
from launch import programs
from parking import create_app
from parking.accounts.sessions import access_tokens
from parking.bookings.models import Booking
from parking.database import db
from parking.mail.models import OutboxMail
from tests.launch.conftest import PRODUCT, wait_for
from tests.postgres import Postgres
from tests.services import Valkey, own_environment

logging.getLogger("parking.database").setLevel(logging.WARNING)  # the pool would log every connection that ended

ROOT = Path(__file__).parents[2]
WEB_PORT, PROXY_PORT, SMTP_PORT = 5000, 8080, 2525
LIVE_MAILS = ("queued", "retrying", "sending")


class Fleet:
    """The installation, running the version in `tree`, with `drivers` accounts.

    The database is also reached over a socket, which no cut cable concerns: that is how its state is read.
    """

    def __init__(self, drivers: int, tree: Path = ROOT) -> None:
        self.drivers, self._tree = drivers, tree
        self.has_seed = False
        """Whether `settled` damages the database at its end."""
        self.seeded: list[str] = []
        """The number plates of the damaged bookings."""
        self._stack = contextlib.ExitStack()
        self.hosts: list[Host] = []
        try:
            self._build()
        except BaseException:
            self.close()
            raise

    def _build(self) -> None:
        self._network = Network()
        self._stack.callback(self._network.end)
        self._folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-hosts-")))
        self._stack.callback(self._kill_all)
        self._environment = {name: value for name, value in own_environment().items() if name not in PRODUCT}
        database_url, self._socket_url = self._start_database()
        redis_url = self._start_redis()
        smtp = self._start_mail()
        self._environment |= {
            **{name: secrets.token_hex(32) for name in ("SECRET_KEY", "SECURITY_PASSWORD_SALT", "JWT_SECRET")},
            "ENV_FILE": os.devnull,
            "EXPORT_DIR": str(self._folder / "exports"),
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            **{"SMTP_HOST": smtp, "SMTP_PORT": str(SMTP_PORT), "SMTP_TLS": "none"},
            **{"HOST": "0.0.0.0", "PORT": str(WEB_PORT), "WEB_WORKERS": "1", "WORKER_CONCURRENCY": "2"},
            **{"RATE_LIMITS": "off", "BCRYPT_ROUNDS": "4"},
        }
        self._prepare()
        web = [self._start_web(f"web{number}") for number in (1, 2)]
        self._start_worker("worker1", with_beat=True)
        self._start_worker("worker2", with_beat=False)
        self.address = self._start_proxy(web)

    def _kill_all(self) -> None:
        for host in reversed(self.hosts):
            host.kill()

    def _host(self, name: str) -> Host:
        host = Host(name, self._network.add(name), self._network)
        self.hosts.append(host)
        return host

    def _command(self, host: Host, name: str, *command: str, tree: Path | None = None) -> None:
        environment = {**self._environment, "DATA_DIR": str(self._folder / host.name)}
        log = self._folder / f"{host.name}.{name}.log"
        host.programs.append(Command(command, tree or self._tree, environment, log))

    def _start_database(self) -> tuple[str, str]:
        host = self._host("database")
        with self._network.inside(host.name):
            server = Postgres(fsync="on", listen_addresses="0.0.0.0")
        self._stack.callback(server.stop)
        host.programs.append(server)
        with (server.folder / "data" / "pg_hba.conf").open("a") as file:
            file.write(f"host all all {self._network.subnet}.0/24 trust\n")
        server.admin.execute("SELECT pg_reload_conf()")
        socket_url = server.create()
        name = socket_url.split("?")[0].rsplit("/", 1)[1]
        return f"postgresql+psycopg://postgres@{host.address}/{name}", socket_url

    def _start_redis(self) -> str:
        host = self._host("redis")
        (self._folder / "valkey").mkdir()
        with self._network.inside(host.name):
            server = Valkey(self._folder / "valkey", "--bind", "0.0.0.0")
        host.programs.append(server)
        return server.url.replace("127.0.0.1", host.address)

    def _start_mail(self) -> str:
        host = self._host("mail")
        self._ids = self._folder / "message-ids"
        sink = (sys.executable, "-m", "bench.sink", str(SMTP_PORT), "--host", "0.0.0.0", "--ids", str(self._ids))
        self._command(host, "sink", *sink, tree=ROOT)
        host.is_ready = lambda: _accepts(host.address, SMTP_PORT)
        host.start()
        return host.address

    def _prepare(self) -> None:
        """Schema and accounts, over the socket."""
        self._own = {**self._environment, "DATABASE_URL": self._socket_url, "DATA_DIR": str(self._folder / "bench")}
        del self._own["REDIS_URL"]
        self.run_once(self._tree, str(ROOT / "bench" / "hosts" / "accounts.py"), str(self.drivers))
        self.app = create_app(config.load(self._own))

    def run_once(self, tree: Path, *arguments: str) -> None:
        """A command of the version in `tree` that ends by itself, on the fleet's database."""
        command, environment = [sys.executable, *arguments], environment_of(tree, self._own)
        result = subprocess.run(command, cwd=tree / "backend", env=environment, capture_output=True, text=True)
        assert result.returncode == 0, result.stderr

    def _start_web(self, name: str) -> Host:
        host = self._host(name)
        gunicorn = (sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "app:create_app()")
        self._command(host, "gunicorn", *gunicorn)
        host.is_ready = lambda: answers((host.address, WEB_PORT), "/readyz")
        host.start()
        return host

    def _start_worker(self, name: str, *, with_beat: bool) -> None:
        host = self._host(name)
        environment = {**self._environment, "DATA_DIR": str(self._folder / name)}
        celery = programs.worker(environment, config.load(environment)).command
        self._command(host, "worker", *celery, "--hostname", f"celery@{name}")
        if with_beat:
            self._command(host, "beat", *programs.beat(environment).command)
        host.start()

    def _start_proxy(self, web: list[Host]) -> tuple[str, int]:
        host = self._host("proxy")
        servers = [f"{one.address}:{WEB_PORT}" for one in web]
        proxy = (sys.executable, "-m", "bench.hosts.proxy", str(PROXY_PORT), *servers)
        self._command(host, "proxy", *proxy, tree=ROOT)
        host.is_ready = lambda: answers((host.address, PROXY_PORT), "/healthz")
        host.start()
        for one in self.hosts:
            one.wait_until_ready()
        return host.address, PROXY_PORT

    def token(self, name: str) -> str:
        with self.app.app_context():
            return access_tokens.issue(f"uniquifier-of-{name}")

    def ask(self, method: str, path: str, name: str, body: dict[str, Any] | None = None) -> Any:
        """One request through the proxy: `.status` and `.body`."""
        connection = http.client.HTTPConnection(*self.address, timeout=30)
        headers = {"Authorization": f"Bearer {self.token(name)}", "Content-Type": "application/json"}
        with contextlib.closing(connection):
            connection.request(method, path, json.dumps(body or {}), headers)
            response = connection.getresponse()
            return SimpleNamespace(status=response.status, body=json.loads(response.read()))

    def delivered(self) -> list[str]:
        """The Message-IDs that the mail server accepted, in order, copies included."""
        return self._ids.read_text().splitlines() if self._ids.exists() else []

    def output(self) -> str:
        """The end of every program's log."""
        logs = sorted(self._folder.glob("*.log"))
        return "\n".join(f"== {log.name}\n{log.read_text(errors='replace')[-2000:]}" for log in logs)

    def settled(self) -> None:
        """Every host is ready and no mail waits. (One that lost its server is tried again after minutes.)"""
        for host in self.hosts:
            host.wait_until_ready()
        wait_for(lambda: self._waiting_mails() == 0, 600, "the outbox to be empty")
        if self.has_seed:
            self._seed_fault()

    def _waiting_mails(self) -> int:
        with self.app.app_context():
            count = db.session.query(OutboxMail).filter(OutboxMail.state.in_(LIVE_MAILS)).count()
            db.session.remove()
            return count

    def close(self) -> None:
        """Ends every program and removes the hosts."""
        if hasattr(self, "app"):
            with self.app.app_context():
                db.engine.dispose()
        self._stack.close()

    def _seed_fault(self) -> None:
        """Damages the database behind the product's back: one confirmed booking vanishes, another costs a cent more."""
        with self.app.app_context():
            given_up = db.session.query(Booking).filter_by(status="Cancelled", ended_by="system").all()
            ended = db.session.query(Booking).filter_by(status="Completed", booking_type="instant").all()
            # not a car because of which a reservation was cancelled: the checker would ask for that one's reason, too
            alone = [one for one in ended if not any(_meet(one, other) for other in given_up)][:2]
            self.seeded = [str(one.vehicle_plate) for one in alone]
            lost, dearer = (one.id for one in alone)
            db.session.remove()
        with psycopg.connect(self._socket_url.replace("+psycopg", "")) as connection:
            connection.execute("SET session_replication_role = replica")  # no trigger and no foreign key looks
            connection.execute("DELETE FROM booking WHERE id = %s", [lost])
            connection.execute("UPDATE booking SET total_cost_minor = total_cost_minor + 1 WHERE id = %s", [dearer])


def _meet(car: Booking, reservation: Booking) -> bool:
    assert car.end_time is not None
    return car.spot_id == reservation.spot_id and car.start_time <= reservation.start_time <= car.end_time


def _accepts(host: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), 2):
        return True
    return False


def answers(address: tuple[str, int], path: str) -> bool:
    connection = http.client.HTTPConnection(*address, timeout=5)
    with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    return False
