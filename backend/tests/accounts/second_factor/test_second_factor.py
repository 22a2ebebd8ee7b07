"""A second factor: turned on and off, asked for, used once, lost, and wanted by the operator."""

import base64

import pytest

from parking import clock
from parking.accounts.models import User
from parking.accounts.second_factor import codes, factors
from parking.accounts.second_factor.models import RecoveryCode, SecondFactor
from tests.accounts.conftest import OWN_PAGE
from tests.accounts.second_factor.conftest import PASSWORD, URL, bearer, code, next_code, sign_in, with_settings


def test_from_the_first_code_on_every_sign_in_asks_for_one(client, app, alice, turn_on, mails, actions, rows):
    other = app.test_client()
    login = {"email": "alice@example.com", "password": PASSWORD}
    elsewhere = bearer(other.post("/auth/login", json=login))
    headers, key, recovery = turn_on("alice")
    state = client.get(URL, headers=headers).json["second_factor"]
    assert (state["on"], state["required"], state["recovery_codes_left"]) == (True, False, 10)
    assert client.get("/auth/me", headers=elsewhere).status_code == 401, "who had only the password is out"
    assert other.post("/auth/refresh", headers=OWN_PAGE).status_code == 401
    refusal = sign_in(client, "alice")
    assert (refusal.status_code, refusal.json["code"]) == (401, "second_factor_required")
    wrong = sign_in(client, "alice", "000000")
    assert (wrong.status_code, wrong.json["code"]) == (401, "wrong_code")
    assert sign_in(client, "alice", next_code(key)).status_code == 200
    assert len(recovery) == 10
    assert [mail.facts["change"] for mail in mails("second_factor_changed")] == ["on"]
    assert "second_factor.on" in actions()
    stored = f"{[vars(row) for row in rows(RecoveryCode)]} {rows(User)[0].__dict__}"
    assert not any(one in stored for one in recovery)


def test_the_database_has_no_key(client, alice, turn_on, rows, app):
    from parking.database import db

    _, key, _ = turn_on("alice")
    db.session.close()
    row = db.session.get_one(SecondFactor, alice.id)
    assert base64.b32encode(key).decode() not in row.seed
    assert key not in row.seed.encode()


def test_the_wrong_password_says_nothing_of_a_factor(client, alice, turn_on):
    _, key, _ = turn_on("alice")
    for given in (None, next_code(key), "000000"):
        answer = sign_in(client, "alice", given, password="wrong")
        assert (answer.status_code, answer.json["code"]) == (401, "wrong_credentials")


def test_a_code_counts_once(client, alice, turn_on):
    _, key, _ = turn_on("alice")
    assert sign_in(client, "alice", code(key)).json["code"] == "wrong_code", "it has turned the factor on"
    fresh = next_code(key)
    assert [sign_in(client, "alice", fresh).status_code for _ in range(2)] == [200, 401]
    assert sign_in(client, "alice", code(key, later=1)).status_code == 200, "a phone may be ahead"
    assert sign_in(client, "alice", code(key)).status_code == 401, "but nothing goes back"


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_many_uses_of_a_code_one_counts(app, client, alice, turn_on, together, kind):
    with_settings(app, rate_limits=False)
    _, key, recovery = turn_on("alice")
    fresh = next_code(key) if kind == "app" else recovery[0]
    assert sorted(together(64, lambda n: sign_in(app.test_client(), "alice", fresh).status_code)) == [200] + [401] * 63


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite never has two writers
def test_control_without_the_step_in_the_statement_it_counts_often(app, client, alice, turn_on, together, monkeypatch):
    def looks(session, user_id, given, *, confirm=False):
        row = session.get(SecondFactor, user_id)
        from parking import settings, signing

        return codes.step_of(signing.totp_key(settings.current(), row.seed), given, clock.now()) is not None

    with_settings(app, rate_limits=False)
    _, key, _ = turn_on("alice")
    fresh = next_code(key)
    monkeypatch.setattr(factors, "use_app_code", looks)
    assert together(8, lambda n: sign_in(app.test_client(), "alice", fresh).status_code).count(200) > 1


def test_a_recovery_code_works_once_and_new_ones_replace_the_old(client, alice, turn_on, mails):
    headers, key, recovery = turn_on("alice")
    typed = recovery[0].lower().replace("-", " ")
    assert [sign_in(client, "alice", typed).status_code for _ in range(2)] == [200, 401]
    assert client.get(URL, headers=headers).json["second_factor"]["recovery_codes_left"] == 9
    answer = client.post(f"{URL}/recovery-codes", json={"code": next_code(key)}, headers=headers)
    assert answer.status_code == 200
    assert sign_in(client, "alice", recovery[1]).status_code == 401
    assert sign_in(client, "alice", answer.json["recovery_codes"][1]).status_code == 200
    assert [mail.facts["change"] for mail in mails("second_factor_changed")] == ["on", "codes"]


def test_five_guesses_at_a_code(client, app, alice, turn_on):
    with_settings(app, rate_limits=True)
    _, key, _ = turn_on("alice")
    answers = [sign_in(client, "alice", f"{n:06}") for n in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
    assert sign_in(client, "alice", next_code(key)).status_code == 429, "the right one comes too late"
    clock.travel(300)


def test_it_is_turned_off_with_the_password_and_a_code(client, alice, turn_on, mails, actions):
    headers, key, _ = turn_on("alice")
    for body in ({"password": "wrong", "code": next_code(key)}, {"password": PASSWORD, "code": "000000"}):
        assert client.post(f"{URL}/off", json=body, headers=headers).status_code in (401, 403)
    body = {"password": PASSWORD, "code": next_code(key)}
    headers = bearer(client.post(f"{URL}/off", json=body, headers=headers))
    assert sign_in(client, "alice").status_code == 200
    again = client.post(f"{URL}/off", json=body, headers=headers)
    assert (again.status_code, again.json["code"]) == (409, "second_factor_off")
    assert [mail.facts["change"] for mail in mails("second_factor_changed")] == ["on", "off"]
    assert actions().count("second_factor.off") == 1


def test_what_was_begun_and_not_confirmed_changes_nothing(client, alice, auth):
    headers = auth(alice)
    assert client.post(URL, json={"password": "wrong"}, headers=headers).status_code == 403
    first = client.post(URL, json={"password": PASSWORD}, headers=headers).json["secret"]
    second = client.post(URL, json={"password": PASSWORD}, headers=headers).json["secret"]
    assert first != second
    assert sign_in(client, "alice").status_code == 200
    old = base64.b32decode(first.replace(" ", ""))
    assert client.post(f"{URL}/confirm", json={"code": code(old)}, headers=headers).json["code"] == "wrong_code"
    new = base64.b32decode(second.replace(" ", ""))
    assert client.post(f"{URL}/confirm", json={"code": code(new)}, headers=headers).status_code == 200
    assert client.post(URL, json={"password": PASSWORD}, headers=headers).json["code"] == "second_factor_on"


# what asks for a recent code


def test_roles_and_exports_of_all_data_ask_for_a_recent_code(client, alice, carol, turn_on):
    headers, key, _ = turn_on("carol")
    role = {"roles": ["user", "admin"]}
    assert client.patch(f"/api/users/{alice.id}", json=role, headers=headers).status_code == 200, "just turned on"
    clock.travel(601)
    refused = [
        client.patch(f"/api/users/{alice.id}", json={"roles": ["user"]}, headers=headers),
        client.delete(f"/api/users/{alice.id}/second-factor", headers=headers),
        client.post("/api/exports", json={"kind": "all_data"}, headers=headers),
        client.post("/api/admin/export-all-data", headers=headers),
        client.post("/api/admin/export-all", headers=headers),
    ]
    assert {(answer.status_code, answer.json["code"]) for answer in refused} == {(401, "second_factor_required")}
    assert client.patch(f"/api/users/{alice.id}", json={"active": True}, headers=headers).status_code == 200
    assert client.post("/api/exports", json={"kind": "bookings"}, headers=headers).status_code == 202
    assert client.post(f"{URL}/verify", json={"code": "000000"}, headers=headers).status_code == 401
    before, headers = headers, bearer(client.post(f"{URL}/verify", json={"code": next_code(key)}, headers=headers))
    assert client.get("/auth/me", headers=before).status_code == 401, "the session has been renewed"
    assert client.patch(f"/api/users/{alice.id}", json={"roles": ["user"]}, headers=headers).status_code == 200
    assert client.post("/api/exports", json={"kind": "all_data"}, headers=headers).status_code == 202


def test_a_code_in_one_browser_says_nothing_of_another(client, app, carol, alice, turn_on):
    headers, key, _ = turn_on("carol")
    clock.travel(601)
    elsewhere = bearer(sign_in(client, "carol", code(key)))
    role = {"roles": ["user"]}
    assert client.patch(f"/api/users/{alice.id}", json=role, headers=elsewhere).status_code == 200
    assert client.patch(f"/api/users/{alice.id}", json=role, headers=headers).status_code == 401


def test_without_a_factor_nothing_asks_for_one(client, alice, carol, auth):
    headers = auth(carol)
    assert client.patch(f"/api/users/{alice.id}", json={"roles": ["user"]}, headers=headers).status_code == 200
    assert client.post("/api/exports", json={"kind": "all_data"}, headers=headers).status_code == 202


# lost


def test_another_administrator_removes_a_lost_factor(client, app, alice, carol, auth, turn_on, mails, actions):
    headers, _, _ = turn_on("alice")
    url = f"/api/users/{alice.id}/second-factor"
    assert client.delete(url, headers=headers).status_code == 403
    assert client.delete(url, headers=auth(carol)).json["message"] == "The second factor is removed"
    assert client.delete(url, headers=auth(carol)).json["message"] == "This account has no second factor"
    assert client.get("/auth/me", headers=headers).status_code == 401
    assert sign_in(client, "alice").status_code == 200
    assert [mail.facts["change"] for mail in mails("second_factor_changed")] == ["on", "reset"]
    assert actions().count("second_factor.reset") == 1
    own = client.delete(f"/api/users/{carol.id}/second-factor", headers=auth(carol))
    assert (own.status_code, own.json["code"]) == (409, "own_second_factor")


def test_its_changes_are_in_the_security_log(client, alice, carol, auth, turn_on, caplog):
    caplog.set_level("INFO", logger="parking.security")
    turn_on("alice")
    client.delete(f"/api/users/{alice.id}/second-factor", headers=auth(carol))
    events = [line.message.split(" ")[0] for line in caplog.records if line.name == "parking.security"]
    assert {"second_factor.on", "second_factor.reset"} <= set(events)


def test_a_new_password_by_link_leaves_the_factor(client, alice, turn_on, secret_of):
    _, key, _ = turn_on("alice")
    client.post("/auth/password/forgot", json={"email": "alice@example.com"})
    token = secret_of("password_reset")
    answer = client.post("/auth/password/reset", json={"token": token, "password": "another good password"})
    assert answer.status_code == 200
    assert "token" not in answer.json
    again = sign_in(client, "alice", password="another good password")
    assert (again.status_code, again.json["code"]) == (401, "second_factor_required")
    assert sign_in(client, "alice", next_code(key), "another good password").status_code == 200


def test_an_administrator_sees_who_has_one(client, alice, carol, auth, turn_on):
    def has_one():
        return client.get(f"/api/users/{alice.id}/sessions", headers=auth(carol)).json["sign_ins"]["second_factor"]

    assert not has_one()
    turn_on("alice")
    assert has_one()


def test_the_operator_removes_it_on_the_command_line(client, app, carol, turn_on):
    turn_on("carol")
    run = app.test_cli_runner().invoke
    assert run(args=["admin", "reset-totp", "CAROL@example.com"]).output == "The second factor is removed.\n"
    assert run(args=["admin", "reset-totp", "carol@example.com"]).output == "This account has no second factor.\n"
    assert run(args=["admin", "reset-totp", "nobody@example.com"]).exit_code == 1
    assert sign_in(client, "carol").status_code == 200


def test_a_deleted_account_leaves_no_factor(client, alice, turn_on, rows):
    from parking.database import db

    headers, _, _ = turn_on("alice")
    assert client.delete("/auth/me", json={"password": PASSWORD}, headers=headers).status_code == 200
    db.session.close()
    assert db.session.query(SecondFactor).count() == db.session.query(RecoveryCode).count() == 0


# wanted by the operator


@pytest.mark.parametrize(("required_of", "of_alice"), [("off", 200), ("admins", 200), ("all", 403)])
def test_who_must_have_one_can_only_set_it_up(client, app, alice, carol, required_of, of_alice, turn_on):
    with_settings(app, require_totp=required_of)
    driver, chief = bearer(sign_in(client, "alice")), bearer(sign_in(client, "carol"))
    assert client.get("/api/lots", headers=driver).status_code == of_alice
    refused = client.get("/api/users", headers=chief)
    assert refused.status_code == (200 if required_of == "off" else 403)
    if required_of == "off":
        return
    assert refused.json["code"] == "second_factor_setup_required"
    assert client.get("/auth/me", headers=chief).json["user"]["must_set_up_second_factor"]
    assert sign_in(client, "carol").json["user"]["must_set_up_second_factor"]
    headers, key, _ = turn_on("carol")
    assert client.get("/api/users", headers=headers).status_code == 200
    assert not client.get("/auth/me", headers=headers).json["user"]["must_set_up_second_factor"]
    off = client.post(f"{URL}/off", json={"password": PASSWORD, "code": next_code(key)}, headers=headers)
    assert (off.status_code, off.json["code"]) == (403, "second_factor_wanted")


def test_roles_in_lots_ask_for_a_recent_code(client, bob, carol, turn_on):
    headers, key, _ = turn_on("carol")
    lot = client.post("/api/lots", json={"name": "North", "capacity": 1, "price_per_hour": 1}, headers=headers)
    url = f"/api/lots/{lot.json['lot']['id']}/staff/{bob.id}"
    clock.travel(601)
    refused = [client.put(url, json={"role": "viewer"}, headers=headers), client.delete(url, headers=headers)]
    assert {(answer.status_code, answer.json["code"]) for answer in refused} == {(401, "second_factor_required")}
    headers = bearer(client.post(f"{URL}/verify", json={"code": next_code(key)}, headers=headers))
    assert client.put(url, json={"role": "viewer"}, headers=headers).status_code == 200
    assert client.delete(url, headers=headers).status_code == 200
