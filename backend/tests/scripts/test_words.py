"""The check of words finds replaced words in names, documents and texts, and lets the names of others pass."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest

import config
from tests.scripts.loader import load


@pytest.fixture(scope="module")
def words() -> ModuleType:
    return load("words")


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "text", "offenders"),
    [
        ("a.py", "found = 1", ["a.py:1: found: name what the value is"]),
        ("a.py", "x.kept", ["a.py:1: kept: name what the value is"]),
        ("a.py", "\nclass CourierThread: ...", ["a.py:2: CourierThread: the term is publisher"]),
        ("a.py", "def list_twins(): ...", ["a.py:1: list_twins: the term is duplicates"]),
        ("a.ts", "const todaysFigure = 1", ["a.ts:1: todaysFigure: the term is metric"]),
        (
            "a.vue",
            "const lights = 1\n<template><p>lights</p></template>",
            ["a.vue:1: lights: the term is health checks"],
        ),
        ("a.py", "founder = 1  # found: in a comment", []),
        ("a.py", "text = 'lamp'", []),
        ("a.py", "def test_a_booking_is_found(): ...", []),
        ("a.ts", "const url = 'http://lamp' // a lamp", []),
        ("backend/parking/mail/a.py", "mail.facts", []),
        ("a.py", "mail.facts", ["a.py:1: facts: the term is context"]),
    ],
)
def test_a_replaced_word_in_a_name_is_reported(words, tmp_path, name, text, offenders):
    write(tmp_path / name, text)
    assert words.check_names(tmp_path, tmp_path) == offenders


def test_a_replaced_phrase_in_a_document_or_a_text_is_reported(words, tmp_path):
    write(tmp_path / "README.md", "Run `flask mail doctor`.")
    write(tmp_path / "CHANGELOG.md", "`flask mail doctor` has a new name.")
    write(tmp_path / "docs" / "a.md", "A clamp is no problem. The Lamp is.")
    texts = {"schedule": {"timetableTitle": "Plan", "title": "Nobody fits this search"}}
    write(tmp_path / "frontend" / "src" / "locales" / "en.json", json.dumps(texts))
    assert words.check_texts(tmp_path) == [
        "README.md: flask mail doctor",
        "docs/a.md: Lamp",
        "frontend/src/locales/en.json: timetable",
        "frontend/src/locales/en.json: Nobody fits",
    ]


def test_this_tree_has_no_replaced_words(words):
    assert [line for folder in words.FOLDERS for line in words.check_names(config.ROOT / folder)] == []
    assert words.check_texts() == []
