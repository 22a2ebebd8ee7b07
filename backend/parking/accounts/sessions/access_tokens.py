"""Access tokens: JWTs, valid for TOKEN_MINUTES, that name only the account.

`sub` is the account's uniquifier, so a new one ends every token at once; roles and the active flag are read from
the database at every request, so a demoted or disabled user is refused on the next one (RFC 8725, RFC 7519).
"""

from __future__ import annotations

import contextlib
import functools
import hmac
from datetime import timedelta
from typing import Any

import jwt
from flask import Request
from sqlalchemy import bindparam, select

from parking import clock, settings
from parking.accounts.models import LoginSession, Role, User, user_roles
from parking.accounts.queries import IDENTITY_COLUMNS, identity_of
from parking.accounts.second_factor.models import SecondFactor
from parking.accounts.tokens import bearer, store
from parking.database import Read
from parking.web import Identity

ALGORITHM = "HS256"
ISSUER = "parking"
LEEWAY = timedelta(seconds=10)
MAX_LENGTH = 2_000
_NO_KEY_ID = jwt.encode({}, "-" * 32, ALGORITHM).partition(".")[0]
"""The header of tokens from before keys had ids. They expire within TOKEN_MINUTES of an upgrade."""


def lifetime() -> timedelta:
    """How long an access token is valid (TOKEN_MINUTES)."""
    return timedelta(minutes=settings.current().token_minutes)


def issue(uniquifier: str, family: str | None = None) -> str:
    """A signed access token for the account, bound to the login session `family` when there is one."""
    now = clock.now()
    claims = {
        "sub": uniquifier,
        "iss": ISSUER,
        "aud": "api",
        "typ": "access",
        "iat": now,
        "exp": now + lifetime(),
    }
    if family:
        claims["sid"] = family
    secret = settings.current().jwt_secret
    return jwt.encode(claims, secret, ALGORITHM, headers={"kid": key_id(secret)})


def read(token: str) -> dict[str, str] | None:
    """The claims of a valid access token, or None for anything else (forged, expired, of another type)."""
    if len(token) > MAX_LENGTH:
        return None
    for secret in _keys_for(token.partition(".")[0]):
        with contextlib.suppress(jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError):
            claims = _signed(token, secret)
            return claims if _is_access(claims) and _is_current(claims) else None
    return None


def valid_keys() -> list[str]:
    """JWT_SECRET, and JWT_SECRET_PREVIOUS while the secret is being changed."""
    configured = settings.current()
    return [key for key in (configured.jwt_secret, configured.jwt_secret_previous) if key]


def _keys_for(header: str) -> list[str]:
    """The keys that a token with this header may be signed with: the one it names. Any header that this program does
    not write (alg none, jku, crit, another typ, a duplicate key, an unknown key id) has none."""
    keys = valid_keys()
    return keys if header == _NO_KEY_ID else [key for key in keys if header == _header(key)]


@functools.lru_cache(maxsize=8)
def _header(secret: str) -> str:
    return jwt.encode({}, "-" * 32, ALGORITHM, headers={"kid": key_id(secret)}).partition(".")[0]


@functools.lru_cache(maxsize=8)
def key_id(secret: str) -> str:
    """The name of a key in the header of its tokens (`kid`, RFC 7515 §4.1.4). It reveals nothing about the key."""
    return hmac.digest(secret.encode(), b"id of this key", "sha256").hex()[:8]


@functools.lru_cache(maxsize=4096)
def _signed(token: str, secret: str) -> dict[str, Any]:
    """The claims of a token signed with this secret, expired or not. Raises for any other token.

    A valid signature stays valid, so it is cached; what can change (the time, the account, the session) is checked at
    every request. A refusal is not cached.
    """
    return jwt.decode(
        token,
        secret,
        [ALGORITHM],
        audience="api",
        issuer=ISSUER,
        options={
            "require": ["exp", "iat", "sub", "iss", "aud"],
            "verify_exp": False,
            "verify_iat": False,
        },
    )


def _is_access(claims: dict[str, object]) -> bool:
    """Whether it is an access token whose values for database queries are printable ASCII."""
    values = (claims["sub"], claims.get("sid", ""))
    printable = all(isinstance(text, str) and text.isascii() and text.isprintable() for text in values)
    return printable and claims.get("typ") == "access"


def _is_current(claims: dict[str, object]) -> bool:
    """Expiry by the program's own clock (which the tests and the demonstration data set); never longer than we give."""
    issued, expires, now = claims["iat"], claims["exp"], clock.now().timestamp()
    if type(issued) is not int or type(expires) is not int or expires - issued > lifetime().total_seconds():
        return False
    return issued - LEEWAY.total_seconds() <= now < expires + LEEWAY.total_seconds()


_BY_TOKEN = (
    select(
        *IDENTITY_COLUMNS,
        LoginSession.family,
        LoginSession.ended_at,
    )
    .outerjoin(user_roles, user_roles.c.user_id == User.id)
    .outerjoin(Role, Role.id == user_roles.c.role_id)
    .outerjoin(LoginSession, LoginSession.family == bindparam("family", type_=LoginSession.family.type))
    .where(
        User.fs_uniquifier == bindparam("uniquifier", type_=User.fs_uniquifier.type),
        User.active.is_(True),
    )
)
"""The user and the session of a token, one row per role."""
_IDENTITY = Read(_BY_TOKEN)
_WITH_FACTOR = Read(
    _BY_TOKEN.add_columns(SecondFactor.confirmed_at.label("factor_since")).outerjoin(
        SecondFactor, SecondFactor.user_id == User.id
    )
)
"""The same where the operator wants second factors; else no request reads them."""


def identify(request: Request) -> Identity | None:
    """The account behind the bearer token (an access token or an API token), as it is in the database now; None without
    a valid token. It is read from the header `Authorization` alone. Raises TooMany for one of many wrong API tokens."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return None
    if token.startswith(store.PREFIX):
        return bearer.identify(request, token)
    claims = read(token)
    if claims is None:
        return None
    family = claims.get("sid")
    with_factor = settings.current().require_totp != "off"
    rows = (_WITH_FACTOR if with_factor else _IDENTITY).rows(uniquifier=claims["sub"], family=family)
    if not rows or rows[0].ended_at is not None or rows[0].family != family:
        return None
    return identity_of(rows, session_family=family)
