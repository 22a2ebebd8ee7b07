"""Compares all locked libraries, backend and page, with lists of known weaknesses. `make audit`.

Exit code: 0 when all were compared and none is known; 1 when one is; 3 when a list did not answer for some of them,
which says nothing about these.
"""
# ruff: noqa: S603 - the commands are those below, without a shell

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
BACKEND, FRONTEND = ROOT / "backend", ROOT / "frontend"
PYTHON_LOCKS = ("requirements-dev.txt", "requirements-setup.txt", "requirements-node.txt")
"""The first has all libraries of requirements.txt, too."""
KNOWN, INCOMPLETE = 1, 3
MOST_CHARACTERS = 200


@dataclass
class Result:
    """What the lists say about one lock file."""

    compared: int = 0
    not_compared: int = 0
    weaknesses: list[str] = field(default_factory=list)
    problem: str = ""


def read_pip_audit(output: str, errors: str = "") -> Result:
    """The report of pip-audit. It calls a library for which PyPI has no answer skipped, and finds no fault in that.
    Without any answer it ends with a traceback, whose last line says why."""
    document = _object(output)
    if document is None:
        reason = (errors.strip().splitlines() or ["it said nothing"])[-1]
        return Result(problem=f"pip-audit got no answer ({_shortened(reason)})")
    result = Result()
    for library in document.get("dependencies", []):
        if "skip_reason" in library:
            result.not_compared += 1
            result.problem = library["skip_reason"]
            continue
        result.compared += 1
        for known in library.get("vulns", []):
            fixed = ", ".join(known.get("fix_versions", [])) or "no version yet"
            result.weaknesses.append(f"{library['name']} {library['version']}: {known['id']}, fixed in {fixed}")
    return result


def read_npm_audit(output: str) -> Result:
    """The report of `npm audit --json`."""
    document = _object(output)
    if document is None or "vulnerabilities" not in document:
        return Result(problem=(document or {}).get("message") or "npm audit got no answer")
    result = Result(compared=document.get("metadata", {}).get("dependencies", {}).get("total", 0))
    for name, known in sorted(document["vulnerabilities"].items()):
        titles = [via["title"] for via in known.get("via", []) if isinstance(via, dict)]
        cause = "; ".join(titles) or "through " + ", ".join(str(via) for via in known.get("via", []))
        result.weaknesses.append(f"{name} {known.get('range', '')} ({known.get('severity')}): {cause}")
    return result


def _shortened(text: str) -> str:
    return text if len(text) <= MOST_CHARACTERS else f"{text[:MOST_CHARACTERS]} …"


def _object(output: str) -> dict[str, Any] | None:
    try:
        document = json.loads(output)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def compare_python(lock: str) -> Result:
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes", "--progress-spinner", "off"]
    ended = _run([*command, "--format", "json", "-r", lock], BACKEND)
    return read_pip_audit(ended.stdout, ended.stderr)


def compare_page() -> Result:
    return read_npm_audit(_run(["npm", "audit", "--json", "--package-lock-only"], FRONTEND).stdout)


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def report(results: dict[str, Result]) -> int:
    """Prints what is known of each lock file. Returns the exit code."""
    for name, result in results.items():
        if result.problem:
            missing = f"{result.not_compared} libraries" if result.not_compared else "it"
            say(f"{name}: NOT COMPARED, nothing is known about {missing}: {result.problem}")
        if result.compared:
            say(f"{name}: {result.compared} libraries compared, {len(result.weaknesses)} known weaknesses")
        for line in result.weaknesses:
            say(f"  {line}")
    if any(result.weaknesses for result in results.values()):
        say("SECURITY.md says in how many days each has to be replaced.")
        return KNOWN
    if any(result.problem for result in results.values()):
        say("Not all libraries were compared, so this is no all-clear. Run it where PyPI and the npm registry answer.")
        return INCOMPLETE
    return 0


def main() -> int:
    results = {f"backend/{lock}": compare_python(lock) for lock in PYTHON_LOCKS}
    results["frontend/package-lock.json"] = compare_page()
    return report(results)


if __name__ == "__main__":
    sys.exit(main())
