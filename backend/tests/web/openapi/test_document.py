"""The OpenAPI document, attacked by schemathesis: what it says is what is answered, whatever is sent."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta

import pytest
import schemathesis
from jsonschema_rs import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.engine.run import PhaseName
from schemathesis.generation import GenerationMode
from schemathesis.transport.wsgi import WSGITransport
from sqlalchemy import select

from parking import clock
from parking.accounts.models import Role, User
from parking.accounts.sessions import access_tokens
from parking.database import db
from tests.contract.samples import filled

# A stream has no end, so it cannot be asked in-process; tests/live has it on a real server.
ENDLESS = ["/api/stream"]


def configuration(token: str, examples: int) -> SchemathesisConfig:
    return SchemathesisConfig.from_dict(
        {
            "seed": 20260302,
            "suppress-health-check": ["too_slow"],  # that would be this machine's fault
            "headers": {"Authorization": f"Bearer {token}"},
            "continue-on-failure": True,
            "generation": {"max-examples": examples, "database": "none", "no-shrink": True, "deterministic": True},
            "checks": {
                # Rules over several fields ("ends before it begins", "unknown time zone") are 422, a guessed ETag is
                # 412: no JSON Schema can say so, and the data are well-formed.
                "positive_data_acceptance": {
                    "expected-statuses": ["2xx", "401", "403", "404", "409", "410", "412", "422", "429", "503"]
                },
            },
        }
    )


@pytest.fixture(autouse=True)
def _in_process(monkeypatch):
    """The last moment before a request: well-formed ones get ids that exist, and the socket settings go that
    schemathesis 4.32 hands to an in-process application when a check asks once more."""
    send = WSGITransport.send

    def prepared(self, case, **kwargs):
        sensible(case)
        for name in ("max_redirects", "verify", "cert", "proxies"):
            kwargs.pop(name, None)
        return send(self, case, **kwargs)

    monkeypatch.setattr(WSGITransport, "send", prepared)


class StaysSignedIn:
    """In front of the application: puts a good token of the attacker in the place of his word for it, and undoes what
    he does to his own account on the way (disabled, demoted, signed out everywhere)."""

    WORD = "a-token-of-the-attacker"

    def __init__(self, town, who: str) -> None:
        self.town, self.who, self.wsgi = town, who, town.app.wsgi_app

    def __call__(self, environ, start_response):
        if environ.get("HTTP_AUTHORIZATION") == f"Bearer {self.WORD}":
            with self.town.app.app_context():
                user = db.session.scalars(select(User).where(User.id == self.town.ids[self.who])).one()
                roles = {"user", "admin"} if self.who == "carol" else {"user"}
                if not user.active or {role.name for role in user.roles} != roles:
                    user.active = True
                    user.roles = [r for r in db.session.scalars(select(Role)) if r.name in roles]
                    db.session.commit()
                environ["HTTP_AUTHORIZATION"] = f"Bearer {access_tokens.issue(user.fs_uniquifier)}"
                db.session.remove()
        return self.wsgi(environ, start_response)


def sensible(case) -> None:
    """Lets well-formed requests name what exists; a random id or time would only ever be refused."""
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    known = {
        "timezone": "Europe/Berlin",
        "reserved_start": tomorrow.isoformat(),
        "reserved_end": (tomorrow + timedelta(hours=2)).isoformat(),
        "from": tomorrow.isoformat(),
        "to": (tomorrow + timedelta(hours=3)).isoformat(),
    }
    for place in (case.body, case.query, case.path_parameters):
        if not isinstance(place, dict):
            continue
        for name, value in place.items():
            if name in known and isinstance(value, str):
                place[name] = known[name]
            if name.endswith("id") and type(value) is int and value > 5:
                place[name] = value % 5 + 1


def attack(town, who: str, examples: int):
    """Runs everything schemathesis has; (answers counted by operation and status, failures, scenarios by phase)."""
    town.app.wsgi_app = StaysSignedIn(town, who)
    schema = schemathesis.openapi.from_wsgi(
        "/api/openapi.json", town.app, config=configuration(StaysSignedIn.WORD, examples)
    ).exclude(path=ENDLESS)

    answers: dict[str, Counter] = defaultdict(Counter)
    failures: dict[str, str] = {}
    phases: Counter = Counter()
    for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            failures[f"error {getattr(event, 'label', '')}"] = str(getattr(event, "value", None) or event.exception)
        if not isinstance(event, events.ScenarioFinished):
            continue
        phases[event.phase] += 1
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
    return answers, failures, phases


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize(
    ("database_url", "who"), [("sqlite", "carol"), ("postgresql", "alice")], indirect=["database_url"]
)
def test_what_the_document_says_is_what_is_answered(town, who, monkeypatch):
    monkeypatch.setattr("parking.accounts.routes.FORGOT_SECONDS", 0.0)
    answers, failures, phases = attack(town, who, examples=8)
    assert not failures, "\n\n".join(f"{what}\n{how}" for what, how in failures.items())
    total = sum(sum(of.values()) for of in answers.values())
    assert total >= 2000, f"only {total} requests were made"
    assert {(operation, status) for operation, of in answers.items() for status in of if status >= 500} == set()
    assert phases[PhaseName.STATEFUL_TESTING] > 0, "calls that build on one another"
    never = [operation for operation, of in answers.items() if not any(200 <= status < 300 for status in of)]
    assert len(never) < len(answers) / 2, f"most operations never succeeded, so little was checked: {never}"


def test_the_document_is_valid_and_complete(town):
    spec = town.ask("GET", "/api/openapi.json").json
    assert spec["openapi"].startswith("3.1")
    for name, schema in spec["components"]["schemas"].items():
        Draft202012Validator(schema | {"components": spec["components"]})
        assert "." not in name, f"{name} is a second copy of a nested schema"
        assert "__" not in name, f"two different models are called alike: {name}"
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            where = f"{method} {path}"
            assert operation.get("summary"), f"{where} has no summary"
            assert operation.get("tags"), f"{where} has no tag"
            assert any(status.startswith("2") for status in operation["responses"]), where
            assert "503" in operation["responses"], where
    described = {tag["name"]: tag["description"] for tag in spec["tags"]}
    assert all(description != name for name, description in described.items()), described


def test_a_validator_of_the_specification_has_no_complaint(town):
    """One of three: `npm run openapi` asks two more, which share no code with this one."""
    spec = town.ask("GET", "/api/openapi.json").json
    assert [str(error.message) for error in OpenAPIV31SpecValidator(spec).iter_errors()] == []


PUBLIC = {
    *("post /auth/register", "post /auth/login", "post /auth/refresh", "post /auth/setup", "post /auth/logout"),
    *("post /auth/password/forgot", "post /auth/password/reset", "post /auth/email/confirm"),
    *("get /healthz", "get /readyz", "get /api/public/lots", "get /api/public/site"),
    "get /api/public/lots/{lot_id}",
}


def test_what_needs_no_token_says_so(town):
    spec = town.ask("GET", "/api/openapi.json").json
    open_to_all = set()
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            assert "security" in operation, f"{method} {path} does not say whether it needs a token"
            if {"bearer": []} not in operation["security"] or {} in operation["security"]:
                open_to_all.add(f"{method} {path}")
    assert open_to_all >= PUBLIC
    for one in open_to_all:
        method, path = one.split(" ")
        status = town.ask(method.upper(), filled(path), json={} if method == "post" else None).status_code
        assert status != 401 or path in ("/auth/login", "/auth/refresh", "/auth/logout"), f"{one} wants a token"


def test_the_documented_reservation_can_be_booked_as_it_stands(town):
    schemas = town.ask("GET", "/api/openapi.json").json["components"]["schemas"]
    times = {
        name: schemas["ReservedIn"]["properties"][name]["examples"][0] for name in ("reserved_start", "reserved_end")
    }
    body = {"lot_id": town.lots[1]["id"], "booking_type": "reserved", **times}
    assert town.ask("POST", "/api/book", "bob", json=body).status_code == 201


def test_the_examples_do_not_age_with_the_process(town):
    def start():
        spec = town.ask("GET", "/api/openapi.json").json
        return spec["components"]["schemas"]["ReservedIn"]["properties"]["reserved_start"]["examples"][0]

    with clock.set_to(datetime(2026, 3, 2, 12, tzinfo=UTC)):
        first = start()
        clock.travel(40 * 86_400)
        assert start() > first
        assert datetime.fromisoformat(start() + "Z") > clock.now()


def test_no_body_has_a_default_that_would_change_what_is_left_out(town):
    schemas = town.ask("GET", "/api/openapi.json").json["components"]["schemas"]
    for name in ("ProfileChange", "LotEdit", "SpotEdit", "UserChange"):
        for field, schema in schemas[name]["properties"].items():
            assert "default" not in schema, f"{name}.{field}"


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
        target = spec
        for part in reference.removeprefix("#/").split("/"):
            assert part in target, f"{reference} leads nowhere"
            target = target[part]


def test_every_route_under_api_and_auth_is_documented(town):
    spec = town.ask("GET", "/api/openapi.json").json
    documented = {(method, nameless(path)) for path, operations in spec["paths"].items() for method in operations}
    for rule in town.app.url_map.iter_rules():
        path = rule.rule
        if not path.startswith(("/api/", "/auth/")) or path.startswith(("/api/openapi.json", "/api/frames/")):
            continue
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            assert (method.lower(), nameless(path)) in documented, f"{method} {path} is missing from the document"


def nameless(path: str) -> str:
    return re.sub(r"{[^}]+}|<[^>]+>", "{}", path)


def test_times_go_out_in_utc_with_z(town):
    server_time = town.ask("GET", "/api/public/site").json["site"]["server_time"]
    assert server_time.endswith("Z")
    assert abs((datetime.fromisoformat(server_time) - datetime.now(UTC)).total_seconds()) < 60
