"""What somebody tries who has the password, a stolen session or old codes, and what a wrong clock does."""

import base64

import pytest

from parking import clock
from tests.accounts.second_factor.conftest import PASSWORD, URL, bearer, code, next_code, sign_in, with_settings


def test_asking_for_the_code_is_no_wrong_guess(client, app, alice, bob, turn_on):
    """Ten people with a second factor may sign in from one office, one after the other."""
    with_settings(app, rate_limits=True)
    turn_on("alice")
    answers = [sign_in(client, "alice") for _ in range(12)]
    assert {(answer.status_code, answer.json["code"]) for answer in answers} == {(401, "second_factor_required")}
    assert sign_in(client, "bob").status_code == 200


def test_codes_are_guessed_five_times_in_all_ways_together(client, app, alice, turn_on):
    with_settings(app, rate_limits=True)
    headers, key, recovery = turn_on("alice")
    wrong = {"password": PASSWORD, "code": "000000"}
    tries = [sign_in(client, "alice", "000000"), sign_in(client, "alice", "000000")]
    tries += [client.post(f"{URL}/{path}", json=body, headers=headers) for path, body in (
        ("verify", {"code": "000000"}), ("recovery-codes", {"code": "000000"}), ("off", wrong),
    )]  # fmt: skip
    assert {(answer.status_code, answer.json["code"]) for answer in tries} == {(401, "wrong_code")}
    late = [
        sign_in(client, "alice", recovery[0]),
        client.post(f"{URL}/verify", json={"code": code(key)}, headers=headers),
    ]
    assert [answer.status_code for answer in late] == [429, 429]


def test_wrong_passwords_in_a_stolen_session_use_up_no_guess_at_codes(client, app, alice, turn_on):
    with_settings(app, rate_limits=True)
    headers, key, _ = turn_on("alice")
    body = {"password": "wrong", "code": "000000"}
    answers = [client.post(f"{URL}/off", json=body, headers=headers).status_code for _ in range(12)]
    assert answers == [403] * 10 + [429] * 2
    assert sign_in(client, "alice", next_code(key)).status_code == 200, "the owner signs in elsewhere"


@pytest.mark.parametrize("body", [{}, {"code": "000000"}, {"password": PASSWORD}, {"password": PASSWORD, "code": ""}])
def test_a_stolen_session_removes_no_factor(client, alice, turn_on, body):
    headers, _, _ = turn_on("alice")
    assert client.post(f"{URL}/off", json=body, headers=headers).status_code == 422
    again = client.post(URL, json={"password": PASSWORD}, headers=headers)
    assert (again.status_code, again.json["code"]) == (409, "second_factor_on"), "none is put in its place"
    assert client.get(URL, headers=headers).json["second_factor"]["on"]


@pytest.mark.parametrize(
    ("method", "path", "body", "then"),
    [
        ("POST", "/auth/email/change", {"email": "thief@example.com", "password": PASSWORD}, 202),
        ("DELETE", "/auth/me", {"password": PASSWORD}, 200),
    ],
)
def test_a_new_address_and_the_end_of_the_account_ask_for_a_recent_code(
    client, app, alice, turn_on, mails, method, path, body, then
):
    """Who has the session and the password has not shown the factor."""
    with_settings(app, rate_limits=True)
    headers, key, _ = turn_on("alice")
    clock.travel(601)
    for _ in range(12):
        refused = client.open(path, method=method, json=body, headers=headers)
        assert (refused.status_code, refused.json["code"]) == (401, "second_factor_required"), "no guess either"
    assert not mails("email_confirm")
    headers = bearer(client.post(f"{URL}/verify", json={"code": next_code(key)}, headers=headers))
    assert client.open(path, method=method, json=body, headers=headers).status_code == then


def test_after_a_reset_nothing_of_the_old_factor_counts(client, alice, carol, auth, turn_on):
    _, old, recovery = turn_on("alice")
    client.delete(f"/api/users/{alice.id}/second-factor", headers=auth(carol))
    clock.travel(30)
    _, key, _ = turn_on("alice")
    for given in (recovery[0], code(old, later=1)):
        assert sign_in(client, "alice", given).json["code"] == "wrong_code"
    assert sign_in(client, "alice", code(key, later=1)).status_code == 200


def test_api_tokens_go_on_beside_a_factor_and_never_answer_for_it(client, alice, auth, turn_on):
    created = client.post("/api/tokens", json={"name": "till", "scopes": ["bookings:read"]}, headers=auth(alice))
    program = {"Authorization": f"Bearer {created.json['token']}"}
    _, _, recovery = turn_on("alice")
    assert client.get("/api/bookings", headers=program).status_code == 200, "docs/security.md says so"
    paths = {"/verify": {"code": recovery[0]}, "/off": {"code": recovery[0], "password": PASSWORD}}
    for path, body in paths.items():
        refused = client.post(f"{URL}{path}", json=body, headers=program)
        assert (refused.status_code, refused.json["code"]) == (403, "insufficient_scope")


def test_a_token_is_no_way_around_a_factor_that_the_operator_wants(client, app, alice, auth, turn_on):
    created = client.post("/api/tokens", json={"name": "till", "scopes": ["bookings:read"]}, headers=auth(alice))
    program = {"Authorization": f"Bearer {created.json['token']}"}
    with_settings(app, require_totp="all")
    refused = client.get("/api/bookings", headers=program)
    assert (refused.status_code, refused.json["code"]) == (403, "second_factor_setup_required")
    turn_on("alice")
    assert client.get("/api/bookings", headers=program).status_code == 200


def test_a_clock_that_is_set_back_makes_no_used_code_good(client, alice, turn_on):
    _, key, recovery = turn_on("alice")
    used = next_code(key)
    assert sign_in(client, "alice", used).status_code == 200
    clock.travel(-300)
    assert sign_in(client, "alice", code(key)).json["code"] == "wrong_code", "it may have been used then"
    assert sign_in(client, "alice", recovery[0]).status_code == 200, "meanwhile a recovery code opens"
    clock.travel(300)
    assert sign_in(client, "alice", used).json["code"] == "wrong_code"
    assert sign_in(client, "alice", next_code(key)).status_code == 200


def test_a_clock_that_jumps_ahead_ends_the_old_codes(client, alice, turn_on):
    _, key, _ = turn_on("alice")
    before = code(key, later=1)
    clock.travel(3600)
    assert sign_in(client, "alice", before).json["code"] == "wrong_code"
    assert sign_in(client, "alice", code(key)).status_code == 200


def test_one_code_opens_one_of_several_doors(app, client, alice, turn_on, together):
    """The same code at the same moment: at sign-in, and in an open session."""
    headers, key, _ = turn_on("alice")
    fresh = next_code(key)

    def use(number):
        browser = app.test_client()
        if number % 2:
            return sign_in(browser, "alice", fresh).status_code
        return browser.post(f"{URL}/verify", json={"code": fresh}, headers=headers).status_code

    assert sorted(together(16, use)) == [200] + [401] * 15


def test_two_first_codes_at_one_moment_turn_it_on_once(app, client, alice, together, auth, mails):
    headers = auth(alice)
    secret = client.post(URL, json={"password": PASSWORD}, headers=headers).json["secret"]
    first = code(base64.b32decode(secret.replace(" ", "")))
    confirm = {"json": {"code": first}, "headers": headers}
    statuses = together(8, lambda n: app.test_client().post(f"{URL}/confirm", **confirm).status_code)
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 401, 409}
    assert [mail.facts["change"] for mail in mails("second_factor_changed")] == ["on"]
