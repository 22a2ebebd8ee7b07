"""The OpenAPI document, attacked by schemathesis: what it says is what is answered, whatever is sent."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, datetime

import pytest
import schemathesis
from jsonschema_rs import Draft202012Validator
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema

# A stream has no end, so it cannot be asked in-process; tests/live has it on a real server.
ENDLESS = ["/api/stream"]


def configuration(token: str, examples: int) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": 20260302,
            "headers": {"Authorization": f"Bearer {token}"},
            "continue-on-failure": True,
            "generation": {"max-examples": examples, "database": "none", "no-shrink": True, "deterministic": True},
            "checks": {
                # Rules over several fields ("ends before it begins", "unknown time zone") are 422, a guessed ETag is
                # 412: no JSON Schema can say so, and the data are well-formed.
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", "401", "403", "404", "409", "412", "422", "429", "503"]
                },
            },
        }
    )


def attack(town, who: str, examples: int):
    """Runs everything schemathesis has; (answers counted by operation and status, failures)."""
    schema = schemathesis.openapi.from_wsgi(
        "/api/openapi.json", town.app, config=configuration(town.tokens[who], examples)
    ).exclude(path=ENDLESS)

    @schema.hook
    def map_path_parameters(context, path_parameters):
        """Ids that exist, where any number would do."""
        return {
            name: value % 5 + 1 if type(value) is int and value > 5 else value
            for name, value in (path_parameters or {}).items()
        }

    answers: dict[str, Counter] = defaultdict(Counter)
    failures: dict[str, str] = {}
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            failures[f"error {getattr(event, 'label', '')}"] = str(getattr(event, "value", None) or event.exception)
        if not isinstance(event, events.ScenarioFinished):
            continue
        for case_id, interaction in event.recorder.interactions.items():
            if interaction.response is not None:
                label = event.recorder.cases[case_id].value.operation.label
                answers[label][interaction.response.status_code] += 1
        for case_id, checks in event.recorder.checks.items():
            for check in checks:
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    label = event.recorder.cases[case_id].value.operation.label
                    failures.setdefault(
                        f"{label}: {check.name}: {failure.title}",
                        f"{failure.message}\n{check.failure_info.code_sample}"[:1200],
                    )
    return answers, failures


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("who", "examples"), [("alice", 12), ("carol", 12)])
def test_what_the_document_says_is_what_is_answered(town, who, examples):
    answers, failures = attack(town, who, examples)
    assert not failures, "\n\n".join(f"{what}\n{how}" for what, how in failures.items())
    total = sum(sum(of.values()) for of in answers.values())
    assert total >= 500, f"only {total} requests were made"
    served = {status for of in answers.values() for status in of}
    assert not any(status >= 500 and status != 503 for status in served)
    assert town.ask("GET", "/api/lots", who).status_code == 200, "the attacker lost his own account on the way"


def test_the_document_is_valid_and_complete(town):
    spec = town.ask("GET", "/api/openapi.json").json
    assert spec["openapi"].startswith("3.1")
    for name, schema in spec["components"]["schemas"].items():
        Draft202012Validator(schema | {"components": spec["components"]})
        assert "." not in name, f"{name} is a second copy of a nested schema"
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation.get("summary"), f"{where} has no summary"
            assert operation.get("tags"), f"{where} has no tag"
            assert any(status.startswith("2") for status in operation["responses"]), where
            assert "503" in operation["responses"], where
    described = {tag["name"]: tag["description"] for tag in spec["tags"]}
    assert all(said != name for name, said in described.items()), described


def test_every_reference_leads_somewhere(town):
    spec = town.ask("GET", "/api/openapi.json").json

    def references(node):
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for child in node.values():
                yield from references(child)
        elif isinstance(node, list):
            for child in node:
                yield from references(child)

    for reference in set(references(spec)):
        found = spec
        for part in reference.removeprefix("#/").split("/"):
            assert part in found, f"{reference} leads nowhere"
            found = found[part]


def test_every_route_under_api_and_auth_is_documented(town):
    spec = town.ask("GET", "/api/openapi.json").json
    documented = {(method, path) for path, operations in spec["paths"].items() for method in operations}
    for rule in town.app.url_map.iter_rules():
        if not rule.rule.startswith(("/api/", "/auth/")) or rule.rule == "/api/openapi.json":
            continue
        path = rule.rule
        for argument in rule.arguments:
            kind = rule._converters[argument].__class__.__name__
            path = path.replace(f"<int:{argument}>" if kind == "_Id" else f"<{argument}>", f"{{{argument}}}")
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            assert (method.lower(), path) in documented, f"{method} {rule.rule} is missing from the document"


def test_times_go_out_in_utc_with_z(town):
    server_time = town.ask("GET", "/api/public/site").json["site"]["server_time"]
    assert server_time.endswith("Z")
    assert abs((datetime.fromisoformat(server_time) - datetime.now(UTC)).total_seconds()) < 60
