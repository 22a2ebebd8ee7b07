"""Environment -> `Settings`. A bad value stops the start with the name of the variable and the values it takes.

`load()` reads the process environment over the `.env` file at the top of the repository; `.env.example` lists every
variable with its meaning. All errors are reported together.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import time
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from dotenv import dotenv_values

from environment import ROOT, Reader, is_address, is_web_address, with_secret_files
from network_settings import check_smtp_tls, secured_database_url, secured_redis_url, tls_authority
from secret_settings import leaked_passwords, old_password_salts, previous_jwt_secret, read_secrets

#: Holds the address of the embedded Valkey for other commands, while it runs.
VALKEY_URL_FILE = "valkey.url"
#: Locked by a run until it ends.
RUN_LOCK_FILE = "run.lock"
MIN_METRICS_TOKEN = 16
MIN_PASSWORD = {"local": 6, "production": 8}
_COMMON_WORDS = re.compile(r"passw|admin|qwert|letmein|welcome|12345|test123|parkwell|iloveyou", re.IGNORECASE)
_THREE_DECIMALS = {"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND", "CLF", "UYW"}
_PHONE = re.compile(r"\+?[0-9 ()/.-]{3,30}")
_SMTP_PORTS = {"none": 25, "starttls": 587, "tls": 465}


class ConfigError(Exception):
    """Variables that cannot be used: `problems` is a list of (variable, what it takes)."""

    def __init__(self, problems: list[tuple[str, str]]) -> None:
        self.problems = problems
        super().__init__("\n".join(f"{name} {wants}" for name, wants in problems))


@dataclass(frozen=True, kw_only=True, repr=False)
class Settings:
    """The configuration of the product. No `repr`: it would print the secrets."""

    app_env: str
    host: str
    port: int
    data_dir: Path
    export_dir: Path
    backup_dir: Path
    backup_time: time | None
    database_url: str
    redis_url: str | None
    smtp_host: str | None
    smtp_port: int
    smtp_user: str | None
    smtp_password: str | None
    smtp_tls: str
    mail_from: str
    admin_email: str | None
    admin_password: str | None
    secret_key: str
    security_password_salt: str
    jwt_secret: str
    cors_origins: tuple[str, ...]
    timezone: str
    currency: str
    reminder_time: time
    daily_report_time: time
    monthly_report_time: time
    site_name: str
    public_url: str
    rate_limits: bool
    public_lots: bool
    email_proof: bool
    require_totp: str
    web_workers: int
    worker_concurrency: int
    jwt_secret_previous: str | None = None
    security_password_salt_old: tuple[str, ...] = ()
    max_open_bookings_per_user: int = 0
    waitlist_hold_minutes: int = 15
    guests_per_user: int = 0
    reservation_max_days_ahead: int = 60
    reservation_max_days_long: int = 31
    lot_capacity_max: int = 10_000
    bcrypt_rounds: int = 12
    leaked_passwords_file: Path | None = None
    log_format: str = "text"
    trusted_proxies: int = 0
    metrics_token: str | None = None
    drain_seconds: int = 0
    private_network: bool = False
    """Nobody else can reach the network to the database and Redis."""
    tls_ca_file: Path | None = None
    database_pooler: str = "none"
    """`transaction`: DATABASE_URL leads to a pooler that gives each transaction any of its connections."""
    token_minutes: int = 15
    operator_name: str | None = None
    operator_contact: str | None = None
    imprint_url: str | None = None
    privacy_url: str | None = None
    retain_visitors_days: int = 30
    retain_plates_days: int = 0
    retain_ip_days: int = 0
    retain_audit_details_days: int = 0
    retain_mail_days: int = 90
    retain_person_years: int = 0
    """How long personal data is kept; 0: for ever."""

    @property
    def production(self) -> bool:
        return self.app_env == "production"

    @property
    def password_min_length(self) -> int:
        return MIN_PASSWORD[self.app_env]

    @property
    def operator_contact_url(self) -> str | None:
        """Where a press on OPERATOR_CONTACT leads: the address itself, a new email, or a call."""
        contact = self.operator_contact
        if contact is None or is_web_address(contact):
            return contact
        return f"mailto:{contact}" if is_address(contact) else "tel:" + re.sub(r"[^0-9+]", "", contact)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process, or `ConfigError` naming every bad variable.

    Without an argument: the process environment over the `.env` file at the top of the repository
    (or the file that `ENV_FILE` names). With one: exactly that mapping. An empty value counts as
    unset. Makes `DATA_DIR` and, on a local run, the secrets in it.
    """
    values_given, unreadable = with_secret_files(_environment() if environ is None else environ)
    read = Reader(values_given)
    read.problems += unreadable
    app_env = read.choice("APP_ENV", ("local", "production"), "local")
    production = app_env == "production"
    port = read.whole("PORT", 5000, 1, 65_535)
    data_dir = read.folder("DATA_DIR", "backend/instance")
    public_url = read.url("PUBLIC_URL", f"http://localhost:{port}", ("http", "https")).rstrip("/")
    smtp_tls = read.choice("SMTP_TLS", tuple(_SMTP_PORTS), "starttls")
    admin_email, admin_password = _first_administrator(read, app_env)
    secret_values = read_secrets(read, production, data_dir)
    cores = os.cpu_count() or 1
    values = dict(
        app_env=app_env,
        host=read.host("HOST", "127.0.0.1"),
        port=port,
        data_dir=data_dir,
        export_dir=read.folder("EXPORT_DIR", "exports"),
        backup_dir=read.path("BACKUP_DIR", str(data_dir / "backups")),
        backup_time=read.time_of_day("BACKUP_TIME", "00:00") if read.text("BACKUP_TIME") else None,
        **_servers(read, production, data_dir),
        smtp_host=read.text("SMTP_HOST") or None,
        smtp_port=read.whole("SMTP_PORT", _SMTP_PORTS.get(smtp_tls, 587), 1, 65_535),
        smtp_tls=smtp_tls,
        **_smtp_login(read, production, smtp_tls),
        mail_from=_mail_from(read, public_url),
        admin_email=admin_email,
        admin_password=admin_password,
        secret_key=secret_values["SECRET_KEY"],
        security_password_salt=secret_values["SECURITY_PASSWORD_SALT"],
        jwt_secret=secret_values["JWT_SECRET"],
        jwt_secret_previous=previous_jwt_secret(read, production, secret_values["JWT_SECRET"]),
        security_password_salt_old=old_password_salts(read, secret_values["SECURITY_PASSWORD_SALT"]),
        cors_origins=_cors_origins(read, production),
        timezone=read.timezone("TIMEZONE", "UTC"),
        currency=_currency(read),
        reminder_time=read.time_of_day("REMINDER_TIME", "18:00"),
        daily_report_time=read.time_of_day("DAILY_REPORT_TIME", "08:00"),
        monthly_report_time=read.time_of_day("MONTHLY_REPORT_TIME", "00:00"),
        site_name=read.text("SITE_NAME", "Parkwell"),
        public_url=public_url,
        **_operator(read),
        rate_limits=read.switch("RATE_LIMITS", True),
        public_lots=read.switch("PUBLIC_LOTS", True),
        email_proof=_email_proof(read, production),
        require_totp=read.choice("REQUIRE_TOTP", ("off", "admins", "all"), "off"),
        web_workers=read.whole("WEB_WORKERS", min(cores, 4), 1, 64),
        worker_concurrency=read.whole("WORKER_CONCURRENCY", min(2 * cores, 8), 1, 256),
        max_open_bookings_per_user=read.whole("MAX_OPEN_BOOKINGS_PER_USER", 10 if production else 0, 0, 10_000),
        waitlist_hold_minutes=read.whole("WAITLIST_HOLD_MINUTES", 15, 5, 1_440),
        guests_per_user=read.whole("GUESTS_PER_USER", 0, 0, 1_000),
        reservation_max_days_ahead=read.whole("RESERVATION_MAX_DAYS_AHEAD", 60, 1, 3_660),
        reservation_max_days_long=read.whole("RESERVATION_MAX_DAYS_LONG", 31, 1, 366),
        lot_capacity_max=read.whole("LOT_CAPACITY_MAX", 10_000, 1, 10_000),
        leaked_passwords_file=leaked_passwords(read),
        bcrypt_rounds=read.whole("BCRYPT_ROUNDS", 12, 10 if production else 4, 16),
        log_format=read.choice("LOG_FORMAT", ("text", "json"), "json" if production else "text"),
        trusted_proxies=read.whole("TRUSTED_PROXIES", 0, 0, 10),
        metrics_token=_metrics_token(read, production),
        drain_seconds=read.whole("DRAIN_SECONDS", 0, 0, 300),
        database_pooler=read.choice("DATABASE_POOLER", ("none", "transaction"), "none"),
        token_minutes=read.whole("TOKEN_MINUTES", 15 if production else 1440, 1, 10_080),
        retain_visitors_days=read.whole("RETAIN_VISITORS_DAYS", 30, 1, 36_500),
        retain_plates_days=read.whole("RETAIN_PLATES_DAYS", 0, 0, 36_500),
        retain_ip_days=read.whole("RETAIN_IP_DAYS", 0, 0, 36_500),
        retain_audit_details_days=read.whole("RETAIN_AUDIT_DETAILS_DAYS", 0, 0, 36_500),
        retain_mail_days=read.whole("RETAIN_MAIL_DAYS", 90, 1, 36_500),
        retain_person_years=read.whole("RETAIN_PERSON_YEARS", 0, 0, 100),
    )
    if read.problems:
        raise ConfigError(read.problems)
    return Settings(**values)


def names_set() -> list[str]:
    """The names of the settings that this process was given a value for."""
    given, _ = with_secret_files(_environment())
    return sorted(field.name.upper() for field in fields(Settings) if given.get(field.name.upper(), "").strip())


def names_redis() -> bool:
    """Whether REDIS_URL is set for this process."""
    environ, _ = with_secret_files(_environment())
    return bool(environ.get("REDIS_URL", "").strip())


def embedded_redis_url(data_dir: Path) -> str | None:
    """Address of the embedded Valkey of the run that has this data folder now, or None.

    An address without a living run is a left-over of a run that was killed.
    """
    try:
        url = (data_dir / VALKEY_URL_FILE).read_text().strip()
        with (data_dir / RUN_LOCK_FILE).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return url
    except OSError:
        pass
    return None


def _environment() -> dict[str, str]:
    file = ROOT / os.environ.get("ENV_FILE", ".env")
    from_file = {name: value or "" for name, value in dotenv_values(file).items()}
    return from_file | dict(os.environ)


def _servers(read: Reader, production: bool, data_dir: Path) -> dict[str, Any]:
    """The addresses of the database and of Redis; in production the ways there must be safe."""
    authority, private = tls_authority(read), read.switch("PRIVATE_NETWORK", False)
    must = production and not private
    redis_url = secured_redis_url(read, read.url("REDIS_URL", "", ("redis", "rediss")), authority, must=must)
    return {
        "database_url": secured_database_url(read, _database_url(read, data_dir), authority, must=must),
        "redis_url": redis_url or embedded_redis_url(data_dir),
        "private_network": private,
        "tls_ca_file": authority,
    }


def _database_url(read: Reader, data_dir: Path) -> str:
    value = read.text("DATABASE_URL")
    if not value:
        return f"sqlite:///{data_dir / 'parking.db'}"
    scheme, separator, rest = value.partition("://")
    if separator and scheme in ("postgresql", "postgres", "postgresql+psycopg") and rest.strip("/"):
        return f"postgresql+psycopg://{rest}"
    if separator and scheme == "sqlite" and rest.startswith("/") and rest[1:] not in ("", ":memory:"):
        return f"sqlite:///{(ROOT / rest[1:]).resolve()}"
    read.wrong("DATABASE_URL", "must be postgresql+psycopg://user:password@host/name or sqlite:////path/to/file.db")
    return ""


def _smtp_login(read: Reader, production: bool, smtp_tls: str) -> dict[str, str | None]:
    user, password = read.text("SMTP_USER"), read.text("SMTP_PASSWORD")
    if user and not password:
        read.wrong("SMTP_PASSWORD", "must be set together with SMTP_USER")
    if password and not user:
        read.wrong("SMTP_USER", "must be set together with SMTP_PASSWORD")
    if production:
        private = read.switch("PRIVATE_NETWORK", False)
        check_smtp_tls(read, read.text("SMTP_HOST"), smtp_tls, has_login=bool(user), private=private)
    return {"smtp_user": user or None, "smtp_password": password or None}


def _mail_from(read: Reader, public_url: str) -> str:
    """`MAIL_FROM`, else the SMTP login when it is an address, else noreply@ the public host."""
    value = read.text("MAIL_FROM")
    if not value:
        login = read.text("SMTP_USER")
        return login if is_address(login) else f"noreply@{urlsplit(public_url).hostname}"
    if not is_address(parseaddr(value)[1]):
        read.wrong("MAIL_FROM", f"must be an address such as Parkwell <parking@example.com>, not {value!r}")
    return value


def _operator(read: Reader) -> dict[str, str | None]:
    """Who runs the site, for the foot of the page and of mails. What is not set is not shown."""
    name, contact = read.text("OPERATOR_NAME"), read.text("OPERATOR_CONTACT")
    if len(name) > 120:
        read.wrong("OPERATOR_NAME", f"must have at most 120 characters, not {len(name)}")
    phone = _PHONE.fullmatch(contact) and sum(letter.isdigit() for letter in contact) >= 3
    if contact and not (phone or is_address(contact) or is_web_address(contact)):
        read.wrong(
            "OPERATOR_CONTACT",
            "must be an email address, a phone number such as +49 30 123456, or a web address such as "
            f"https://example.com/help, not {contact!r}",
        )
    return {
        "operator_name": name or None,
        "operator_contact": contact or None,
        "imprint_url": read.web_address("IMPRINT_URL"),
        "privacy_url": read.web_address("PRIVACY_URL"),
    }


def _first_administrator(read: Reader, app_env: str) -> tuple[str | None, str | None]:
    """Both or neither. In production an easily guessed password is refused."""
    email, password = read.text("ADMIN_EMAIL"), read.verbatim("ADMIN_PASSWORD")
    if not email and not password:
        return None, None
    if not is_address(email):
        read.wrong("ADMIN_EMAIL", "must be an email address, together with ADMIN_PASSWORD")
    least = MIN_PASSWORD[app_env]
    if not least <= len(password) or len(password.encode()) > 4096:
        read.wrong("ADMIN_PASSWORD", f"must have at least {least} characters (and at most 4096 bytes)")
    elif app_env == "production" and _guessable(password, email):
        read.wrong("ADMIN_PASSWORD", "is too easy to guess for production; choose a longer, unrelated one")
    return email, password


def _guessable(password: str, email: str) -> bool:
    name = email.partition("@")[0].lower()
    remainder = _COMMON_WORDS.sub("", password)
    return (len(remainder) < 8 and remainder != password) or len(set(password)) < 5 or name in password.lower()


def _email_proof(read: Reader, production: bool) -> bool:
    """Whether an address must be confirmed before its owner may book; without a mail server nobody could."""
    has_server = bool(read.text("SMTP_HOST"))
    is_on = read.switch("EMAIL_PROOF", production and has_server)
    if is_on and not has_server:
        read.wrong("EMAIL_PROOF", "needs SMTP_HOST: the link that confirms an address is sent by email")
    return is_on


def _metrics_token(read: Reader, production: bool) -> str | None:
    """Guesses at it are not counted, so it must be too long to guess."""
    token = read.text("METRICS_TOKEN") or None
    if token and production and len(token) < MIN_METRICS_TOKEN:
        read.wrong("METRICS_TOKEN", f"must have at least {MIN_METRICS_TOKEN} characters in production")
    return token


def _cors_origins(read: Reader, production: bool) -> tuple[str, ...]:
    origins = tuple(part.strip().rstrip("/") for part in read.text("CORS_ORIGINS", "http://localhost:5173").split(","))
    for origin in filter(None, origins):
        if origin == "*":
            if production:
                read.wrong("CORS_ORIGINS", "must be the exact origins in production, not *")
        elif not re.fullmatch(r"https?://[^/\s*?#@]+", origin):
            read.wrong("CORS_ORIGINS", f"must be origins like https://parking.example.com with commas, not {origin!r}")
    return tuple(filter(None, origins))


def _currency(read: Reader) -> str:
    value = read.text("CURRENCY", "EUR").upper()
    if not re.fullmatch(r"[A-Z]{3}", value) or value in _THREE_DECIMALS:
        read.wrong("CURRENCY", f"must be a three-letter code with at most two decimals such as EUR, not {value!r}")
    return value
