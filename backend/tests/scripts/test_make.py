"""The ways in: `make`, its set-up, and the tests' own runner."""

import os
import re
import shutil
import subprocess
import sys

import pytest

import config
from tests.scripts.loader import load

ROOT = config.ROOT


@pytest.fixture
def setup(monkeypatch, tmp_path):
    """The set-up script, its folders moved to an empty checkout."""
    module = load("setup")
    places = {
        "ROOT": tmp_path,
        "BACKEND": tmp_path / "backend",
        "FRONTEND": tmp_path / "frontend",
        "VENV": tmp_path / "backend" / ".venv",
        "PYTHON": tmp_path / "backend" / ".venv" / "bin" / "python",
        "OWN_NODE": tmp_path / "backend" / ".venv" / "node",
        "MODULES": tmp_path / "frontend" / "node_modules",
        "DIST": tmp_path / "frontend" / "dist",
    }
    for name, place in places.items():
        monkeypatch.setattr(module, name, place)
    for folder in ("backend", "frontend/src", "frontend/node_modules"):
        (tmp_path / folder).mkdir(parents=True)
    for file in ("frontend/package.json", "frontend/package-lock.json", "frontend/src/main.ts"):
        (tmp_path / file).write_text(file)
    return module


def test_make_alone_lists_every_target():
    make = shutil.which("make")
    assert make
    listed = subprocess.run([make, "-s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^\.PHONY: (\S+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert targets == re.findall(r"make (\S+)", listed)
    assert {"run", "demo", "test", "dev", "bench", "lint", "format", "lock", "migration", "replay"} <= set(targets)


def test_ci_runs_make_test():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert "make test" in script.read_text()


def test_no_file_of_the_set_up_names_a_registry():
    files = [*ROOT.glob("backend/requirements*"), ROOT / "Dockerfile", ROOT / "Makefile", *ROOT.glob("scripts/*.*")]
    files += [ROOT / "frontend" / "package-lock.json", ROOT / "frontend" / ".npmrc"]
    for file in files:
        assert not re.search(r"pypi|npmjs|registry\.|--index-url http|\"resolved\"", file.read_text()), file


def test_a_machine_without_python_gets_a_message_that_says_what_to_install(tmp_path):
    (tmp_path / "sh").symlink_to(shutil.which("sh"))
    result = subprocess.run(
        [tmp_path / "sh", ROOT / "scripts" / "setup.sh", "python"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "Python 3.11 or newer is needed" in result.stderr


def test_an_old_python_is_passed_over(tmp_path):
    """Only python3 is there, and it is too old."""
    (tmp_path / "sh").symlink_to(shutil.which("sh"))
    (tmp_path / "python3").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python3").chmod(0o755)
    command = [tmp_path / "sh", ROOT / "scripts" / "setup.sh", "python"]
    result = subprocess.run(command, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False)
    assert (result.returncode, "3.11" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("version", "good"),
    [
        ("18.20.1", False),
        ("20.18.3", False),
        ("20.19.0", True),
        ("21.7.0", False),
        ("22.12.0", False),
        ("22.13.0", True),
        ("23.5.0", False),
        ("24.0.0", True),
        ("26.1.0", True),
        ("", False),
    ],
)
def test_which_node_is_new_enough(setup, version, good):
    assert setup.new_enough(version) is good


@pytest.fixture
def built(setup, monkeypatch, tmp_path):
    """The commands that npm was given; it builds an empty page."""
    commands = []

    def npm(node, *arguments):
        commands.append(arguments[0])
        setup.DIST.mkdir(exist_ok=True)
        (setup.DIST / "index.html").touch()

    monkeypatch.setattr(setup, "npm", npm)
    monkeypatch.setattr(setup, "node_folder", lambda: tmp_path)
    return commands


def test_the_page_is_built_again_only_when_its_sources_changed(setup, built, tmp_path):
    for _ in range(2):
        setup.build_page()
    assert built == ["ci", "exec"]
    (tmp_path / "frontend/src/main.ts").write_text("changed")
    setup.build_page()
    assert built == ["ci", "exec", "exec"]
    (tmp_path / "frontend/package-lock.json").write_text("changed")
    setup.build_page()
    assert built == ["ci", "exec", "exec", "ci", "exec"]
    shutil.rmtree(setup.DIST)
    setup.build_page()
    assert built == ["ci", "exec", "exec", "ci", "exec", "exec"]


def test_a_build_with_all_checks_serves_for_a_run_but_not_the_other_way(setup, built):
    for checked in (False, True, True, False):
        setup.build_page(checked=checked)
    assert built == ["ci", "exec", "run"]


def test_a_failed_build_is_tried_again(setup, monkeypatch, tmp_path):
    def npm(node, *arguments):
        if arguments[0] == "exec":
            raise setup.SetupError("failed")

    monkeypatch.setattr(setup, "npm", npm)
    monkeypatch.setattr(setup, "node_folder", lambda: tmp_path)
    for _ in range(2):
        with pytest.raises(setup.SetupError):
            setup.build_page()


def test_a_virtual_environment_that_does_not_run_is_made_anew(setup):
    """Moved, or its Python was removed."""
    setup.PYTHON.parent.mkdir(parents=True)
    setup.PYTHON.symlink_to("/nowhere/python3.11")
    assert setup.python_version() == ()
    setup.environment()
    assert setup.python_version() == sys.version_info[:2]


def test_a_chosen_browser_that_is_not_there_is_an_error(setup, monkeypatch):
    monkeypatch.setenv("CHROMIUM_PATH", "/nowhere/chromium")
    with pytest.raises(setup.SetupError, match="/nowhere/chromium"):
        setup.browser()


def test_the_summary_counts_what_failed_and_runs_the_rest(monkeypatch, capfd):
    runner = load("test")
    checks = [
        runner.Check("backend", "bad", (sys.executable, "-c", "raise SystemExit(1)"), ROOT),
        runner.Check("backend", "missing", ("/nowhere/tool",), ROOT),
        runner.Check("page", "good", (sys.executable, "-c", "print('ran')"), ROOT),
    ]
    monkeypatch.setattr(runner, "CHECKS", checks)
    assert runner.main([]) == 1
    assert "1 passed, 2 failed" in capfd.readouterr().out
    assert runner.main(["page"]) == 0
    assert runner.main(["unknown"]) == 2


def test_the_tests_do_not_see_the_callers_installation(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://precious")
    runner = load("test")
    assert "DATABASE_URL" not in runner.environment()
    assert runner.environment()["ENV_FILE"] == os.devnull
