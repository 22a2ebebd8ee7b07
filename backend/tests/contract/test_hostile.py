"""Bodies nobody should send, against every route that reads one: a 4xx with a reason, never a 5xx, never a change."""

from __future__ import annotations

import pytest

from tests.contract.samples import filled, json_bodies, sample
from tests.town import rows

WRONG_TYPES = [{"a": {"b": 1}}, [[]], 10**25, "\x00", "a\x00b"]
"""No field of ours can hold these, whatever it is for."""

ODD_VALUES = [
    None, True, "", "-", -1, -0.0, 0, 1e308, 0.1, 2**63, 2**31, "NaN", "Infinity", "1e400",
    "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-02-30T00:00:00Z",
    "2026-03-29T02:30:00", "2026-01-01T00:00:60Z", "x" * 100_000, "\u202egnip", "\ufeff\u200b", "𝕏" * 50, "\U0010ffff",
    "'; DROP TABLE app_user; --", "=cmd|' /C calc'!A1", "a\r\nBcc: evil@example.com", "../../etc/passwd",
    "<script>alert(1)</script>", "\x1b[31m", "{{7*7}}", "%s%n", [None], ["x"] * 1000, {},
]  # fmt: skip
"""Some of these are right in some fields; everywhere they are answered, and not with a 5xx."""

RAW = {
    "nothing": b"",
    "not json": b"{",
    "null": b"null",
    "an array": b"[]",
    "a text": b'"x"',
    "a number": b"7",
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "1e400": b'{"a": 1e400}',
    "a number of 5000 digits": b'{"a": ' + b"1" * 5000 + b"}",
    "a lone surrogate": b'{"a": "\\ud800"}',
    "a lone surrogate as a key": b'{"\\udfff": 1}',
    "a key twice": b'{"email": "a@example.com", "email": "b@example.com"}',
    "not utf-8": b'{"a": "\xff\xfe"}',
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "10,000 arrays deep": b"[" * 10_000 + b"]" * 10_000,
    "10,000 objects deep": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "cut off deep inside": b'{"a":' * 10_000,
    "10 MB": b'{"a": "' + b"x" * 10_000_000 + b'"}',
}


def is_problem(answer) -> bool:
    body = answer.json
    return (
        answer.content_type == "application/problem+json"
        and body["status"] == answer.status_code
        and body["message"] == body["detail"] != ""
        and body["request_id"] == answer.headers["X-Request-Id"]
        and "Traceback" not in answer.text
    )


@pytest.fixture
def spec(town):
    return town.ask("GET", "/api/openapi.json").json


@pytest.fixture(autouse=True)
def _at_once(monkeypatch):
    monkeypatch.setattr("parking.accounts.routes.FORGOT_SECONDS", 0.0)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_no_value_in_any_field_breaks_anything(town, spec):
    requests = 0
    for method, path, schema in json_bodies(spec):
        for field in schema.get("properties", {}):
            token = town.head("carol")
            for value in (*WRONG_TYPES, *ODD_VALUES):
                # A field of account pages may end the session, so each field begins with a new one.
                answer = town.ask(method, path, headers=token, json={**sample(spec, schema), field: value})
                requests += 1
                report = f"{method} {path} {field}={str(value)[:60]!r}: {answer.status_code} {answer.text[:300]}"
                assert answer.status_code < 500, report
                if any(value is wrong for wrong in WRONG_TYPES):
                    assert 400 <= answer.status_code < 500, report
                if answer.status_code >= 400:
                    assert is_problem(answer), report
    assert requests > 1000


def test_no_body_that_is_not_an_object_of_json_gets_in(town, spec):
    before = rows(town.app)
    for method, path, _ in json_bodies(spec):
        token = town.head("carol")
        for name, raw in RAW.items():
            answer = town.ask(method, path, headers=token, data=raw, content_type="application/json")
            report = f"{method} {path} {name}: {answer.status_code} {answer.text[:300]}"
            # An empty body is an empty object where no field is required: that is a matter of the fields.
            assert answer.status_code in (400, 413, 422), report
            assert is_problem(answer), report
    assert rows(town.app) == before


def test_what_a_foreign_form_can_send_is_not_read(town, spec):
    before = rows(town.app)
    for method, path, _ in json_bodies(spec):
        token = town.head("carol")
        for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            answer = town.ask(method, path, headers=token, data=b'{"lot_id": 1}', content_type=content_type)
            assert answer.status_code == 415, f"{method} {path} {content_type}: {answer.status_code}"
            assert is_problem(answer)
    assert rows(town.app) == before


EXTRAS = {
    "role": "admin", "roles": ["admin"], "is_admin": True, "user_id": 3, "id": 99, "total_cost": 0,
    "status": "Completed", "created_at": "2020-01-01T00:00:00Z", "active": True, "price_per_hour": 0,
    "password_hash": "x", "version": 9, "__class__": "x", "fs_uniquifier": "x",
}  # fmt: skip


def test_no_field_can_be_slipped_in(town, spec):
    before = rows(town.app)
    for method, path, schema in json_bodies(spec):
        token = town.head("carol")
        for field, value in EXTRAS.items():
            if field in schema.get("properties", {}):
                continue
            answer = town.ask(method, path, headers=token, json={**sample(spec, schema), field: value})
            report = f"{method} {path} {field}: {answer.status_code} {answer.text[:300]}"
            assert answer.status_code == 422, report
            assert any(name.split(".")[-1] == field for name in answer.json["errors"]), report
    assert rows(town.app) == before


def test_reading_changes_nothing(town, spec):
    queries = ["", "?limit=1&cursor=x", "?dry_run=true", "?from=2026-01-01T00:00:00Z&to=2026-01-02T00:00:00Z&lot_id=1"]
    before = rows(town.app)
    for path, operations in spec["paths"].items():
        # The client's own address for an export queues one by GET; his contract, so it stays.
        if "get" not in operations or path in ("/api/export", "/api/stream"):
            continue
        for who in (None, "alice", "carol"):
            for query in queries:
                answer = town.ask("GET", filled(path) + query, who, headers={"X-Requested-With": "parkwell"})
                assert answer.status_code < 500, f"{path}{query}: {answer.text[:300]}"
        after = rows(town.app)
        changed = [table for table in before if before[table] != after[table]]
        assert not changed, f"GET {path} changed {changed}"


NO_IDS = [
    "0", "-1", "007x", "9999999999999999999", "9" * 5000, "١", "1.0", "1%00", "%ff", "1e3", "0x1", "1/", "1;x=1", " 1",
    "%2e%2e/users", "NaN", "true", "'",
]  # fmt: skip
LISTS = ["/api/bookings", "/api/admin/bookings", "/api/users", "/api/lots", "/api/admin/audit", "/api/admin/emails"]
BAD_QUERIES = [
    "limit=0", "limit=-1", "limit=1001", "limit=x", "limit=1e3", "limit=99999999999999999999", "cursor=%00",
    "cursor=x", "cursor=" + "x" * 3000, "lot_id=x", "lot_id=99999999999999999999", "status=Nonsense",
    "from=yesterday", "q=%00", "from=9999-12-31T23:59:59-14:00", "to=0001-01-01T00:00:00%2B14:00", "q=%ff%fe",
    "q=%25%5f%5c", "limit=1&limit=x",
]  # fmt: skip


def test_an_id_that_is_none_names_nothing(town):
    token = town.head("carol")
    for bad in NO_IDS:
        answer = town.ask("GET", f"/api/lots/{bad}", headers=token)
        assert answer.status_code == 404, f"{bad[:40]}: {answer.status_code} {answer.text[:200]}"
        assert is_problem(answer)


def test_no_query_breaks_a_list(town):
    token = town.head("carol")
    for path in LISTS:
        for query in BAD_QUERIES:
            answer = town.ask("GET", f"{path}?{query}", headers=token)
            assert answer.status_code < 500, f"{path}?{query[:60]}: {answer.text[:300]}"
            if answer.status_code >= 400:
                assert is_problem(answer)
