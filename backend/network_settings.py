"""How database, Redis and mail server are reached: in production over verified TLS, unless nobody else can listen."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, quote, unquote, urlsplit

from environment import Reader, is_loopback

_NEITHER = "or set PRIVATE_NETWORK=on where nobody else can reach the network between the two"


def tls_authority(read: Reader) -> Path | None:
    """The file with the certificate of the authority of TLS_CA_FILE; None when it is not set."""
    if not read.text("TLS_CA_FILE"):
        return None
    path = read.path("TLS_CA_FILE", "")
    try:
        has_certificate = "-----BEGIN CERTIFICATE-----" in path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        has_certificate = False
    if not has_certificate:
        read.wrong("TLS_CA_FILE", f"must name a readable file with certificates in PEM form, not {path}")
    return path


def secured_database_url(read: Reader, url: str, authority: Path | None, *, must: bool) -> str:
    """The address with the authority in it. `must`: an address on another machine needs a checked certificate."""
    if not url.startswith("postgresql"):
        return url
    options = _options(url)
    mode = options.get("sslmode")
    if all(_is_local(host) for host in _database_hosts(url, options)):
        return url
    if authority and mode is None:
        url, mode = _with(url, sslmode="verify-full"), "verify-full"
    if authority and mode in ("verify-full", "verify-ca") and "sslrootcert" not in options:
        url = _with(url, sslrootcert=str(authority))
    if must and not _is_secured_database(url):
        wants = "must end with sslmode=verify-full (and name its authority: TLS_CA_FILE or sslrootcert) for a database"
        read.wrong("DATABASE_URL", f"{wants} on another machine, {_NEITHER}")
    return url


def secured_redis_url(read: Reader, url: str, authority: Path | None, *, must: bool) -> str:
    """The same for Redis."""
    if not url or _is_local(urlsplit(url).hostname or ""):
        return url
    options = _options(url)
    is_checked = _asks_for_certificate(options)
    if must and not _is_secured_redis(url):
        wants = "must begin with rediss:// for a server on another machine and leave the check of its certificate on"
        read.wrong("REDIS_URL", f"{wants}, {_NEITHER}")
    if authority and url.startswith("rediss:") and is_checked and "ssl_ca_certs" not in options:
        url = _with(url, ssl_cert_reqs="required", ssl_check_hostname="true", ssl_ca_certs=str(authority))
    return url


def check_smtp_tls(read: Reader, host: str, tls: str, *, has_login: bool, private: bool) -> None:
    """In production, mail to a server on another machine is encrypted: it may hold links for new passwords."""
    if tls != "none" or is_loopback(host):
        return
    if has_login:
        read.wrong("SMTP_TLS", "must be starttls or tls: with none the password would cross the network in the clear")
    elif host and not private:
        links = "with none, links for new passwords would cross the network in the clear"
        read.wrong("SMTP_TLS", f"must be starttls or tls for a mail server on another machine: {links}, {_NEITHER}")


def unencrypted(
    database_url: str, redis_url: str | None, smtp_host: str | None, smtp_tls: str
) -> list[Literal["database", "redis", "mail"]]:
    """The servers on other machines that are not reached over TLS with a checked certificate."""
    is_secured: dict[Literal["database", "redis", "mail"], bool] = {
        "database": not database_url.startswith("postgresql") or _is_secured_database(database_url),
        "redis": not redis_url or _is_secured_redis(redis_url),
        "mail": not smtp_host or smtp_tls != "none" or is_loopback(smtp_host),
    }
    return [name for name, secured in is_secured.items() if not secured]


def _is_secured_database(url: str) -> bool:
    options = _options(url)
    hosts = _database_hosts(url, options)
    return options.get("sslmode") == "verify-full" or all(_is_local(host) for host in hosts)


def _is_secured_redis(url: str) -> bool:
    if _is_local(urlsplit(url).hostname or ""):
        return True
    options = _options(url)
    checks_name = options.get("ssl_check_hostname", "true").lower() == "true"
    return url.startswith("rediss:") and checks_name and _asks_for_certificate(options)


def _asks_for_certificate(options: dict[str, str]) -> bool:
    return options.get("ssl_cert_reqs", "required").lower() in ("required", "cert_required")


def _database_hosts(url: str, options: dict[str, str]) -> list[str]:
    """As libpq reads them: `host` in the query counts before the one in front; none is a socket of this machine."""
    in_front = urlsplit(url).netloc.rpartition("@")[2]
    if hosts := options.get("hostaddr") or options.get("host"):
        return hosts.split(",")
    return [_without_port(unquote(host)) for host in in_front.split(",")]


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _is_local(host: str) -> bool:
    """Whether it is this machine: the loopback, or a socket in a folder (libpq's abstract ones begin with @)."""
    return not host or host.startswith(("/", "@")) or is_loopback(host)


def _options(url: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}


def _with(url: str, **options: str) -> str:
    """The address with these options in its query, in place of its own of these names."""
    parts = urlsplit(url)
    others = [part for part in parts.query.split("&") if part and part.partition("=")[0] not in options]
    query = "&".join([*others, *(f"{name}={quote(value, safe='/')}" for name, value in options.items())])
    return parts._replace(query=query).geturl()
