"""The documents agree with the code: the rooms in their order, links to files, and settings."""

import re
import tomllib

import pytest

import config

DOCUMENTS = [*config.ROOT.glob("*.md"), *(config.ROOT / "docs").glob("*.md")]


def layers() -> list[list[str]]:
    """The rooms as import-linter checks them, the lowest first."""
    settings = tomllib.loads((config.ROOT / "backend" / "pyproject.toml").read_text())
    contract = next(c for c in settings["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    return [sorted(layer.split(" | ")) for layer in reversed(contract["layers"])]


def test_the_table_of_rooms_has_the_layers_in_their_order():
    text = (config.ROOT / "docs" / "architecture.md").read_text()
    table = re.search(r"\| room \| holds \|\n.*?\n\n", text, re.DOTALL).group()
    assert [sorted(re.findall(r"`(\w+)`", row.split("|")[1])) for row in table.splitlines()[2:] if row] == layers()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_of_a_document_leads_to_a_file(document):
    links = re.findall(r"\]\(([^)#:]+)[^)]*\)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


ASVS_ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \| ([12]) \| ([^|]+) \| (met|n/a|not met) \| ([^|]+) \|$", re.MULTILINE)


def test_the_table_of_the_security_standard_is_whole():
    """All rows of levels 1 and 2, each once and in order, and the counts at the top are those of the table."""
    text = (config.ROOT / "docs" / "asvs.md").read_text()
    rows = ASVS_ROW.findall(text)
    numbers = [tuple(map(int, number.split("."))) for number, *_ in rows]
    assert numbers == sorted(set(numbers))
    assert len(rows) == len(re.findall(r"^\| \d+\.\d", text, re.MULTILINE)) == 217
    for level in "12":
        counts = {
            state: sum(1 for row in rows if row[1] == level and row[3] == state) for state in ("met", "n/a", "not met")
        }
        assert f"| {level} | {counts['met']} | {counts['n/a']} | {counts['not met']} |" in text
        assert counts["not met"] <= (0 if level == "1" else 0.05 * (counts["met"] + counts["not met"]))


def test_what_the_security_standard_is_met_by_exists():
    """Each row names files and tests as they are called."""
    text = (config.ROOT / "docs" / "asvs.md").read_text()
    for path, test in set(re.findall(r"`((?:backend|frontend|docs|deploy|scripts)/[\w./-]+)(?:::(\w+))?`", text)):
        assert (config.ROOT / path).exists(), path
        if test:
            assert f"def {test}(" in (config.ROOT / path).read_text(), f"{path}::{test}"


def test_the_glossary_is_in_alphabetical_order():
    terms = re.findall(r"^- \*\*`?([^*`]+)", (config.ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    assert len(terms) > 50
    assert terms == sorted(terms, key=str.casefold)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_a_document_names_exists(document):
    names = set(re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|md|yml|sh|caddy|tls))`", document.read_text()))
    folders = (config.ROOT, config.ROOT / "backend", config.ROOT / "backend" / "parking")
    assert [name for name in sorted(names) if not any((folder / name).exists() for folder in folders)] == []


def test_every_command_that_a_document_names_exists(app):
    commands = {pair for path in DOCUMENTS for pair in re.findall(r"`flask ([a-z-]+) ([a-z-]+)", path.read_text())}
    groups = app.cli.commands
    known = {(group, name) for group in groups for name in getattr(groups[group], "commands", ())}
    assert commands
    assert commands <= known


def test_every_folder_of_tests_is_a_room_or_a_suite_that_the_document_names():
    tests = config.ROOT / "backend" / "tests"
    document = (config.ROOT / "CONTRIBUTING.md").read_text()
    rooms = {name for layer in layers() for name in layer}
    folders = {path.name for path in tests.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    assert [name for name in sorted(folders - rooms) if f"`{name}`" not in document] == []
