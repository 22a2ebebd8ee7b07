"""Signed-in browsers. Each holds one refresh token; using it hands out its successor.

The cookie is `family.secret`. The successor of a secret is computed from it with a key of the server's, so that two
tabs, or a repeated request whose answer was lost, are given the same one: to the same client the token just replaced
is good for GRACE longer. A token older than that, or from another client, is in two hands, so the family ends (RFC 9700
§4.14.2).
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

IDLE = timedelta(days=30)
AT_MOST = timedelta(days=90)
GRACE = timedelta(seconds=60)
ANY_ADDRESS = timedelta(seconds=10)
"""A phone that changes from one network to another in the middle of a request repeats it at once."""
KEPT = timedelta(days=30)
"""How long a row stays after its end."""


@dataclass(frozen=True)
class Browser:
    """Where a request came from, as far as it says."""

    user_agent: str | None
    ip: str | None


@dataclass(frozen=True)
class Opened:
    """A session and what its browser keeps: the cookie, good until `expires_at`."""

    user_id: int
    family: str
    cookie: str
    expires_at: datetime


class Refused(enum.Enum):
    """Why a refresh token gets no successor."""

    UNKNOWN = "never given out, or its session is over"
    REUSED = "replaced long ago: somebody else may hold a copy"
    OTHER_ACCOUNT = "good, but of another account than the one that was named"


def begin(session: Session, user_id: int, browser: Browser) -> Opened:
    """A new family for this person."""
    now, secret = clock.now(), secrets.token_urlsafe(32)
    row = LoginSession(
        user_id=user_id,
        family=secrets.token_urlsafe(24),
        token_hash=_hash(secret),
        rotated_at=now,
        created_at=now,
        last_used_at=now,
        expires_at=now + IDLE,
        user_agent=_agent(browser),
        ip=browser.ip,
    )
    session.add(row)
    return _opened(row, secret)


def rotate(
    session: Session, cookie: str, browser: Browser, account: str | None = None
) -> tuple[LoginSession | None, Opened | Refused]:
    """The successor of the token in `cookie`, or why there is none. The row stays locked until the commit.

    `account`: the id of the account that the browser's page shows; a good token of another one is left as it is.
    """
    row, secret = _locked(session, cookie)
    now = clock.now()
    if row is None or row.ended_at is not None or row.expires_at <= now:
        return row, Refused.UNKNOWN
    repeated = _same(secret, row.previous_hash) and _same_client(row, browser, now - row.rotated_at)
    if not repeated and not _same(secret, row.token_hash):
        return row, Refused.REUSED
    if account not in (None, str(row.user_id)):
        return row, Refused.OTHER_ACCOUNT
    if repeated:
        return row, _opened(row, _given_successor(row, secret))
    following = _successor(secret, settings.current().jwt_secret)
    row.previous_hash, row.token_hash = row.token_hash, _hash(following)
    row.rotated_at = row.last_used_at = now
    row.expires_at = min(now + IDLE, row.created_at + AT_MOST)
    row.ip, row.user_agent = browser.ip, _agent(browser)
    return row, _opened(row, following)


def owner_of(session: Session, cookie: str) -> int | None:
    """The account whose newest or last but one token this is, also when its session is over; None for any other."""
    row, secret = _locked(session, cookie)
    known = row is not None and (_same(secret, row.token_hash) or _same(secret, row.previous_hash))
    return row.user_id if row is not None and known else None


def end_by_cookie(session: Session, cookie: str, *, user_id: int | None = None) -> LoginSession | None:
    """Ends the family of a token that is good now, with `user_id` only one of this account; None when there is none
    to end."""
    row, secret = _locked(session, cookie)
    known = row is not None and (_same(secret, row.token_hash) or _same(secret, row.previous_hash))
    if row is None or not known or row.ended_at is not None or user_id not in (None, row.user_id):
        return None
    row.ended_at = clock.now()
    return row


def end_family(session: Session, user_id: int, *, family: str | None = None, row_id: int | None = None) -> int | None:
    """Ends one running session of this person; its row's id, or None when there is no such."""
    return session.scalar(
        update(LoginSession)
        .where(LoginSession.user_id == user_id, LoginSession.ended_at.is_(None))
        .where(LoginSession.family == family if family else LoginSession.id == row_id)
        .values(ended_at=clock.now())
        .returning(LoginSession.id)
    )


def end_all(session: Session, user_id: int) -> None:
    """Ends every session of this person."""
    session.execute(
        update(LoginSession)
        .where(LoginSession.user_id == user_id, LoginSession.ended_at.is_(None))
        .values(ended_at=clock.now())
    )


def summary(session: Session, user_id: int) -> tuple[int, datetime | None]:
    """How many sessions of this person can still be refreshed, and when one was last used."""
    chosen = select(func.count(), func.max(LoginSession.last_used_at)).where(*_running(user_id))
    count, last_used_at = session.execute(chosen).one()
    return count, last_used_at


def running(session: Session, user_id: int) -> list[LoginSession]:
    """The sessions of this person that can still be refreshed, the last used first."""
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


def forget(session: Session, user_id: int) -> None:
    """Deletes every trace of this person's browsers."""
    session.execute(delete(LoginSession).where(LoginSession.user_id == user_id))


def forget_old(session: Session) -> int:
    """Deletes the rows that ended or ran out long ago; how many."""
    before = clock.now() - KEPT
    gone = session.execute(
        delete(LoginSession).where(or_(LoginSession.ended_at < before, LoginSession.expires_at < before))
    )
    return changed_rows(gone)


def _locked(session: Session, cookie: str) -> tuple[LoginSession | None, str]:
    """The row of the family that a cookie names, kept from others until the commit; and the cookie's secret."""
    family, _, secret = cookie.partition(".")
    if not (family.isascii() and family.isprintable()):  # a browser may send what no database can look for
        return None, secret
    return session.scalar(select(LoginSession).where(LoginSession.family == family).with_for_update()), secret


def _opened(row: LoginSession, secret: str) -> Opened:
    return Opened(row.user_id, row.family, f"{row.family}.{secret}", row.expires_at)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _same(secret: str, kept: str | None) -> bool:
    return kept is not None and hmac.compare_digest(_hash(secret), kept)


def _agent(browser: Browser) -> str | None:
    return (browser.user_agent or "")[:500] or None


def _same_client(row: LoginSession, browser: Browser, since: timedelta) -> bool:
    """Whether the token just replaced may be used again: by the client that replaced it, as far as one can tell."""
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


def _given_successor(row: LoginSession, secret: str) -> str:
    """The successor that was handed out; JWT_SECRET may have been changed since."""
    candidates = [_successor(secret, key) for key in access_tokens.live_keys()]
    return next((one for one in candidates if _same(one, row.token_hash)), candidates[0])


def _successor(secret: str, jwt_secret: str) -> str:
    key = hmac.digest(jwt_secret.encode(), b"successor of a refresh token", "sha256")
    return base64.urlsafe_b64encode(hmac.digest(key, secret.encode(), "sha256")).decode().rstrip("=")
