"""Typed reading of environment variables."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from urllib.parse import urlsplit

import timezones

ROOT = Path(__file__).resolve().parent.parent


SECRETS = (
    *("SECRET_KEY", "JWT_SECRET", "JWT_SECRET_PREVIOUS", "SECURITY_PASSWORD_SALT", "SECURITY_PASSWORD_SALT_OLD"),
    *("DATABASE_URL", "REDIS_URL", "SMTP_PASSWORD", "ADMIN_PASSWORD", "METRICS_TOKEN"),
)
"""Each may stand in the file that `<NAME>_FILE` names, as Docker and vaults give them."""


def with_secret_files(environ: Mapping[str, str]) -> tuple[dict[str, str], list[tuple[str, str]]]:
    """The variables with the secrets of files among them, and what is wrong with those files.

    The last line break of a file is no part of the secret.
    """
    values, problems = dict(environ), []
    for name in SECRETS:
        path = environ.get(f"{name}_FILE", "").strip()
        if not path:
            continue
        if environ.get(name, "").strip():
            problems.append((f"{name}_FILE", f"must not be set together with {name}"))
            continue
        try:
            values[name] = Path(path).read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            problems.append((f"{name}_FILE", f"must name a file that can be read: {reason}"))
    return values, problems


class Reader:
    """Typed values of environment variables. A bad value is added to `problems` and replaced by the default."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[tuple[str, str]] = []

    def wrong(self, name: str, wants: str) -> None:
        self.problems.append((name, wants))

    def text(self, name: str, default: str = "") -> str:
        value = self._environ.get(name, "").strip()
        if any(ord(character) < 32 for character in value):
            self.wrong(name, "must be one line without control characters")
            return default
        return value or default

    def verbatim(self, name: str) -> str:
        """The value as it stands, spaces at its ends included; empty when it is blank."""
        value = self._environ.get(name, "")
        return value if self.text(name) else ""

    def web_address(self, name: str) -> str | None:
        """The address of a page; None when it is blank."""
        value = self.text(name)
        if value and not is_web_address(value):
            self.wrong(name, f"must be a web address such as https://example.com/page, not {value!r}")
        return value or None

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        value = self.text(name)
        if not value:
            return default
        if re.fullmatch(r"[0-9]{1,9}", value) and low <= int(value) <= high:
            return int(value)
        self.wrong(name, f"must be a whole number from {low} to {high}, not {value!r}")
        return default

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(name, default).lower()
        if value in allowed:
            return value
        self.wrong(name, f"must be one of {', '.join(allowed)}, not {value!r}")
        return default

    def switch(self, name: str, default: bool) -> bool:
        value = self.text(name).lower()
        if value in ("on", "true", "yes", "1"):
            return True
        if value in ("off", "false", "no", "0"):
            return False
        if value:
            self.wrong(name, f"must be on or off, not {value!r}")
        return default

    def time_of_day(self, name: str, default: str) -> time:
        value = self.text(name, default)
        if re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
            return time.fromisoformat(value)
        self.wrong(name, f"must be a time of day as HH:MM, not {value!r}")
        return time.fromisoformat(default)

    def timezone(self, name: str, default: str) -> str:
        value = self.text(name, default)
        try:
            return timezones.checked(value)
        except ValueError:
            self.wrong(name, f"must be an IANA time zone such as Europe/Berlin, not {value!r}")
            return default

    def host(self, name: str, default: str) -> str:
        value = self.text(name, default)
        try:
            return str(ipaddress.ip_address(value))
        except ValueError:
            pass
        if re.fullmatch(r"(?=.{1,253}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", value):
            return value
        self.wrong(name, f"must be an address or a host name, not {value!r}")
        return default

    def url(self, name: str, default: str, schemes: tuple[str, ...]) -> str:
        """A URL with one of the schemes and a host. The value is not repeated: it may hold a password."""
        value = self.text(name, default)
        if not value:
            return value
        try:
            parts = urlsplit(value)
            good = parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            good = False
        if good and not re.search(r"\s", value):
            return value
        self.wrong(name, "must be an address like " + " or ".join(f"{scheme}://host:port" for scheme in schemes))
        return default

    def path(self, name: str, default: str) -> Path:
        """A path; a relative one counts from the repository's top."""
        return (ROOT / Path(self.text(name, default)).expanduser()).resolve()

    def folder(self, name: str, default: str) -> Path:
        """An existing or new folder one can write to; a relative path counts from the repository's top."""
        path = self.path(name, default)
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not os.access(path, os.W_OK | os.X_OK):
                raise PermissionError("no permission to write")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            self.wrong(name, f"must be a folder this user can write to; {path}: {reason}")
        return path


def is_address(value: str) -> bool:
    """Whether the text looks like an email address."""
    return re.fullmatch(r"[^@\s<>,;\"]+@[^@\s<>,;\"]+", value) is not None


def is_loopback(host: str) -> bool:
    """Whether the host is this machine by its name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_web_address(value: str) -> bool:
    """Whether the text is an http or https address that may stand in a page: with a host, without a login."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return False
    no_login = parts.username is None and parts.password is None
    plain = not re.search(r"[\s<>\"\\]", value) and len(value) <= 500
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0 and no_login and plain
