"""Secrets, and what a production site refuses to start with."""

import json
import multiprocessing
import stat

import pytest

import config
from secret_settings import SECRET_NAMES
from tests.settings.conftest import STRONG

# ---------------------------------------------------------------- secrets


def test_local_secrets_are_made_once_kept_private_and_differ(load, tmp_path):
    first, second = load(), load()
    assert (first.secret_key, first.jwt_secret) == (second.secret_key, second.jwt_secret)
    assert len({first.secret_key, first.jwt_secret, first.security_password_salt}) == 3
    file = tmp_path / "data" / "secrets.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(first.jwt_secret) >= 32
    assert [path.name for path in file.parent.iterdir()] == ["secrets.json"]


def test_a_secrets_file_others_could_read_is_closed_again(load, tmp_path):
    load()
    file = tmp_path / "data" / "secrets.json"
    file.chmod(0o644)
    load()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def _secret_of(folder):
    return config.load({"DATA_DIR": folder, "EXPORT_DIR": folder}).secret_key


def test_processes_that_start_together_agree_on_the_secrets(tmp_path):
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(_secret_of, [str(tmp_path / "new")] * 16, chunksize=1))) == 1


@pytest.mark.parametrize("content", ["", "{", "[]", json.dumps({"SECRET_KEY": "short"})])
def test_a_damaged_secrets_file_is_an_error_not_new_secrets(refused, load, tmp_path, content):
    load()
    (tmp_path / "data" / "secrets.json").write_text(content)
    assert "secrets.json" in refused()["DATA_DIR"]
    assert (tmp_path / "data" / "secrets.json").read_text() == content


# ---------------------------------------------------------------- production


def test_production_starts_with_three_strong_secrets(load, tmp_path):
    settings = load(APP_ENV="production", **STRONG)
    assert settings.jwt_secret == STRONG["JWT_SECRET"]
    assert (settings.password_min_length, settings.log_format) == (8, "json")
    assert not (tmp_path / "data" / "secrets.json").exists()


def test_production_makes_no_secrets_of_its_own(refused):
    assert set(refused(APP_ENV="production")) == set(SECRET_NAMES)


@pytest.mark.parametrize(
    "weak",
    [
        "short",
        "your-secret-key-here-and-some-more-characters-1234",
        "change-me-please-0123456789-abcdefghijklm",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "this-is-an-example-value-0123456789-abcdef",
    ],
)
def test_production_refuses_placeholders_and_short_secrets(refused, weak):
    for name in SECRET_NAMES:
        assert set(refused(APP_ENV="production", **{**STRONG, name: weak})) == {name}


def test_production_refuses_one_secret_for_all(refused):
    same = dict.fromkeys(SECRET_NAMES, STRONG["SECRET_KEY"])
    assert set(refused(APP_ENV="production", **same)) == {"JWT_SECRET"}


@pytest.mark.parametrize(
    "weak", ["short1", "password123", "admin123", "Parkwell2026", "qwertyuiop", "11111111", "boss-of-the-lot"]
)
def test_production_refuses_a_weak_first_administrator(refused, weak):
    message = refused(APP_ENV="production", ADMIN_EMAIL="boss@example.com", ADMIN_PASSWORD=weak, **STRONG)
    assert set(message) == {"ADMIN_PASSWORD"}


def test_a_token_lives_a_day_on_a_local_run_and_a_quarter_of_an_hour_in_production(load):
    assert load().token_minutes == 24 * 60
    assert load(APP_ENV="production", **STRONG).token_minutes == 15


def test_the_metrics_of_a_production_site_have_a_long_token(load, refused):
    assert load(METRICS_TOKEN="short").metrics_token == "short"
    assert "at least 16 characters" in refused(APP_ENV="production", METRICS_TOKEN="x" * 15, **STRONG)["METRICS_TOKEN"]
    assert load(APP_ENV="production", METRICS_TOKEN="x" * 16, **STRONG).metrics_token == "x" * 16


def test_a_password_may_begin_and_end_with_a_space(load):
    admin = {"ADMIN_EMAIL": "boss@example.com", "ADMIN_PASSWORD": "  vivid otter lamp "}
    assert load(**admin).admin_password == "  vivid otter lamp "
    assert load(ADMIN_EMAIL="", ADMIN_PASSWORD="   ").admin_password is None


def test_a_secret_may_stand_in_a_file(load, refused, tmp_path):
    files = {name: tmp_path / name.lower() for name in STRONG}
    for name, file in files.items():
        file.write_text(f"{STRONG[name]}\n")
    named = {f"{name}_FILE": str(file) for name, file in files.items()}
    settings = load(APP_ENV="production", **named)
    assert (settings.secret_key, settings.jwt_secret) == (STRONG["SECRET_KEY"], STRONG["JWT_SECRET"])

    both = refused(SMTP_PASSWORD="one", SMTP_USER="me", SMTP_PASSWORD_FILE=named["SECRET_KEY_FILE"])
    assert both["SMTP_PASSWORD_FILE"] == "must not be set together with SMTP_PASSWORD"
    assert "No such file" in refused(REDIS_URL_FILE=str(tmp_path / "nothing"))["REDIS_URL_FILE"]
    files["SECRET_KEY"].write_bytes(b"\xff\xfe")
    assert "not UTF-8" in refused(**named)["SECRET_KEY_FILE"]


def test_a_password_crosses_no_network_in_the_clear_in_production(load, refused):
    login = {"SMTP_USER": "me", "SMTP_PASSWORD": "secret", "SMTP_TLS": "none"}
    production = {"APP_ENV": "production", **STRONG, **login}
    assert "in the clear" in refused(SMTP_HOST="mail.example.com", **production)["SMTP_TLS"]
    for host in ("localhost", "127.0.0.1", "::1"):
        assert load(SMTP_HOST=host, **production).smtp_tls == "none"
    assert load(SMTP_HOST="mail.example.com", **login).smtp_tls == "none"  # a local run


def test_links_for_new_passwords_cross_no_network_in_the_clear_in_production(load, refused):
    production = {"APP_ENV": "production", **STRONG, "SMTP_TLS": "none"}
    assert "links for new passwords" in refused(SMTP_HOST="mail.example.com", **production)["SMTP_TLS"]
    for allowed in ({"SMTP_HOST": "localhost"}, {}, {"SMTP_HOST": "relay", "PRIVATE_NETWORK": "on"}):
        assert load(**production, **allowed).smtp_tls == "none"
    login = {"SMTP_USER": "me", "SMTP_PASSWORD": "secret"}
    assert "SMTP_TLS" in refused(SMTP_HOST="relay", PRIVATE_NETWORK="on", **production, **login)


def test_proof_of_an_address_is_for_production_with_a_mail_server(load):
    mail = {"SMTP_HOST": "mail.example.com"}
    production = {"APP_ENV": "production", **STRONG}
    assert [load(**environ).email_proof for environ in ({}, mail, production, production | mail)] == [
        False, False, False, True,
    ]  # fmt: skip
    assert not load(**production, **mail, EMAIL_PROOF="off").email_proof
    assert load(**mail, EMAIL_PROOF="on").email_proof


def test_production_takes_a_good_first_administrator(load):
    settings = load(
        APP_ENV="production", ADMIN_EMAIL="boss@example.com", ADMIN_PASSWORD="vivid-otter-42-lamp", **STRONG
    )
    assert settings.admin_email == "boss@example.com"


def test_production_refuses_open_cors_which_a_local_run_allows(refused, load):
    assert set(refused(APP_ENV="production", CORS_ORIGINS="*", **STRONG)) == {"CORS_ORIGINS"}
    assert load(CORS_ORIGINS="*").cors_origins == ("*",)


def test_a_user_of_a_production_site_has_ten_open_bookings_unless_said_otherwise(load):
    assert load().max_open_bookings_per_user == 0
    assert load(APP_ENV="production", **STRONG).max_open_bookings_per_user == 10
    assert load(APP_ENV="production", MAX_OPEN_BOOKINGS_PER_USER="0", **STRONG).max_open_bookings_per_user == 0


def test_an_offer_of_the_waitlist_is_held_for_a_quarter_of_an_hour_unless_said_otherwise(load, refused):
    assert load().waitlist_hold_minutes == 15
    assert load(WAITLIST_HOLD_MINUTES="30").waitlist_hold_minutes == 30
    assert "5" in refused(WAITLIST_HOLD_MINUTES="4")["WAITLIST_HOLD_MINUTES"]


def test_the_key_before_the_present_one_is_another_and_long(load, refused):
    assert load().jwt_secret_previous is None
    assert load(APP_ENV="production", JWT_SECRET_PREVIOUS="k" * 32, **STRONG).jwt_secret_previous == "k" * 32
    assert set(refused(APP_ENV="production", JWT_SECRET_PREVIOUS="short", **STRONG)) == {"JWT_SECRET_PREVIOUS"}
    assert set(refused(JWT_SECRET_PREVIOUS=STRONG["JWT_SECRET"], **STRONG)) == {"JWT_SECRET_PREVIOUS"}
