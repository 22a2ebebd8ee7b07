"""The words that people use: in mails in both languages, and in what the API says to people."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import parking
from parking.mail.i18n import LANGUAGES, catalogue

REPLACED = {
    "en": re.compile(
        r"It is yours|need not choose|if you like|runs until you release it|\b(?:[Ee]-)?[Mm]ails?\b(?! servers?\b)"
        r"|Find another way|Everything runs|[Nn]ot well|\bin all\b|Become the administrator|By itself|Did not come"
        r"|than a week before|Several spots|Back into service|A day for that limit|\bTo pay\b|\bthe series\b|start page"
    ),
    "de": re.compile(
        r"\bPl(?:atz|ätzen?|atzes)\b|bleibt frei für|Parkt selbst|Ihnen sicher|Lade(?:säule|station|platz)"
        r"|(?<!E-)\bMails?\b|\bBelegung\b|\bSerien?\b|\bManager\b|Deaktiviert|Administratoren|Versäumte Buchung"
        r"|verschickt"
    ),
}
"""As the page has them (frontend/src/app/texts.spec.ts)."""
SENTENCES = frozenset({"detail", "message"})


@pytest.mark.parametrize("language", LANGUAGES)
def test_mails_have_the_words_that_people_use(language):
    texts = [
        (f"{section}.{key}", translations[language])
        for section, entries in catalogue().items()
        for key, translations in entries.items()
    ]
    assert len(texts) > 300
    assert [text for text in texts if REPLACED[language].search(text[1])] == []


def test_refusals_and_messages_of_the_api_have_them_too():
    folder = Path(parking.__file__).parent
    sentences = [
        (f"{path.relative_to(folder)}:{line}", text)
        for path in sorted(folder.rglob("*.py"))
        for line, text in sentences_of(ast.parse(path.read_text(encoding="utf-8")))
        if " " in text
    ]
    assert len(sentences) > 200
    assert [sentence for sentence in sentences if REPLACED["en"].search(sentence[1])] == []


def sentences_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and text of every string that is raised, or given as a message or detail; what is filled in stands as {}."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Raise) and node.exc:
            yield from strings(node.exc)
        elif isinstance(node, ast.keyword) and node.arg in SENTENCES:
            yield from strings(node.value)
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value in SENTENCES:
                    yield from strings(value)
        elif isinstance(node, ast.Assign) and any(
            isinstance(one, ast.Name) and one.id in SENTENCES for one in node.targets
        ):
            yield from strings(node.value)


def strings(tree: ast.AST) -> Iterator[tuple[int, str]]:
    if isinstance(tree, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in tree.values)
        yield tree.lineno, "".join(map(str, parts))
    elif isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        yield tree.lineno, tree.value
    else:
        for child in ast.iter_child_nodes(tree):
            yield from strings(child)
