"""The garbage collector rests while the program is loaded, and works in the program that serves."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.services import BACKEND, own_environment

SAY = "import gc; print(sum(one['collections'] for one in gc.get_stats()), gc.isenabled(), gc.get_freeze_count())"


def collections_of(program: str, tmp_path) -> tuple[int, bool, int]:
    """How often the collector ran, whether it works at the end, and how many objects it leaves alone."""
    environ = {**own_environment(), "DATA_DIR": str(tmp_path), "DATABASE_URL": f"sqlite:///{tmp_path}/x.db"}
    command = [sys.executable, "-c", f"{program}\n{SAY}"]
    words = subprocess.run(command, cwd=BACKEND, env=environ, capture_output=True, text=True, check=True).stdout.split()
    return int(words[-3]), words[-2] == "True", int(words[-1])


@pytest.mark.parametrize("program", ["import app; app.create_app()", "import celery_worker"])
def test_the_collector_rests_until_the_program_is_loaded(program, tmp_path):
    collections, works, left_alone = collections_of(program, tmp_path)
    assert works
    assert left_alone > 100_000
    assert collections < 250  # before this module is imported: libraries


def test_control_without_the_rest_it_runs_all_the_time(tmp_path):
    collections, *_ = collections_of("import gc, loading; gc.enable(); import app; app.create_app()", tmp_path)
    assert collections > 500
