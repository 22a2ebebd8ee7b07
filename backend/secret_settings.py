"""The keys of the product: read from the environment, or made once and stored on a local run; and which passwords are
none, because they have leaked."""

from __future__ import annotations

import re
from pathlib import Path

from environment import Reader
from private_files import stored_secrets

SECRET_NAMES = ("SECRET_KEY", "SECURITY_PASSWORD_SALT", "JWT_SECRET")
SECRETS_FILE = "secrets.json"
MIN_SECRET_BYTES = 32
MAX_OLD_SALTS = 3
"""Each lets a refused sign-in take the time of one more hash."""
_PLACEHOLDERS = re.compile(
    r"change|your[-_ ]|placeholder|example|secret[-_ ]?key|replace[-_ ]me|default", re.IGNORECASE
)


def read_secrets(read: Reader, production: bool, data_dir: Path) -> dict[str, str]:
    """The three secrets. Local: generated once and stored; production: required, long, distinct, no placeholder."""
    values = {name: read.text(name) for name in SECRET_NAMES}
    if production:
        for name, value in values.items():
            if len(value.encode()) < MIN_SECRET_BYTES or len(set(value)) < 10 or _PLACEHOLDERS.search(value):
                read.wrong(
                    name,
                    f"must be a random value of at least {MIN_SECRET_BYTES} bytes in production; "
                    "make one with: openssl rand -base64 48",
                )
        if all(values.values()) and len(set(values.values())) < len(values):
            read.wrong("JWT_SECRET", "and the other two secrets must differ from each other in production")
        return values
    if all(values.values()) or any(name == "DATA_DIR" for name, _ in read.problems):
        return values
    try:
        stored = stored_secrets(data_dir / SECRETS_FILE, SECRET_NAMES, MIN_SECRET_BYTES)
    except OSError as error:
        read.wrong("DATA_DIR", f"must be a folder where {SECRETS_FILE} can be kept; {data_dir}: {error.strerror}")
        return values
    except ValueError as error:
        read.wrong(
            "DATA_DIR",
            f"holds a {SECRETS_FILE} that cannot be used ({error}); mend it, or delete it "
            "(everybody then signs in again and sets a new password)",
        )
        return values
    return {name: value or stored[name] for name, value in values.items()}


def previous_jwt_secret(read: Reader, production: bool, current: str) -> str | None:
    """The key before JWT_SECRET: access tokens that it signed stay valid until they expire."""
    value = read.text("JWT_SECRET_PREVIOUS") or None
    if value and (value == current or (production and len(value.encode()) < MIN_SECRET_BYTES)):
        read.wrong("JWT_SECRET_PREVIOUS", "must be the JWT_SECRET before the present one, or nothing")
    return value


def old_password_salts(read: Reader, current: str) -> tuple[str, ...]:
    """The keys before SECURITY_PASSWORD_SALT: passwords stored under them count until their owners sign in again."""
    values = tuple(filter(None, (value.strip() for value in read.text("SECURITY_PASSWORD_SALT_OLD").split(","))))
    if current in values or len(values) > MAX_OLD_SALTS:
        wants = f"must be at most {MAX_OLD_SALTS} values that SECURITY_PASSWORD_SALT had before, with commas"
        read.wrong("SECURITY_PASSWORD_SALT_OLD", wants)
    return values


def leaked_passwords(read: Reader) -> Path | None:
    """The file of LEAKED_PASSWORDS_FILE; None when it is not set."""
    if not read.text("LEAKED_PASSWORDS_FILE"):
        return None
    path = read.path("LEAKED_PASSWORDS_FILE", "")
    try:
        with path.open("rb") as stream:
            line = stream.read(41)
    except OSError:
        line = b""
    if not re.fullmatch(rb"[0-9A-F]{40}[:\r\n]?", line):
        wants = "must name a readable file with a SHA-1 in capital letters at the beginning of each line, sorted"
        read.wrong("LEAKED_PASSWORDS_FILE", f"{wants}, not {path}")
    return path
