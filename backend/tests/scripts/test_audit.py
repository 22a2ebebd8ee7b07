"""`make audit` says which libraries have a known weakness, and does not call unknown what it could not ask."""

import json
import os
import subprocess
import sys

import pytest

import config
from tests.scripts.loader import load

ROOT = config.ROOT
audit = load("audit")
CLEAN = {"dependencies": [{"name": "flask", "version": "3.1.2", "vulns": []}], "fixes": []}
WEAK = {
    "dependencies": [
        {"name": "flask", "version": "3.1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.1.1"]}]},
        {"name": "old", "version": "1", "vulns": [{"id": "PYSEC-2", "fix_versions": []}]},
    ]
}
SKIPPED = {"dependencies": [{"name": "flask", "skip_reason": "Dependency not found on PyPI: flask"}]}
PAGE = {"vulnerabilities": {}, "metadata": {"dependencies": {"total": 7}}}
WEAK_PAGE = {
    "vulnerabilities": {
        "axios": {"severity": "high", "range": "<1.2", "via": [{"title": "SSRF"}]},
        "user-of-axios": {"severity": "high", "range": "*", "via": ["axios"]},
    },
    "metadata": {"dependencies": {"total": 7}},
}


def code(python, page):
    results = {"python": audit.read_pip_audit(python), "page": audit.read_npm_audit(page)}
    return audit.report(results)


def test_nothing_known_is_said_only_when_all_were_compared(capsys):
    assert code(json.dumps(CLEAN), json.dumps(PAGE)) == 0
    assert "7 libraries compared, 0 known weaknesses" in capsys.readouterr().out


def test_each_known_weakness_is_named_with_its_remedy(capsys):
    assert code(json.dumps(WEAK), json.dumps(WEAK_PAGE)) == 1
    output = capsys.readouterr().out
    assert "flask 3.1.0: PYSEC-1, fixed in 3.1.1" in output
    assert "old 1: PYSEC-2, fixed in no version yet" in output
    assert "axios <1.2 (high): SSRF" in output
    assert "user-of-axios * (high): through axios" in output


@pytest.mark.parametrize("python", [json.dumps(SKIPPED), "", "Traceback …", "[]"])
def test_a_list_that_does_not_answer_is_no_all_clear(capsys, python):
    """pip-audit itself ends with 0 and "No known vulnerabilities found" where PyPI knows none of the libraries."""
    assert code(python, json.dumps(PAGE)) == 3
    output = capsys.readouterr().out
    assert "python: NOT COMPARED, nothing is known about" in output
    assert "this is no all-clear. Run it where PyPI and the npm registry answer." in output


def test_without_a_network_it_says_so_and_ends_with_3(tmp_path):
    """The whole command, with a proxy that nobody has: nothing leaves the machine."""
    nowhere = dict.fromkeys(("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy"), "http://127.0.0.1:9")
    settings = {"NO_PROXY": "", "no_proxy": "", "npm_config_fetch_retries": "0", "PIP_CACHE_DIR": str(tmp_path)}
    environment = {**os.environ, **nowhere, **settings}
    command = [sys.executable, str(ROOT / "scripts" / "audit.py")]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    lines = ended.stdout.splitlines()
    assert (ended.returncode, len(lines), ended.stderr) == (3, 5, ""), ended
    assert all("NOT COMPARED, nothing is known about it: " in line for line in lines[:4])
    assert "pip-audit got no answer (requests.exceptions.ProxyError: " in lines[0]
    assert "no all-clear" in lines[4]


@pytest.mark.parametrize("page", ['{"message": "405 Method Not Allowed", "error": {}}', "", "null"])
def test_neither_is_one_of_npm(capsys, page):
    assert code(json.dumps(CLEAN), page) == 3
    assert "page: NOT COMPARED" in capsys.readouterr().out


def test_a_weakness_counts_more_than_a_list_that_did_not_answer():
    assert code(json.dumps(WEAK), "") == 1


def test_it_runs_every_week_and_every_lock_file_is_compared():
    workflow = (ROOT / ".github" / "workflows" / "audit.yml").read_text()
    assert "schedule:" in workflow
    assert "make audit" in workflow
    locks = {path.name for path in (ROOT / "backend").glob("requirements*.txt")}
    assert locks == {*audit.PYTHON_LOCKS, "requirements.txt"}
    names = {lock: (ROOT / "backend" / lock).read_text() for lock in locks}
    product = [line for line in names["requirements.txt"].splitlines() if "==" in line]
    assert [line for line in product if line.split("==")[0] not in names["requirements-dev.txt"]] == []


def test_the_policy_has_time_limits_for_each_severity():
    policy = (ROOT / "SECURITY.md").read_text()
    for limit in ("critical: 7 days", "high: 30 days", "others: 90 days", "no longer maintained: 180 days"):
        assert limit in policy
