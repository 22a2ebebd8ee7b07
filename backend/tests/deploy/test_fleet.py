"""The several-machines shape without containers: the commands of docker-compose.yml on a real PostgreSQL and Valkey."""

import json
import re
import signal
import subprocess
import sys
import urllib.request

import pytest
import yaml

import config
from launch import valkey
from launch.supervisor import Supervisor

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SERVICES = yaml.safe_load((config.ROOT / "docker-compose.yml").read_text())["services"]
IMAGE_COMMAND = json.loads(re.findall(r"^CMD (\[.+\])$", (config.ROOT / "Dockerfile").read_text(), re.MULTILINE)[0])
SECRETS = {
    "SECRET_KEY": "t0Zr9aTQ1bY7mPjUOB3xkP5gqzTnL4vWd2uhVJ8c",
    "SECURITY_PASSWORD_SALT": "Qe7Zs2Nd0LxRfGvTb5UyHnJm9KiPoAq3WcXt6Sz1",
    "JWT_SECRET": "mB1nV6cX3zL9kJ4hG7fD0sA2pO5iU8yT6rE3wQ1x",
}


@pytest.fixture
def redis_url(tmp_path):
    supervisor = Supervisor(lambda text: None)
    yield valkey.start(supervisor, tmp_path)
    supervisor.stop()


@pytest.fixture
def service(new_run, postgres, redis_url, tmp_path):
    """Starts a container's command as Compose would, on this machine."""
    database_url = postgres.create()
    exports = tmp_path / "shared-exports"

    def service(name, replica=1):
        environment = SERVICES[name]["environment"]
        given = {key: str(value) for key, value in environment.items() if value is not None and "${" not in str(value)}
        # What is an address or a folder inside of containers has to be one of this machine.
        here = {
            "PUBLIC_URL": "http://localhost:8080",
            "HOST": "127.0.0.1",
            "DATABASE_URL": database_url,
            "EXPORT_DIR": str(exports),
        }
        if "REDIS_URL" in environment:
            here["REDIS_URL"] = redis_url
        run = new_run(f"{name}-{replica}", **{key: value for key, value in SECRETS.items() if key in environment})
        run.environ = {**run.environ, **given, **here, "PORT": str(run.port), "DATA_DIR": str(run.folder / "data")}
        command = SERVICES[name].get("command", IMAGE_COMMAND)
        return run.start(command=(sys.executable, *command[1:]))

    return service


def well(run, name):
    command = [sys.executable, *SERVICES[name]["healthcheck"]["test"][2:]]
    return subprocess.call(command, cwd=config.ROOT / "backend", env=run.environ) == 0


def post(run, path, **body):
    request = urllib.request.Request(
        f"http://127.0.0.1:{run.port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def test_migrate_then_two_apis_a_worker_and_beat(service, until):
    migrate = service("migrate")
    assert migrate.process.wait(120) == 0, migrate.output()
    first, second = service("api", 1), service("api", 2)
    worker, beat = service("worker"), service("beat")
    for name, run in (("api", first), ("api", second), ("worker", worker), ("beat", beat)):
        until(lambda name=name, run=run: well(run, name), 120, f"{name} to be well")

    person = {"email": "dora@example.com", "password": "vivid-otter-42-lamp"}
    post(first, "/auth/register", username="dora", **person)
    assert post(second, "/auth/login", **person)["user"]["email"] == "dora@example.com"

    for name, run in (("api", first), ("api", second), ("beat", beat), ("worker", worker)):
        grace = int(SERVICES[name].get("stop_grace_period", "10s").removesuffix("s"))
        assert run.stop(signal.SIGTERM, seconds=grace + 60) == 0, run.output()
        run.wait_for_end()
        assert "Traceback" not in run.output()


def test_an_unhealthy_container_is_distinguished_from_a_healthy_one(service, until):
    """Control: the health checks fail where nothing runs."""
    migrate = service("migrate")
    migrate.process.wait(120)
    for name in ("api", "worker", "beat"):
        assert not well(migrate, name)
