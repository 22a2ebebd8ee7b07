"""The page of the log has words, in every language, for all that the program writes into it."""

import ast
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PROGRAM = ROOT / "backend" / "parking"
PAGE = ROOT / "frontend" / "src" / "features" / "audit"
COMPOSED = {
    f"{thing}.{change}"
    for thing, changes in {
        "second_factor": ("on", "off", "codes", "reset"),
        "spot": ("closure_started", "closure_ended", "closure_missed"),
        "user": ("same_name",),
        "lot": ("same_name",),
        "mail": ("released_after_restore", "discarded_after_restore"),
    }.items()
    for change in changes
}
"""Actions that no call names as a whole."""


def calls():
    """Every call of audit.record in the program."""
    for file in sorted(PROGRAM.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "audit.record":
                yield node


def texts_of(node):
    """The texts that an expression can be, where it names them."""
    if isinstance(node, ast.IfExp):
        return texts_of(node.body) | texts_of(node.orelse)
    return {node.value} if isinstance(node, ast.Constant) and isinstance(node.value, str) else set()


def fields_of(call):
    """The names of the values that a call writes down, where it names them."""
    sides = [one.value for one in call.keywords if one.arg in ("before", "after")]
    keys = [key for side in sides if isinstance(side, ast.Dict) for key in side.keys]
    return {text for key in keys if key is not None for text in texts_of(key)}


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_has_words_for_every_action_thing_and_field(language):
    words = json.loads((PAGE / "locales" / f"{language}.json").read_text(encoding="utf-8"))["audit"]
    all_calls = list(calls())
    actions = COMPOSED.union(*(texts_of(call.args[1]) for call in all_calls))
    things = set().union(*(texts_of(call.args[2]) for call in all_calls))
    fields = set().union(*map(fields_of, all_calls))
    assert len(actions) > 40
    assert len(things) > 10
    assert len(fields) > 10

    def in_words(action):
        thing, change = action.split(".")
        return change in words["action"].get(thing, {})

    assert [one for one in sorted(actions) if not in_words(one)] == []
    assert sorted(things - words["entity"].keys()) == []
    assert sorted(fields - words["field"].keys()) == []


def test_the_log_can_be_narrowed_to_each_kind_of_thing():
    things = set().union(*(texts_of(call.args[2]) for call in calls()))
    offered = (PAGE / "api.ts").read_text(encoding="utf-8").split("ENTITIES = [")[1].split("]")[0]
    assert sorted(thing for thing in things if f"'{thing}'" not in offered) == []
