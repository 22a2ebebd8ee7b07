"""Sessions of signed-in browsers. Each holds one refresh token; using it returns its successor.

The cookie is `family.secret`. The successor of a secret is computed from it with a server key, so two tabs, or a
repeated request whose answer was lost, get the same one: for the same client the replaced token stays valid for GRACE.
A token older than that, or from another client, may have been stolen, so its family ends (RFC 9700 §4.14.2).
"""

from __future__ import annotations

import base64
import enum
import hashlib
import hmac
import ipaddress
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from parking import clock, settings
from parking.accounts.models import LoginSession
from parking.accounts.sessions import access_tokens
from parking.database import changed_rows

IDLE_LIFETIME = timedelta(days=30)
MAX_LIFETIME = timedelta(days=90)
GRACE = timedelta(seconds=60)
ANY_ADDRESS = timedelta(seconds=10)
"""A phone that changes networks in the middle of a request repeats it from another address."""
RETENTION = timedelta(days=30)
"""How long a row is stored after its session ended."""


@dataclass(frozen=True)
class Browser:
    """The client of a request, as far as known."""

    user_agent: str | None
    ip: str | None


@dataclass(frozen=True)
class OpenSession:
    """A session and the cookie of its browser, valid until `expires_at`."""

    user_id: int
    family: str
    cookie: str
    expires_at: datetime


class Refusal(enum.Enum):
    """Reasons for refusing a refresh token."""

    UNKNOWN = "never issued, or its session has ended"
    REUSED = "replaced before the grace period: it may have been copied"
    OTHER_ACCOUNT = "valid, but of another account than the one named"


def begin(session: Session, user_id: int, browser: Browser, *, factor_at: datetime | None = None) -> OpenSession:
    """Creates a family for this user. `factor_at`: when a code of the second factor came last."""
    now, secret = clock.now(), secrets.token_urlsafe(32)
    row = LoginSession(
        user_id=user_id,
        family=secrets.token_urlsafe(24),
        token_hash=_hash(secret),
        rotated_at=now,
        created_at=now,
        last_used_at=now,
        expires_at=now + IDLE_LIFETIME,
        factor_at=factor_at,
        user_agent=_agent(browser),
        ip=browser.ip,
    )
    session.add(row)
    return _open_session(row, secret)


def last_proof(session: Session, family: str | None) -> datetime | None:
    """When the owner of this session last showed who they are: with a password, with which it began, or with a code."""
    row = session.execute(
        select(LoginSession.created_at, LoginSession.factor_at).filter_by(family=family)
    ).one_or_none()
    return max(filter(None, row)) if row else None


def replace(session: Session, user_id: int, family: str | None, browser: Browser) -> OpenSession | None:
    """A new family in place of this one, which ends at once; None where it has ended already. A token of no session
    (`family` None) gets one."""
    if family is None:
        return begin(session, user_id, browser)
    own = select(LoginSession).where(LoginSession.user_id == user_id, LoginSession.family == family)
    row = session.scalar(own.where(LoginSession.ended_at.is_(None)).with_for_update())
    if row is None:
        return None
    row.ended_at = clock.now()
    return begin(session, user_id, browser, factor_at=row.factor_at)


def rotate(
    session: Session, cookie: str, browser: Browser, account: str | None = None
) -> tuple[LoginSession | None, OpenSession | Refusal]:
    """The successor of the token in `cookie`, or why there is none. The row stays locked until the commit.

    `account`: the id of the account that the browser's page shows; a valid token of another one is not replaced.
    """
    row, secret = _locked(session, cookie)
    now = clock.now()
    if row is None or row.ended_at is not None or row.expires_at <= now:
        return row, Refusal.UNKNOWN
    repeated = _same(secret, row.previous_hash) and _same_client(row, browser, now - row.rotated_at)
    if not repeated and not _same(secret, row.token_hash):
        return row, Refusal.REUSED
    if account not in (None, str(row.user_id)):
        return row, Refusal.OTHER_ACCOUNT
    if repeated:
        return row, _open_session(row, _issued_successor(row, secret))
    following = _successor(secret, settings.current().jwt_secret)
    row.previous_hash, row.token_hash = row.token_hash, _hash(following)
    row.rotated_at = row.last_used_at = now
    row.expires_at = min(now + IDLE_LIFETIME, row.created_at + MAX_LIFETIME)
    row.ip, row.user_agent = browser.ip, _agent(browser)
    return row, _open_session(row, following)


def owner_of(session: Session, cookie: str) -> int | None:
    """The account whose current or previous token this is, also after its session; None for any other token."""
    row, secret = _locked(session, cookie)
    known = row is not None and (_same(secret, row.token_hash) or _same(secret, row.previous_hash))
    return row.user_id if row is not None and known else None


def end_by_cookie(session: Session, cookie: str, *, user_id: int | None = None) -> LoginSession | None:
    """Ends the family of a valid token (with `user_id`, only one of this account); None when there is none to end."""
    row, secret = _locked(session, cookie)
    known = row is not None and (_same(secret, row.token_hash) or _same(secret, row.previous_hash))
    if row is None or not known or row.ended_at is not None or user_id not in (None, row.user_id):
        return None
    row.ended_at = clock.now()
    return row


def end_family(session: Session, user_id: int, *, family: str | None = None, row_id: int | None = None) -> int | None:
    """Ends one session of this user; returns its row's id, or None when there is none."""
    return session.scalar(
        update(LoginSession)
        .where(LoginSession.user_id == user_id, LoginSession.ended_at.is_(None))
        .where(LoginSession.family == family if family else LoginSession.id == row_id)
        .values(ended_at=clock.now())
        .returning(LoginSession.id)
    )


def end_all(session: Session, user_id: int) -> None:
    """Ends every session of this user."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.user_id == user_id, LoginSession.ended_at.is_(None))
        .values(ended_at=clock.now())
    )


def end_others(session: Session, user_id: int, family: str | None) -> None:
    """Ends every session of this user but one."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.user_id == user_id, LoginSession.ended_at.is_(None), LoginSession.family != (family or ""))
        .values(ended_at=clock.now())
    )


def end_everybodys(session: Session) -> int:
    """Ends every session of everybody; returns how many."""
    return changed_rows(
        session.execute(update(LoginSession).where(LoginSession.ended_at.is_(None)).values(ended_at=clock.now()))
    )


def summary(session: Session, user_id: int) -> tuple[int, datetime | None]:
    """How many sessions of this user can be refreshed, and when one was last used."""
    query = select(func.count(), func.max(LoginSession.last_used_at)).where(*_running(user_id))
    count, last_used_at = session.execute(query).one()
    return count, last_used_at


def running(session: Session, user_id: int) -> list[LoginSession]:
    """The sessions of this user that can be refreshed, the last used first."""
    return list(
        session.scalars(
            select(LoginSession)
            .where(*_running(user_id))
            .order_by(LoginSession.last_used_at.desc(), LoginSession.id.desc())
            .limit(100)
        )
    )


def _running(user_id: int) -> list[ColumnElement[bool]]:
    return [
        LoginSession.user_id == user_id,
        LoginSession.ended_at.is_(None),
        LoginSession.expires_at > clock.now(),
    ]


def delete_of_user(session: Session, user_id: int) -> None:
    """Deletes the sessions of this user."""
    session.execute(delete(LoginSession).where(LoginSession.user_id == user_id))


def delete_old(session: Session) -> int:
    """Deletes the rows of sessions that ended long ago; returns how many."""
    before = clock.now() - RETENTION
    result = session.execute(
        delete(LoginSession).where(or_(LoginSession.ended_at < before, LoginSession.expires_at < before))
    )
    return changed_rows(result)


def _locked(session: Session, cookie: str) -> tuple[LoginSession | None, str]:
    """The row of the family that a cookie names, locked until the commit, and the cookie's secret."""
    family, _, secret = cookie.partition(".")
    if not (family.isascii() and family.isprintable()):  # a browser may send text that the database refuses
        return None, secret
    return session.scalar(select(LoginSession).where(LoginSession.family == family).with_for_update()), secret


def _open_session(row: LoginSession, secret: str) -> OpenSession:
    return OpenSession(row.user_id, row.family, f"{row.family}.{secret}", row.expires_at)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _same(secret: str, stored_hash: str | None) -> bool:
    return stored_hash is not None and hmac.compare_digest(_hash(secret), stored_hash)


def _agent(browser: Browser) -> str | None:
    return (browser.user_agent or "")[:500] or None


def _same_client(row: LoginSession, browser: Browser, since: timedelta) -> bool:
    """Whether this looks like the client that replaced the token, which may then use it again."""
    if since > GRACE or _agent(browser) != row.user_agent:
        return False
    return since <= ANY_ADDRESS or network(browser.ip) == network(row.ip)


def network(address: str | None) -> str | None:
    """The network of an address: of IPv4 the last 8 bits do not count, of IPv6 the last 64 (RFC 4291 §2.5.1)."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return address
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 64), strict=False))


def _issued_successor(row: LoginSession, secret: str) -> str:
    """The successor that was issued; JWT_SECRET may have changed since."""
    candidates = [_successor(secret, key) for key in access_tokens.valid_keys()]
    return next((one for one in candidates if _same(one, row.token_hash)), candidates[0])


def _successor(secret: str, jwt_secret: str) -> str:
    key = hmac.digest(jwt_secret.encode(), b"successor of a refresh token", "sha256")
    return base64.urlsafe_b64encode(hmac.digest(key, secret.encode(), "sha256")).decode().rstrip("=")


def count_session_ips(session: Session, before: datetime) -> int:
    """The number of sessions with a network address that were last used before that moment."""
    query = select(func.count()).where(LoginSession.ip.is_not(None), LoginSession.last_used_at < before)
    return session.scalar(query) or 0


def erase_session_ips(session: Session, before: datetime) -> int:
    """Deletes the network addresses of the sessions that were last used before that moment. Returns how many."""
    old = update(LoginSession).where(LoginSession.ip.is_not(None), LoginSession.last_used_at < before)
    return changed_rows(session.execute(old.values(ip=None)))
