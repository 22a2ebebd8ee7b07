"""Accounts with a second factor: their app, their sign-in, and other settings."""

import base64
import dataclasses
from datetime import timedelta

import pytest

from parking import clock
from parking.accounts.second_factor import codes

PASSWORD = "correct horse battery"
URL = "/auth/second-factor"


def code(key, *, later=0):
    return codes.code_at(key, clock.now() + timedelta(seconds=30 * later))


def next_code(key):
    """The app shows another one."""
    clock.travel(30)
    return code(key)


def sign_in(client, name, given=None, password=PASSWORD):
    """On a browser of its own: signing in again on the same one ends its session."""
    client = client.application.test_client()
    body = {"email": f"{name}@example.com", "password": password}
    return client.post("/auth/login", json=body | ({"code": given} if given is not None else {}))


def bearer(answer, status=200):
    assert answer.status_code == status, answer.json
    return {"Authorization": f"Bearer {answer.json['token']}"}


@pytest.fixture
def turn_on(client):
    """Turns the factor of somebody on. Returns their bearer headers, the key and the recovery codes."""

    def turn_on(name):
        headers = bearer(sign_in(client, name))
        begun = client.post(URL, json={"password": PASSWORD}, headers=headers)
        headers = bearer(begun, 201)
        key = base64.b32decode(begun.json["secret"].replace(" ", ""))
        answer = client.post(f"{URL}/confirm", json={"code": code(key)}, headers=headers)
        return bearer(answer), key, answer.json["recovery_codes"]

    return turn_on


def with_settings(app, **changes):
    app.extensions["settings"] = dataclasses.replace(app.extensions["settings"], **changes)
