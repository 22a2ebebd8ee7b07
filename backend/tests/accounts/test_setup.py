"""Somebody is always in charge, and nobody by default."""

import io

import pytest

from config import ConfigError
from parking import accounts, clock
from parking.accounts import setup
from parking.accounts.models import SingleUse, User
from tests.accounts.conftest import PRODUCTION

BODY = {"email": "boss@example.com", "username": "Boss", "password": "a fine password"}


def link_token() -> str:
    return setup.ensure_first_admin()[0].rsplit("token=", 1)[1]


def roles_of(user: User) -> list[str]:
    return sorted(role.name for role in user.roles)


def test_a_new_database_has_no_users(client, rows):
    assert rows(User) == []
    for body in ({"email": "admin@example.com", "password": "admin123"}, {"email": "admin", "password": "admin"}):
        assert client.post("/auth/login", json=body).status_code == 401


def test_start_prints_a_link_that_makes_the_first_administrator(client, rows, actions):
    lines = accounts.at_start()
    assert "http://localhost:5000/setup#token=" in lines[0]
    token = lines[0].rsplit("token=", 1)[1]
    assert len(token) >= 43
    assert token not in rows(SingleUse)[0].token_hash
    answer = client.post("/auth/setup", json={**BODY, "token": token})
    assert answer.status_code == 201
    headers = {"Authorization": f"Bearer {answer.json['token']}"}
    assert answer.json["user"]["roles"] == ["admin"]
    assert client.get("/api/users", headers=headers).status_code == 200
    assert accounts.at_start() == []
    assert actions() == ["user.created"]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_in_production_the_link_is_for_a_terminal_and_no_log(app_with, rows, monkeypatch, is_terminal):
    with app_with(**PRODUCTION).app_context():
        monkeypatch.setattr("sys.stdout.isatty", lambda: is_terminal, raising=False)
        lines = "\n".join(accounts.at_start())
    assert ("token=" in lines) is is_terminal
    assert ("flask admin create" in lines) is not is_terminal
    assert len(rows(SingleUse)) == is_terminal


def test_used_expired_replaced_and_guessed_links_get_one_answer(client, rows):
    replaced = link_token()
    expired = link_token()
    clock.travel(30 * 60)
    answers = [client.post("/auth/setup", json={**BODY, "token": token}) for token in (replaced, expired, "guess", "")]
    used = link_token()
    assert client.post("/auth/setup", json={**BODY, "token": used}).status_code == 201
    answers.append(
        client.post("/auth/setup", json={**BODY, "token": used, "email": "two@example.com", "username": "Two"})
    )
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.json["detail"] for answer in answers}) == 1
    assert len(rows(User)) == 1


def test_a_link_is_dead_once_there_is_an_administrator(client, app):
    token = link_token()
    setup.create_admin("other@example.com", None, "a fine password")
    assert client.post("/auth/setup", json={**BODY, "token": token}).status_code == 404


def use_all(app, together, token) -> list[int]:
    def use(number: int) -> int:
        body = {**BODY, "email": f"boss{number}@example.com", "username": f"Boss {number}", "token": token}
        return app.test_client().post("/auth/setup", json=body).status_code

    return together(50, use)


def test_of_fifty_redemptions_at_one_moment_one_makes_an_administrator(app, together, rows):
    assert sorted(use_all(app, together, link_token())) == [201] + [404] * 49
    assert [roles_of(user) for user in rows(User)] == [["admin"]]


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)  # SQLite never has two writers
def test_without_the_guard_the_link_makes_many(app, together, rows, monkeypatch):
    """The control run: reading the link in place of claiming it, and no lock."""
    from parking.accounts import one_time_tokens

    monkeypatch.setattr(one_time_tokens, "consume", one_time_tokens.validate)
    monkeypatch.setattr(setup, "lock_admins", lambda session: None)
    assert use_all(app, together, link_token()).count(201) > 1


def test_a_password_that_is_refused_leaves_the_link_good(client, app):
    token = link_token()
    assert client.post("/auth/setup", json={**BODY, "token": token, "password": "short"}).status_code == 422
    assert client.post("/auth/setup", json={**BODY, "token": token}).status_code == 201


def test_the_environment_names_the_first_administrator(app_with, rows, client):
    settings = {"admin_email": "Boss@Example.com", "admin_password": "first password"}
    with app_with(**settings).app_context():
        assert accounts.at_start() == ["The first administrator is boss@example.com (ADMIN_EMAIL)."]
        assert accounts.at_start() == []
    [user] = rows(User)
    assert (user.username, roles_of(user)) == ("boss", ["admin"])
    assert (
        client.post("/auth/login", json={"email": "boss@example.com", "password": "first password"}).status_code == 200
    )


def test_the_environment_changes_nothing_when_there_is_an_administrator(app_with, carol, rows):
    with app_with(admin_email="boss@example.com", admin_password="first password").app_context():
        assert accounts.at_start() == []
    assert len(rows(User)) == 1


def test_an_existing_account_with_the_address_becomes_the_administrator_with_a_new_password(
    app_with, client, alice, sign_in, rows
):
    _, squatter = sign_in("alice@example.com")
    with app_with(admin_email="alice@example.com", admin_password="first password").app_context():
        accounts.at_start()
    assert client.get("/auth/me", headers=squatter).status_code == 401
    assert (
        client.post("/auth/login", json={"email": "alice@example.com", "password": "correct horse battery"}).status_code
        == 401
    )
    sign_in("alice@example.com", "first password")
    assert roles_of(rows(User)[0]) == ["admin", "user"]


def test_a_name_that_is_taken_does_not_stop_the_start(app_with, alice, rows):
    with app_with(admin_email="alice@example.org", admin_password="first password").app_context():
        accounts.at_start()
    assert [user.username for user in rows(User)] == ["alice", "alice@example.org"]


@pytest.mark.parametrize(
    ("changes", "variable"),
    [
        ({"admin_email": "boss@localhost", "admin_password": "first password"}, "ADMIN_EMAIL"),
        ({"admin_email": "boss@example.com", "admin_password": "short"}, "ADMIN_PASSWORD"),
        ({"admin_email": "boss@example.com", "admin_password": "password123", **PRODUCTION}, "ADMIN_PASSWORD"),
        ({"admin_email": "bosses@example.com", "admin_password": "bosses-1234", **PRODUCTION}, "ADMIN_PASSWORD"),
    ],
)
def test_what_cannot_be_used_stops_the_start_by_name(app_with, rows, changes, variable):
    with app_with(**changes).app_context(), pytest.raises(ConfigError, match=variable):
        accounts.at_start()
    assert rows(User) == []


# flask admin create


def create(app, *arguments: str, **more):
    return app.test_cli_runner().invoke(args=["admin", "create", *arguments], **more)


def test_the_command_reads_the_password_from_a_file(app, tmp_path, rows, client):
    file = tmp_path / "password"
    file.write_text("from a file\n")
    done = create(app, "--email", "boss@example.com", "--username", "The Boss", "--password-file", str(file))
    assert (done.exit_code, done.output) == (0, "boss@example.com is now an administrator.\n")
    assert roles_of(rows(User)[0]) == ["admin"]
    assert client.post("/auth/login", json={"email": "boss@example.com", "password": "from a file"}).status_code == 200


@pytest.mark.parametrize("arguments", [(), ("--password-file", "-")])
def test_the_command_reads_the_password_from_standard_input(app, rows, client, arguments):
    done = create(app, "--email", "boss@example.com", *arguments, input="from a pipe\n")
    assert done.exit_code == 0, done.output
    assert "from a pipe" not in done.output
    assert client.post("/auth/login", json={"email": "boss@example.com", "password": "from a pipe"}).status_code == 200


def test_the_command_asks_on_a_terminal_without_showing_the_password(app, monkeypatch, rows):
    from parking.accounts.admin import cli

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    prompts = []
    monkeypatch.setattr(cli.sys, "stdin", Terminal())
    monkeypatch.setattr(cli.click, "prompt", lambda *a, **options: prompts.append(options) or "typed password")
    assert cli._password(None) == "typed password"
    assert prompts[0]["hide_input"] is True
    assert prompts[0]["confirmation_prompt"]


@pytest.mark.parametrize(
    ("email", "password", "says"),
    [
        ("nonsense", "a fine password", "address"),
        ("boss@example.com", "short", "6 characters"),
        ("boss@example.com", "", "6 characters"),
    ],
)
def test_the_command_says_what_is_wrong(app, rows, email, password, says):
    done = create(app, "--email", email, input=f"{password}\n")
    assert done.exit_code == 1
    assert says in done.output
    assert rows(User) == []


def test_the_command_takes_no_password_as_an_argument(app):
    assert create(app, "--email", "boss@example.com", "--password", "x").exit_code == 2
