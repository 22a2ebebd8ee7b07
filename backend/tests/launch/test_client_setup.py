"""The client's set-up, word for word, from an empty machine: pip 23.2, a Python shell, programs in any order."""

import contextlib
import dataclasses
import os
import re
import subprocess
import sys
import urllib.request

import pytest

import celery_config
import config
from tests.launch.conftest import BACKEND, Run, wait_for

SHELL = "from app import app, db\nwith app.app_context():\n    db.create_all()\n"
REQUIREMENTS = ("requirements.txt", "requirements-dev.txt")
VERSION_OF_PYTHON_3_11 = "pip==23.2.1"


def call(*command, run: Run | None = None, cwd=BACKEND, seconds=900) -> subprocess.CompletedProcess:
    environ = run.environ if run else None
    return subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=seconds)


def good(*command, **more) -> str:
    done = call(*command, **more)
    assert done.returncode == 0, f"{command}:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def venv(tmp_path_factory):
    """A new environment with the product's requirements, installed by the pip that Python 3.11 brings."""
    folder = tmp_path_factory.mktemp("machine") / "venv"
    good(sys.executable, "-m", "venv", str(folder))
    pip = (str(folder / "bin" / "python"), "-m", "pip", "--quiet", "--disable-pip-version-check", "install")
    good(*pip, VERSION_OF_PYTHON_3_11)
    good(*pip, "-r", "requirements.txt")
    return folder / "bin"


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_the_clients_set_up_word_for_word(venv, new_run, tmp_path):
    python, celery = str(venv / "python"), str(venv / "celery")
    run = new_run("app", TIMEZONE="UTC")
    run.environ.pop("WEB_WORKERS")
    demo = (python, "asynctask_demo.py")

    # before there is a database
    early = call(*demo, "--all", "--test", run=run)
    assert early.returncode == 1
    assert "python app.py" in early.stderr
    assert "Traceback" not in early.stderr

    # in a Python shell, twice
    for _ in range(2):
        good(python, "-c", SHELL, run=run)
    assert good(python, "-c", "from app import app\nfrom parking.database import schema\nwith app.app_context():\n"
                "    print(schema.problems())", run=run).strip() == "[]"  # fmt: skip

    # every option of the demonstration, where there is nobody
    missing = call(*demo, "--test", run=run)
    assert missing.returncode == 2
    assert "--reminders, --reports, --exports or --all" in missing.stderr
    for option in ("--reminders", "--reports", "--exports", "--all"):
        assert "nobody" in good(*demo, option, "--test", run=run), option
    assert "nobody" in good(*demo, "--all", run=run)

    # worker and Beat before the app: the embedded server that they need is not there yet
    others = []
    for name in ("worker", "beat"):
        other = new_run(name, DATA_DIR=str(run.data), EXPORT_DIR=run.environ["EXPORT_DIR"])
        others.append(other.start("-A", "celery_worker.celery", name, "--loglevel=info", command=(celery,)))
    worker, beat = others
    worker.says("localhost:6379/0", 300)  # it has looked, found nobody and made its pool of connections
    run.start(command=(python, "app.py")).ready(300)
    assert run.health() == 200
    worker.says("succeeded in", 300)
    beat.says("Sending due task", 300)
    assert "received" not in worker.output(), "one line a job"

    # and after it
    for other in others:
        other.stop()
    late = new_run("late", DATA_DIR=str(run.data), EXPORT_DIR=run.environ["EXPORT_DIR"])
    late.start("-A", "celery_worker.celery", "worker", "--beat", "--loglevel=info", command=(celery,), cwd=BACKEND)
    late.says("succeeded in", 300)
    late.stop()
    run.stop()


@pytest.mark.slow
@pytest.mark.skipif(not (config.ROOT / "frontend" / "node_modules").is_dir(), reason="without the page's tools")
def test_the_page_in_development(new_run):
    """`npm install && npm run dev`: the page at its usual port, with the answers of the program behind it."""
    frontend, run = config.ROOT / "frontend", new_run("page")
    lock = (frontend / "package-lock.json").read_bytes()
    try:
        good("npm", "install", "--prefer-offline", "--no-audit", "--no-fund", cwd=frontend)
    finally:  # another version of npm may write it in its own way
        (frontend / "package-lock.json").write_bytes(lock)
    run.start("--api").ready(300)
    page = new_run("vite", API_ORIGIN=f"http://127.0.0.1:{run.port}")
    page.start("--port", str(page.port), "--host", "127.0.0.1", command=("npm", "run", "dev", "--"), cwd=frontend)
    wait_for(lambda: "/@vite/client" in text_at(f"http://127.0.0.1:{page.port}/"), 300, "the page")
    assert '"site"' in text_at(f"http://127.0.0.1:{page.port}/api/public/site")


def text_at(url: str) -> str:
    """What a server answers; nothing while none listens there, or it ends in the middle."""
    try:
        with urllib.request.urlopen(url, timeout=300) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def test_the_clients_environment_is_no_part_of_the_repository():
    ignored = call("git", "check-ignore", "backend/venv/bin/python", cwd=config.ROOT)
    assert ignored.returncode in (0, 128), "128: this copy is no repository"


def test_every_extra_is_pinned_with_its_package():
    """pip 23 asks for `pydantic[email]` itself in hash mode, which a pin of `pydantic` does not fulfil."""
    text = (BACKEND / "requirements.txt").read_text()
    assert "pydantic[email]==" in text
    assert "psycopg[binary]==" in text


def test_the_tests_run_on_the_versions_of_the_product():
    """`make test` installs the second list alone."""
    pins = [set(re.findall(r"^\S+==\S+", (BACKEND / name).read_text(), re.MULTILINE)) for name in REQUIREMENTS]
    assert len(pins[0]) > 50
    assert pins[0] <= pins[1]


@pytest.mark.parametrize("kind", ["single", "pooled"])
def test_without_an_address_a_new_connection_goes_to_the_server_of_the_run(tmp_path, monkeypatch, kind):
    settings = config.load({"DATA_DIR": str(tmp_path), "EXPORT_DIR": str(tmp_path)})
    celery = celery_config.make_celery(
        dataclasses.replace(settings, redis_url=celery_config.DEFAULT_BROKER), set_as_current=False
    )
    monkeypatch.setattr(celery_config, "_followed", [tmp_path])
    connection = celery.connection_for_read() if kind == "single" else celery.pool.acquire()
    for url in (None, "redis://:first@127.0.0.1:1111/0", "redis://:second@127.0.0.1:2222/0"):
        monkeypatch.setattr(celery_config, "embedded_redis_url", lambda _, url=url: url)
        with contextlib.suppress(OSError, *connection.connection_errors):  # nobody need listen there
            connection._establish_connection()
        assert connection.as_uri(include_password=True).rstrip("/") == (url or celery_config.DEFAULT_BROKER)


def test_the_app_is_created_on_first_use(tmp_path):
    environ = {**os.environ, "ENV_FILE": os.devnull, "DATA_DIR": str(tmp_path), "EXPORT_DIR": str(tmp_path)}
    code = "import app\nassert 'app' not in vars(app)\nfirst = app.app\nassert first is app.app"
    done = subprocess.run([sys.executable, "-c", code], cwd=BACKEND, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
