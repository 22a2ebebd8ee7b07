"""Checks that words which were replaced by the field's terms (docs/glossary.md) do not come back.

words.py [FOLDER...]      by default backend, frontend and scripts; always the documents and the page's texts

Three rules:
- a past participle is no name: `found`, `made`, … say what happened to a value, not what it is;
- no part of a name is one of PICTURES, which each have a term;
- documents and texts for users contain none of PHRASES.
Names of others stay: JSON fields, columns and old CLI commands (ALLOWED).
"""

from __future__ import annotations

import io
import json
import re
import sys
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("backend", "frontend", "scripts")
SKIPPED = {".venv", "venv", "node_modules", "dist", "coverage", "versions", "locales", "__pycache__", "instance"}
GENERATED = {"api-types.ts", "auto-imports.d.ts", "components.d.ts"}

PARTICIPLES = frozenset({"found", "made", "wanted", "chosen", "kept", "shown", "told", "asked", "said", "gone"})
PICTURES = {
    "lamp": "health check",
    "lights": "health checks",
    "courier": "publisher",
    "bag": "buffer",
    "doctor": "check",
    "twin": "duplicate",
    "twins": "duplicates",
    "timetable": "schedule",
    "ledger": "send log",
    "stretch": "range",
    "stretches": "ranges",
    "narrowing": "filters",
    "keeper": "record",
    "hero": "summary card",
    "desk": "admin",
    "grave": "critical",
    "wish": "request",
    "intention": "idempotency key",
    "confess": "report",
    "redeem": "complete",
    "appoint": "create",
    "forget": "delete",
    "figure": "metric",
    "figures": "metrics, statistics",
    "fault": "error",
    "faults": "errors",
    "facts": "context",
}
PHRASES = (
    "Yours for sure",
    "This is not yours to see",
    "Look into your mail",
    "the time goes on counting",
    "What the signs mean",
    "Nobody fits",
    "counts from now on",
    "Too many tries",
    "Parked at once",
    "Reserved before",
    "Half stayed no longer",
    "How the price came about",
    "flask mail doctor",
    "flask names twins",
    "timetable",
    "courier",
    "lamp",
)
"""Whole words, upper or lower case alike."""

ALLOWED: dict[str, tuple[str, ...]] = {
    "figures": ("",),  # a field of the statistics' API and of stored mails
    "faults": (
        "backend/parking/lot_admin/",
        "backend/parking/web/",
        "backend/tests/",
        "frontend/src/features/lots/admin/",
    ),
    "fault": ("backend/parking/web/", "backend/parking/mail/", "backend/tests/"),
    "facts": ("backend/parking/mail/", "backend/parking/web/", "backend/tests/"),
    "gone": ("frontend/src/features/lots/",),  # a field of the event of a deleted lot
}
"""Word -> where it may stand: tests inject faults (the field's term), a column is called `facts`, an answer has the
field `faults`."""


def main(folders: list[str]) -> int:
    """Prints one line per offender. Exit code 1 when there is one."""
    offenders = [line for folder in folders or FOLDERS for line in check_names(ROOT / folder)]
    offenders += check_texts(ROOT)
    sys.stdout.write("".join(f"{line}\n" for line in offenders))
    return 1 if offenders else 0


def check_names(folder: Path, root: Path = ROOT) -> list[str]:
    """A sentence for each name in code that uses a replaced word."""
    offenders = []
    for file in files(folder, {".py", ".ts", ".vue"}):
        where = file.relative_to(root).as_posix()
        read = python_names if file.suffix == ".py" else script_names
        for line, name in read(file.read_text(encoding="utf-8")):
            if problem := problem_of(name, where):
                offenders.append(f"{where}:{line}: {problem}")
    return offenders


def problem_of(name: str, where: str) -> str | None:
    """What is wrong with a name in this file."""
    word = name.strip("_").lower()
    if word in PARTICIPLES and not where.startswith(ALLOWED.get(word, ("\0",))):
        return f"{name}: name what the value is"
    if name.startswith("test_"):
        return None  # a sentence
    for part in (word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)):
        if part in PICTURES and not where.startswith(ALLOWED.get(part, ("\0",))):
            return f"{name}: the term is {PICTURES[part]}"
    return None


def check_texts(root: Path = ROOT) -> list[str]:
    """A sentence for each phrase in the documents (the changelog names old words) or in the page's texts."""
    documents = [file for file in [*root.glob("*.md"), *(root / "docs").glob("*.md")] if file.name != "CHANGELOG.md"]
    texts = {file: file.read_text(encoding="utf-8") for file in documents}
    for file in sorted((root / "frontend" / "src").rglob("locales/*.json")):
        texts[file] = "\n".join(strings(json.loads(file.read_text(encoding="utf-8"))))
    phrase = re.compile(rf"\b({'|'.join(map(re.escape, PHRASES))})\b", re.IGNORECASE)
    return [
        f"{file.relative_to(root).as_posix()}: {match.group()}"
        for file, text in texts.items()
        for match in phrase.finditer(text)
    ]


def strings(texts: dict[str, object]) -> Iterator[str]:
    """The keys and the texts of a locale file; keys as words."""
    for key, value in texts.items():
        yield re.sub(r"(?=[A-Z])", " ", key)
        yield from strings(value) if isinstance(value, dict) else [str(value)]


def files(folder: Path, suffixes: set[str]) -> Iterator[Path]:
    """The files of code in this folder and below it."""
    for entry in sorted(folder.iterdir()):
        if entry.is_symlink() or entry.name in SKIPPED or entry.name in GENERATED or entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from files(entry, suffixes)
        elif entry.suffix in suffixes:
            yield entry


def python_names(text: str) -> Iterator[tuple[int, str]]:
    """Line and name of every name in Python."""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.NAME:
            yield token.start[0], token.string


def script_names(text: str) -> Iterator[tuple[int, str]]:
    """Line and name of every name in TypeScript, in a component that of its script; without comments and strings."""
    if "<template>" in text:
        text = text[: text.index("<template>")]
    text = re.sub(r"/\*.*?\*/|//[^\n]*|'(?:[^'\n\\]|\\.)*'|`[^`]*`|/[^/\n ]+/", _blank, text, flags=re.DOTALL)
    for number, line in enumerate(text.splitlines(), 1):
        for name in re.findall(r"[A-Za-z_$][\w$]*", line):
            yield number, name


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match.group())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
