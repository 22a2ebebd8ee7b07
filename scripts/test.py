"""Runs the checks one after the other, all of them also when one fails, and sums up. `make test`, `make lint`.

test.py [STEP...]      steps: lint backend page e2e (all, when none is named)
"""
# ruff: noqa: S603 - the commands are the table below, without a shell

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BACKEND, FRONTEND = ROOT / "backend", ROOT / "frontend"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PROCESSES = "4"


@dataclass(frozen=True)
class Check:
    step: str
    name: str
    command: tuple[str, ...]
    folder: Path = BACKEND


def python(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", *arguments)


def ruff(*arguments: str) -> tuple[str, ...]:
    """With the settings of the backend also for the folders beside it."""
    return python("ruff", *arguments, "--config", "pyproject.toml", ".", "../scripts", "../bench")


CHECKS = (
    Check("page", "types and build", ("sh", "scripts/setup.sh", "checked"), ROOT),
    Check("lint", "ruff", python("ruff", "check", "--config", "pyproject.toml", ".", "../scripts", "../bench")),
    Check(
        "lint",
        "ruff format",
        python("ruff", "format", "--config", "pyproject.toml", "--check", "--quiet", ".", "../scripts", "../bench"),
    ),
    Check("lint", "mypy", python("mypy", ".")),
    Check("lint", "import arrows", (str(Path(sys.executable).parent / "lint-imports"),)),
    Check("lint", "sizes", (sys.executable, "../scripts/sizes.py")),
    Check("lint", "words", (sys.executable, "../scripts/words.py")),
    Check("lint", "eslint, prettier", ("npm", "run", "--silent", "lint"), FRONTEND),
    Check("lint", "the API's types", ("npm", "run", "--silent", "types", "--", "--check"), FRONTEND),
    Check("lint", "the OpenAPI document", ("npm", "run", "--silent", "openapi"), FRONTEND),
    Check("backend", "pytest", python("pytest", "-n", PROCESSES, "--dist", "worksteal")),
    Check("page", "vitest", ("npm", "run", "--silent", "test"), FRONTEND),
    Check("e2e", "browser", ("npm", "run", "--silent", "e2e"), FRONTEND),
)


def main(steps: list[str]) -> int:
    known = {check.step for check in CHECKS}
    if unknown := set(steps) - known:
        sys.stderr.write(f"no such step: {', '.join(sorted(unknown))}; there are {', '.join(sorted(known))}\n")
        return 2
    results = [(check, *run(check)) for check in CHECKS if not steps or check.step in steps]
    say("\nSummary")
    for check, code, seconds in results:
        say(f"  {'ok    ' if code == 0 else 'FAILED'}  {check.step:<8} {check.name:<18} {seconds:6.0f} s")
    failed = sum(code != 0 for _, code, _ in results)
    say(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


def run(check: Check) -> tuple[int, float]:
    say(f"\n=== {check.step}: {check.name}")
    started = time.monotonic()
    try:
        code = subprocess.call(check.command, cwd=check.folder, env=environment(), stdin=subprocess.DEVNULL)
    except OSError as error:
        say(f"cannot run {check.command[0]}: {error}")
        code = 127
    return code, time.monotonic() - started


def environment() -> dict[str, str]:
    """The caller's, without what would make the tests use somebody's data; with the browser that was found."""
    variables = {name: value for name, value in os.environ.items() if name not in OWN_VARIABLES}
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser:
        variables.setdefault("CHROMIUM_PATH", browser)
    return {**variables, "ENV_FILE": os.devnull}


def variables_of(example: Path) -> set[str]:
    """The names in .env.example, commented out or not."""
    lines = (line.lstrip("# ") for line in example.read_text().splitlines())
    return {line.partition("=")[0] for line in lines if "=" in line and line.partition("=")[0].isupper()}


OWN_VARIABLES = variables_of(ROOT / ".env.example")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
