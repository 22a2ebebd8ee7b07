"""What is wrong with a request is told in sentences: every operation, with every kind of bad body and parameter."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

from parking.web.errors.validation import sentences
from tests.contract.samples import filled, json_bodies, sample

MACHINE = re.compile(
    r"tag|discriminator|pattern|regex|\binput\b|\bstring\b|\binteger\b|\bstr\b|\bint\b|dict|NoneType|\bnull\b|None"
    r"|valid |Value error|pydantic|instance|\bextra\b|literal|parse|unable|field required|ensure|\bUTF|\bnan\b|schema"
    r"|[{}\[\]\\^$]|\w\.\w+:|\b[a-z]+_[a-z_]+\b",
    re.IGNORECASE,
)
WRONG = [None, True, -1, 1.5, "", "x" * 5000, "a\x00b", [None], {"a": 1}, 10**400]
TEXTS = ["", "x", "-1", "9" * 30, "a\x00b", "x" * 5000, "2026-13-40"]


def problems_of(answer) -> list[str]:
    """What of this answer is not for a person."""
    body = answer.json
    problems = [] if body["message"] == body["detail"] else ["message and detail differ"]
    problems += [f"an error stands under {field!r}" for field in body["errors"] if not re.fullmatch(r"\w+", field)]
    if body["code"] == "invalid" and not body["errors"]:
        problems.append("no field is named")
    for text in [body["detail"], *(sentence for of_field in body["errors"].values() for sentence in of_field)]:
        words = re.sub(r"“[^”]*”|`counted`|[A-Z]\w+/[A-Z]\w+|\bThis email address cannot be used.*", "", text)
        if not re.fullmatch(r"[A-Z0-9“].*[.?!]", text, re.DOTALL) or MACHINE.search(words):
            problems.append(f"no sentence for a person: {text!r}")
    return problems


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr("parking.accounts.routes.FORGOT_SECONDS", 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_bad_body_is_answered_in_sentences(town):
    spec = town.ask("GET", "/api/openapi.json").json
    messages, bad = set(), {}
    for method, path, schema in json_bodies(spec):
        token = town.head("carol")
        good = sample(spec, schema)
        bodies = [[], None, 7, {}, {"": 1}, {**good, "new field!": 1}, {**good, "{}": 1}]
        bodies += [{**good, field: value} for field in schema.get("properties", {}) for value in WRONG]
        bodies += [{key: value for key, value in good.items() if key != left_out} for left_out in good]
        for body in bodies:
            answer = town.ask(method, path, headers=token, json=body)
            if answer.status_code in (400, 422):
                bad |= {problem: f"{method} {path} {str(body)[:200]}" for problem in problems_of(answer)}
                messages.add(answer.json["detail"])
            if answer.status_code == 401:
                token = town.head("carol")
    assert bad == {}
    assert len(messages) > 60, "too little was refused for this test to say anything"


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_bad_parameter_is_answered_in_sentences(town):
    spec = town.ask("GET", "/api/openapi.json").json
    requests, bad = 0, {}
    for path, operations in sorted(spec["paths"].items()):
        if path == "/api/stream":
            continue
        for method, operation in sorted(operations.items()):
            names = [p["name"] for p in operation["parameters"] if p.get("in") == "query"]
            for name in names:
                for value in TEXTS:
                    answer = town.ask(
                        method.upper(), f"{filled(path)}?{name}={quote(value)}", "carol",
                        json={} if method != "get" else None,
                    )  # fmt: skip
                    requests += 1
                    if answer.status_code in (400, 422):
                        bad |= dict.fromkeys(problems_of(answer), f"{method} {path} {name}={value[:60]!r}")
    assert bad == {}
    assert requests > 200


def test_messages_that_the_client_reported_are_plain(client, auth, alice):
    def message(body):
        return client.post("/api/book", json=body, headers=auth(alice)).json

    assert message({"booking_type": "weekly", "lot_id": 1})["errors"] == {
        "booking_type": ["The booking type must be “instant” or “reserved”."]
    }
    assert message({"booking_type": "instant", "lot_id": "one"})["detail"] == "The lot must be a whole number."
    assert message({})["errors"] == {"lot_id": ["The lot is missing."]}
    assert message([])["errors"] == {"body": ["The body must be a JSON object."]}
    assert message({"lot_id": 1, "": 2})["errors"] == {"body": ["There is a field here that is not known."]}


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("/api/bookings/cancel-range", {"from": "2026-03-02T09:00:00Z"}, "The end is missing."),
        ("/api/waitlist", {}, "The list of lots is missing."),
        ("/api/waitlist", {"lot_ids": [1], "for_minutes": 1}, "The number of minutes must be at least 5."),
    ],
)
def test_fields_have_names_in_words(client, auth, alice, path, body, sentence):
    assert client.post(path, json=body, headers=auth(alice)).json["detail"] == sentence


def test_an_unknown_kind_of_error_is_a_sentence_too():
    pattern = {
        "type": "string_pattern_mismatch",
        "loc": ("name",),
        "msg": "…",
        "input": 1,
        "ctx": {"pattern": "^[a-z]$"},
    }
    assert sentences([pattern], "json") == {"name": ["The name has the wrong format."]}
    problem = {"type": "brand_new", "loc": ("reserved", "spot_id"), "msg": "Input should be shiny", "input": 1}
    assert sentences([problem], "json") == {"spot_id": ["The spot has a value that is not allowed here."]}
