"""The environment is checked as a whole before anything starts; .env.example tells the truth about it."""

import dataclasses
import os
import re
import subprocess
import sys
from datetime import time

import pytest

import config
from tests.settings.conftest import STRONG

PROMISED = set(
    """
APP_ENV HOST PORT DATA_DIR EXPORT_DIR DATABASE_URL REDIS_URL SMTP_HOST SMTP_PORT SMTP_USER SMTP_PASSWORD
SMTP_TLS MAIL_FROM ADMIN_EMAIL ADMIN_PASSWORD SECRET_KEY SECURITY_PASSWORD_SALT JWT_SECRET CORS_ORIGINS
TIMEZONE CURRENCY REMINDER_TIME DAILY_REPORT_TIME MONTHLY_REPORT_TIME SITE_NAME PUBLIC_URL RATE_LIMITS
PUBLIC_LOTS WEB_WORKERS WORKER_CONCURRENCY MAX_OPEN_BOOKINGS_PER_USER
OPERATOR_NAME OPERATOR_CONTACT IMPRINT_URL PRIVACY_URL
""".split()  # noqa: SIM905 - a quoted list of thirty names is unreadable
)


def test_an_empty_environment_is_a_complete_local_run(load, tmp_path):
    settings = load()
    assert (settings.app_env, settings.host, settings.port) == ("local", "127.0.0.1", 5000)
    assert settings.database_url == f"sqlite:///{tmp_path}/data/parking.db"
    assert settings.redis_url is None
    assert settings.smtp_host is None
    assert settings.cors_origins == ("http://localhost:5173",)
    assert (settings.reminder_time, settings.daily_report_time) == (time(18), time(8))
    assert settings.monthly_report_time == time(0)
    assert (settings.max_open_bookings_per_user, settings.lot_capacity_max) == (0, 10_000)
    assert (settings.guests_per_user, settings.retain_visitors_days) == (0, 30)
    assert settings.password_min_length == 6
    assert settings.public_url == "http://localhost:5000"


def test_old_password_salts_are_read_and_checked(load, refused):
    assert load(SECURITY_PASSWORD_SALT_OLD=" one , two,").security_password_salt_old == ("one", "two")
    assert load().security_password_salt_old == ()
    for value in ("a,b,c,d", f"old,{STRONG['SECURITY_PASSWORD_SALT']}"):
        message = refused(**STRONG, SECURITY_PASSWORD_SALT_OLD=value)["SECURITY_PASSWORD_SALT_OLD"]
        assert "SECURITY_PASSWORD_SALT had before" in message


def test_an_empty_value_counts_as_unset(load):
    assert load(PORT="", REDIS_URL="  ", SMTP_TLS="").port == 5000


def test_the_public_address_follows_the_port(load):
    assert load(PORT="8123").public_url == "http://localhost:8123"


@pytest.mark.parametrize(
    ("name", "value", "wants"),
    [
        ("APP_ENV", "staging", "local, production"),
        ("PORT", "abc", "1 to 65535"),
        ("PORT", "0", "1 to 65535"),
        ("PORT", "70000", "1 to 65535"),
        ("PORT", "५०००", "1 to 65535"),
        ("HOST", "not a host", "host name"),
        ("DATABASE_URL", "mysql://localhost/x", "postgresql+psycopg://"),
        ("DATABASE_URL", "sqlite://", "sqlite:////"),
        ("DATABASE_URL", "sqlite:///:memory:", "sqlite:////"),
        ("REDIS_URL", "localhost:6379", "redis://"),
        ("REDIS_URL", "redis://host:port/0", "redis://"),
        ("SMTP_TLS", "ssl", "none, starttls, tls"),
        ("SMTP_PORT", "-1", "whole number"),
        ("SMTP_USER", "me", None),
        ("MAIL_FROM", "nobody", "address"),
        ("MAIL_FROM", "a@b.example\nBcc: c@d.example", "control characters"),
        ("TIMEZONE", "Mars/Olympus", "IANA"),
        ("TIMEZONE", "../../etc/passwd", "IANA"),
        ("CURRENCY", "EURO", "three-letter"),
        ("CURRENCY", "KWD", "two decimals"),
        ("REMINDER_TIME", "25:00", "HH:MM"),
        ("REMINDER_TIME", "8:00", "HH:MM"),
        ("DAILY_REPORT_TIME", "noon", "HH:MM"),
        ("RATE_LIMITS", "maybe", "on or off"),
        ("PUBLIC_LOTS", "2", "on or off"),
        ("EMAIL_PROOF", "yes please", "on or off"),
        ("REQUIRE_TOTP", "on", "off, admins, all"),
        ("EMAIL_PROOF", "on", "needs SMTP_HOST"),
        ("OPERATOR_NAME", "x" * 121, "120 characters"),
        ("OPERATOR_CONTACT", "call us", "+49 30 123456"),
        ("OPERATOR_CONTACT", "javascript:alert(1)", "https://example.com/help"),
        ("OPERATOR_CONTACT", "+ () -", "phone number"),
        ("IMPRINT_URL", "example.com/imprint", "https://example.com/page"),
        ("IMPRINT_URL", "https://user:password@example.com/", "web address"),
        ("PRIVACY_URL", "javascript:alert(1)", "https://example.com/page"),
        ("PRIVACY_URL", 'https://example.com/"><script>', "web address"),
        ("PUBLIC_URL", "parking.example.com", "https://"),
        ("CORS_ORIGINS", "example.com", "https://"),
        ("CORS_ORIGINS", "https://example.com/path", "https://"),
        ("WEB_WORKERS", "0", "1 to 64"),
        ("WORKER_CONCURRENCY", "many", "1 to 256"),
        ("MAX_OPEN_BOOKINGS_PER_USER", "-1", "whole number"),
        ("GUESTS_PER_USER", "some", "whole number"),
        ("RETAIN_VISITORS_DAYS", "0", "whole number"),
        ("BCRYPT_ROUNDS", "31", "whole number"),
        ("LEAKED_PASSWORDS_FILE", "/nowhere", "SHA-1"),
        ("LEAKED_PASSWORDS_FILE", "README.md", "SHA-1"),
        ("LOG_FORMAT", "xml", "text, json"),
        ("ADMIN_PASSWORD", "12345", "6 characters"),
        ("ADMIN_EMAIL", "nobody", "email address"),
    ],
)
def test_a_bad_value_is_refused_with_its_variable_and_the_expected_form(refused, name, value, wants):
    message = refused(**{name: value})
    if wants is not None:
        assert wants in message[name]
    else:
        assert message == {"SMTP_PASSWORD": "must be set together with SMTP_USER"}


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("", None),
        ("help@example.com", "mailto:help@example.com"),
        ("+49 (30) 123-456", "tel:+4930123456"),
        ("https://example.com/help?a=1", "https://example.com/help?a=1"),
    ],
)
def test_the_operators_contact_is_a_link(load, contact, link):
    settings = load(OPERATOR_CONTACT=contact)
    assert (settings.operator_contact, settings.operator_contact_url) == (contact or None, link)


def test_all_errors_are_reported_together(refused):
    assert set(refused(PORT="x", CURRENCY="y", TIMEZONE="z")) == {"PORT", "CURRENCY", "TIMEZONE"}


def test_a_message_never_repeats_a_password(refused):
    message = refused(REDIS_URL="reddis://:hunter2@host", DATABASE_URL="mysql://u:hunter2@h/d", ADMIN_PASSWORD="h2")
    assert len(message) == 4
    assert "hunter2" not in str(message)


def test_settings_do_not_show_their_secrets_in_a_log(load):
    settings = load(SMTP_USER="me@example.com", SMTP_PASSWORD="hunter2")
    assert "hunter2" not in f"{settings} {settings!r}"
    assert settings.secret_key not in f"{settings} {settings!r}"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_means_psycopg_3(load, scheme):
    assert load(DATABASE_URL=f"{scheme}://u:p@h/d").database_url == "postgresql+psycopg://u:p@h/d"


def test_relative_paths_count_from_the_top_of_the_repository(load):
    settings = load(DATABASE_URL="sqlite:///backend/instance/other.db")
    assert settings.database_url == f"sqlite:///{config.ROOT}/backend/instance/other.db"


@pytest.mark.parametrize(("tls", "port"), [("none", 25), ("starttls", 587), ("tls", 465)])
def test_the_smtp_port_follows_the_encryption(load, tls, port):
    assert load(SMTP_HOST="mail.example.com", SMTP_TLS=tls).smtp_port == port


def test_mail_comes_from_the_login_when_that_is_an_address(load):
    assert load(SMTP_USER="me@example.com", SMTP_PASSWORD="x").mail_from == "me@example.com"
    assert load(PUBLIC_URL="https://park.example.com").mail_from == "noreply@park.example.com"


def test_a_folder_that_cannot_be_made_is_named(refused, tmp_path):
    (tmp_path / "file").write_text("")
    assert "folder this user can write to" in refused(DATA_DIR=str(tmp_path / "file" / "below"))["DATA_DIR"]


# ---------------------------------------------------------------- .env and .env.example


def example_variables():
    lines = (config.ROOT / ".env.example").read_text().splitlines()
    product, _, compose = "\n".join(lines).partition("docker compose only")
    names = re.compile(r"^#?([A-Z_]+)=", re.MULTILINE)
    return names.findall(product), names.findall(compose)


def test_the_example_documents_every_setting_and_nothing_else():
    product, _ = example_variables()
    assert sorted(product) == sorted(field.name.upper() for field in dataclasses.fields(config.Settings))


def test_every_promised_variable_is_a_setting():
    assert set(PROMISED) <= {field.name.upper() for field in dataclasses.fields(config.Settings)}


def test_the_example_as_it_stands_gives_the_defaults(load, tmp_path):
    from dotenv import dotenv_values

    values = {name: value or "" for name, value in dotenv_values(config.ROOT / ".env.example").items()}
    folders = {"DATA_DIR": str(tmp_path / "data"), "EXPORT_DIR": str(tmp_path / "exports")}
    assert dataclasses.asdict(config.load({**values, **folders})) == dataclasses.asdict(load())


def test_the_process_environment_goes_before_the_file(tmp_path):
    file = tmp_path / "some.env"
    file.write_text("PORT=1111\nSITE_NAME='Car Park & Sons'\n")
    message = subprocess.run(
        [sys.executable, "-c", "import config; s = config.load(); print(s.port, s.site_name)"],
        env={
            "PATH": os.environ["PATH"],
            "ENV_FILE": str(file),
            "PORT": "2222",
            "DATA_DIR": str(tmp_path),
            "EXPORT_DIR": str(tmp_path),
        },
        cwd=config.ROOT / "backend",
        capture_output=True,
        text=True,
        check=True,
    )
    assert message.stdout == "2222 Car Park & Sons\n"


def test_the_address_of_an_embedded_server_counts_only_while_its_run_lives(load, tmp_path):
    import fcntl

    data = tmp_path / "data"
    load()
    (data / config.VALKEY_URL_FILE).write_text("redis://:x@127.0.0.1:1/0\n")
    assert load().redis_url is None
    with (data / config.RUN_LOCK_FILE).open("w") as lock:
        assert load().redis_url is None
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert load().redis_url == "redis://:x@127.0.0.1:1/0"
        assert load(REDIS_URL="redis://other/1").redis_url == "redis://other/1"
    assert load().redis_url is None
