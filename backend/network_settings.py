"""How the database and Redis are reached: in production over verified TLS, unless nobody else can listen."""

from __future__ import annotations

from pathlib import Path
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
    if must and mode != "verify-full":
        wants = "must end with sslmode=verify-full (and name its authority: TLS_CA_FILE or sslrootcert) for a database"
        read.wrong("DATABASE_URL", f"{wants} on another machine, {_NEITHER}")
    return url


def secured_redis_url(read: Reader, url: str, authority: Path | None, *, must: bool) -> str:
    """The same for Redis."""
    if not url or _is_local(urlsplit(url).hostname or ""):
        return url
    options = _options(url)
    is_checked = options.get("ssl_cert_reqs", "required").lower() in ("required", "cert_required")
    if must and not (
        url.startswith("rediss:") and is_checked and options.get("ssl_check_hostname", "true").lower() == "true"
    ):
        wants = "must begin with rediss:// for a server on another machine and leave the check of its certificate on"
        read.wrong("REDIS_URL", f"{wants}, {_NEITHER}")
    if authority and url.startswith("rediss:") and is_checked and "ssl_ca_certs" not in options:
        url = _with(url, ssl_cert_reqs="required", ssl_check_hostname="true", ssl_ca_certs=str(authority))
    return url


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
