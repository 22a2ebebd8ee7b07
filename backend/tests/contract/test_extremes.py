"""Values that can be read but lie at the edge of a calendar or a column: 422 or an empty answer, never 500."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.contract.samples import filled, json_bodies, sample

TIMES = [
    *("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "0001-01-01", "1969-12-31T23:59:59Z"),
    *("9999-12-31T23:59:59-14:00", "9999-12-31", "9998-01-01T00:00:00", "2026-03-29T02:30:00+23:59"),
]
NUMBERS = ["-9223372036854775809", "-1", "0", "9223372036854775807", "9223372036854775808", "1" + "0" * 40]
CURSORS = ["MA", "MC4w", "OTIyMzM3MjAzNjg1NDc3NTgwNy4x", "LTYyMTM1NTk2ODAwLjE", "MjUzNDAyMzAwNzk5Ljk5"]
"""Well-formed ones that no list gave out: 0, 0.0, 2**63-1, and the years 1 and 9999."""
_DAYS = "from_day=2026-03-02&to_day=2026-03-02"
COMPANIONS = {
    "from": "to=9999-12-31T23:59:59Z",
    "to": "from=0001-01-01T00:00:00Z",
    "from_day": "counted=parked&to_day=9989-12-31",
    "to_day": "counted=started&from_day=1971-01-01",
    "at": f"counted=parked&{_DAYS}",
    "created_from_day": "created_to_day=9000-01-01",
    "created_to_day": "created_from_day=1971-01-01",
    "hour": f"counted=parked&{_DAYS}",
    "stay_to": f"counted=ended&{_DAYS}",
}
"""What a parameter needs beside it to be looked at."""


@pytest.mark.slow
def test_no_extreme_parameter_breaks_anything(town):
    spec = town.ask("GET", "/api/openapi.json").json
    requests, broken = 0, []
    for path, operations in sorted(spec["paths"].items()):
        for method, operation in sorted(operations.items()):
            if path == "/api/stream":
                continue
            names = [p["name"] for p in operation["parameters"] if p.get("in") == "query"]
            required = [p for p in operation["parameters"] if p.get("in") == "query" and p["required"]]
            for name in names:
                others = "".join(f"&{p['name']}=1" for p in required if p["name"].endswith("id") and p["name"] != name)
                for value in (*TIMES, *NUMBERS, *(CURSORS if name == "cursor" else [])):
                    for companion in {"", COMPANIONS.get(name, "")}:
                        query = f"{name}={quote(value)}&{companion}{others}"
                        answer = town.ask(
                            method.upper(), f"{filled(path)}?{query}", "carol", json=None if method == "get" else {}
                        )
                        requests += 1
                        if answer.status_code >= 500:
                            broken.append(f"{method} {path}?{query}: {answer.status_code}")
    assert broken == []
    assert requests > 500


@pytest.mark.slow
def test_no_extreme_time_in_a_body_breaks_anything(town):
    spec = town.ask("GET", "/api/openapi.json").json
    bodies = [
        (method, path, sample(spec, schema), field)
        for method, path, schema in json_bodies(spec)
        for field in schema.get("properties", {})
        if field in ("reserved_start", "reserved_end", "until")
    ]
    bodies += [("POST", "/api/exports", {"filters": {}}, key) for key in ("from", "to")]
    assert len(bodies) >= 5
    for method, path, body, field in bodies:
        for value in TIMES:
            changed = {"filters": {field: value}} if "filters" in body else {**body, field: value}
            answer = town.ask(method, path, "carol", json=changed)
            assert answer.status_code < 500, f"{method} {path} {changed}: {answer.text}"


@pytest.mark.parametrize("value", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_list_from_the_beginning_or_the_end_of_time_is_refused(client, auth, alice, value):
    answer = client.get(f"/api/bookings?from={value}", headers=auth(alice))
    assert (answer.status_code, answer.json["errors"]) == (422, {"from": ["This time is out of range."]})
