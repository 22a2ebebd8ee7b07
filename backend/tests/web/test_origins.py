"""Requests that a page of another site may have caused."""

import pytest

OWN = [
    {},  # a program
    {"Sec-Fetch-Site": "same-origin"},
    {"Origin": "http://localhost:5173", "Sec-Fetch-Site": "same-site"},  # the client's page in development
]
FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example.com"},
    {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
]


@pytest.mark.parametrize("headers", OWN)
def test_a_page_of_ones_own_starts_an_export(client, alice, auth, headers):
    assert client.get("/api/export", headers={**auth(alice), **headers}).status_code == 202


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_page_of_a_foreign_site_starts_no_export(client, alice, auth, headers):
    answer = client.get("/api/export", headers={**auth(alice), **headers})
    assert (answer.status_code, answer.json["code"]) == (403, "foreign_page")
    assert client.get("/api/exports", headers=auth(alice)).json["exports"] == []
