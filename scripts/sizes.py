"""Checks that files and folders stay small enough to read: at most 400 lines in a file, 15 files in a folder.

sizes.py [FOLDER...]      by default the code of backend, frontend, scripts and bench

Tests are code like any other. Rules for what may be larger:
- a table of data has one entry per line and is not read from top to bottom: TABLES lists these files;
- generated files, migrations and locale files are not written or read as code, and count in no folder.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("backend", "frontend", "scripts", "bench")
CODE = {".py", ".ts", ".vue", ".css"}
MAX_LINES, MAX_FILES = 400, 15

SKIPPED_FOLDERS = {".venv", "venv", "node_modules", "dist", "coverage", "versions", "locales", "__pycache__"}
GENERATED = {"api-types.ts", "auto-imports.d.ts", "components.d.ts"}
TABLES = {"backend/tests/test_routes_by_identity.py": "who may call each route"}
"""File -> what it lists."""


def main(folders: list[str]) -> int:
    """Prints one line per offender. Exit code 1 when there is one."""
    offenders = [line for folder in folders or FOLDERS for line in check(ROOT / folder)]
    sys.stdout.write("".join(f"{line}\n" for line in offenders))
    return 1 if offenders else 0


def check(folder: Path, root: Path = ROOT) -> list[str]:
    """A sentence for each file and folder that is too large."""
    offenders, counts = [], Counter[Path]()
    for file in code_files(folder):
        name = file.relative_to(root).as_posix()
        lines = len(file.read_bytes().splitlines())
        if lines > MAX_LINES and name not in TABLES:
            offenders.append(f"{name}: {lines} lines, at most {MAX_LINES}")
        counts[file.parent] += 1
    for parent, count in sorted(counts.items()):
        if count > MAX_FILES:
            offenders.append(f"{parent.relative_to(root).as_posix()}: {count} files, at most {MAX_FILES}")
    return offenders


def code_files(folder: Path) -> Iterator[Path]:
    """The files of code in this folder and below it."""
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.is_symlink():
            if entry.name not in SKIPPED_FOLDERS and not entry.name.startswith("."):
                yield from code_files(entry)
        elif entry.suffix in CODE and entry.name not in GENERATED and not entry.is_symlink():
            yield entry


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
