"""The check of sizes finds what is too large and lets the exceptions of its rules pass."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from tests.scripts.loader import load


@pytest.fixture(scope="module")
def sizes() -> ModuleType:
    return load("sizes")


def write(file: Path, lines: int) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("x\n" * lines)


def test_a_file_of_code_may_have_400_lines(sizes, tmp_path):
    write(tmp_path / "good.py", 400)
    write(tmp_path / "long.vue", 401)
    assert sizes.check(tmp_path, tmp_path) == ["long.vue: 401 lines, at most 400"]


def test_tests_too_and_only_a_table_may_be_longer(sizes, tmp_path):
    write(tmp_path / "tests" / "test_a.py", 401)
    write(tmp_path / "src" / "a.spec.ts", 401)
    for table in sizes.TABLES:
        write(tmp_path / table, 5000)
    assert sizes.check(tmp_path, tmp_path) == [
        "src/a.spec.ts: 401 lines, at most 400",
        "tests/test_a.py: 401 lines, at most 400",
    ]


def test_a_folder_may_have_15_files_of_code_and_so_may_a_folder_of_tests(sizes, tmp_path):
    for number in range(16):
        write(tmp_path / "room" / f"m{number}.py", 1)
        write(tmp_path / "room" / "tests" / f"test_{number}.py", 1)
        write(tmp_path / "e2e" / f"m{number}.spec.ts", 1)
        write(tmp_path / "data" / f"d{number}.json", 1)
    for number in range(15):
        write(tmp_path / "tests" / f"test_{number}.py", 1)
    assert sizes.check(tmp_path, tmp_path) == [
        "e2e: 16 files, at most 15",
        "room: 16 files, at most 15",
        "room/tests: 16 files, at most 15",
    ]


def test_generated_files_migrations_and_foreign_code_do_not_count(sizes, tmp_path):
    for name in (
        "api-types.ts",
        "migrations/versions/0001.py",
        "node_modules/a/b.ts",
        ".venv/lib/c.py",
        "locales/d.ts",
    ):
        write(tmp_path / name, 5000)
    assert sizes.check(tmp_path, tmp_path) == []
