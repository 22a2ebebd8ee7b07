"""Registration, sign-in, refreshing a session, sign-out."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from parking import audit, clock
from parking.accounts import account_changes, emails, names, one_time_tokens, queries
from parking.accounts.models import LoginSession, User
from parking.accounts.passwords import address_proof, hashing
from parking.accounts.second_factor import factors
from parking.accounts.sessions import access_tokens, browser_sessions
from parking.accounts.sessions.browser_sessions import Browser, OpenSession, Refusal
from parking.accounts.setup import complete_setup
from parking.accounts.tokens import store
from parking.database import db, transaction
from parking.errors import Conflict, NotFound, Unauthorized
from parking.web import Identity, other_account, signed_out
from parking.web.logs import security_log

CHALLENGE = {"WWW-Authenticate": 'Bearer realm="parking"'}


@dataclass(frozen=True)
class SignedIn:
    """A signed-in user: the access token for requests, the session for the browser."""

    user: User
    opened: OpenSession

    @property
    def token(self) -> str:
        return access_tokens.issue(self.user.fs_uniquifier, self.opened.family)


def register(email: str, username: str | None, password: str, locale: str, browser: Browser) -> SignedIn:
    """Creates a driver and signs them in; without a name, under the first free one derived from the address.

    Raises Invalid for the password, Conflict for a taken address or name.
    """
    hashing.require(password, email=email, username=username or "")
    password_hash = hashing.hash_of(password)
    if username is not None:
        return _create_driver(email, username, password_hash, locale, browser)
    for name in names.default_names(email):
        try:
            return _create_driver(email, name, password_hash, locale, browser)
        except Conflict as conflict:
            if conflict.code != "username_taken":
                raise
    raise Conflict("Please choose a name.", code="username_taken", errors={"username": ["Please choose a name."]})


def _create_driver(email: str, username: str, password_hash: str, locale: str, browser: Browser) -> SignedIn:
    with account_changes.unique_names() as session:
        user = account_changes.create_user(session, email, username, password_hash, "user", locale=locale)
        address_proof.send_to_new(session, user)
        opened = browser_sessions.begin(session, user.id, browser)
        audit.record(session, "user.registered", "user", user.id, after={"roles": ["user"]}, actor_id=user.id)
    return SignedIn(user, opened)


def set_up(secret: str, email: str, username: str, password: str, locale: str, browser: Browser) -> SignedIn:
    """Creates the first administrator by the set-up link and signs them in. Raises what `complete_setup` raises."""
    return SignedIn(*complete_setup(secret, email, username, password, locale, browser))


def sign_in(email: str, password: str, browser: Browser, old_cookie: str | None, code: str | None = None) -> SignedIn:
    """Raises Unauthorized, with one text after the same amount of work for a wrong address, a wrong password and a
    disabled account; then for a missing (`second_factor_required`) or wrong `code` of an account with a second factor.

    A session that this browser had of this user is replaced; one of another user goes on, because two tabs may hold
    two accounts. A hash with fewer rounds than configured, or under an old salt, is renewed.
    """
    account = queries.credentials(db.session(), email=email)
    db.session.close()
    stored = account.password if account else None
    if not hashing.matches(password, stored) or account is None or stored is None or not account.active:
        security_log.event("sign_in_refused", email=email)
        raise _wrong_credentials()
    renewed = hashing.hash_of(password) if hashing.needs_rehash(password, stored) else stored
    with transaction() as session:
        user = queries.get_user(session, account.id, lock=True)
        if not user.active or user.password != stored:  # changed during the comparison
            raise _wrong_credentials()
        with_factor = factors.require(session, user.id, code)
        user.password = renewed
        if old_cookie:
            browser_sessions.end_by_cookie(session, old_cookie, user_id=user.id)
        opened = browser_sessions.begin(session, user.id, browser, factor_at=clock.now() if with_factor else None)
        audit.record(session, "session.started", "user", user.id, actor_id=user.id)
    return SignedIn(user, opened)


def renew_session(caller: Identity, browser: Browser) -> SignedIn:
    """A new session in place of the caller's, after they have shown again who they are: the tokens of the old one stop
    working at once. Raises Unauthorized when it has ended meanwhile."""
    with transaction() as session:
        user = queries.get_user(session, caller.id, lock=True)
        opened = browser_sessions.replace(session, user.id, caller.session_family, browser) if user.active else None
        if opened is None:
            raise signed_out()
        account_changes.recheck_streams(user.id)
    return SignedIn(user, opened)


def refresh(cookie: str | None, browser: Browser, account: str | None = None) -> SignedIn:
    """A new access token for a refresh token, which is replaced. Raises Unauthorized.

    `account` is the id of the account that the browser's page shows; a token of another one is left as it is and
    raises Conflict `other_account`.

    One that was replaced long ago ends its whole family, and its owner gets a mail. The ordinary case leaves no audit
    row: nothing about the account changes, and the session's row says when it was last used.
    """
    if not cookie:
        raise _session_ended()
    with transaction() as session:
        row, result = browser_sessions.rotate(session, cookie, browser, account)
        user = session.get(User, row.user_id) if row else None
        if row and user and result is Refusal.REUSED:
            _end_reused(session, row, user, browser)
    if user is None or not user.active:
        raise _session_ended()
    if result is Refusal.OTHER_ACCOUNT:
        raise other_account()
    if isinstance(result, Refusal):
        raise _session_ended()
    return SignedIn(user, result)


def _end_reused(session: Session, row: LoginSession, user: User, browser: Browser) -> None:
    browser_sessions.end_family(session, user.id, family=row.family)
    audit.record(session, "session.token_reused", "login_session", row.id, after={"ended": True}, actor_id=user.id)
    emails.refresh_reuse_warning(session, user, browser)
    account_changes.recheck_streams(user.id)


def sign_out(caller: Identity | None, cookie: str | None, account: str | None = None) -> bool:
    """Ends the session of the access token, and of the cookie unless it is another account's (another tab's).

    `account` is the id of the account that the browser's page shows; it counts where there is no access token. Returns
    whether the cookie may go. Raises Unauthorized when neither names a session.
    """
    with transaction() as session:
        own = str(caller.id) if caller else account
        owner = browser_sessions.owner_of(session, cookie) if cookie and own else None
        foreign = owner is not None and str(owner) != own
        ended = set()
        if caller and caller.session_family:
            ended.add((caller.id, browser_sessions.end_family(session, caller.id, family=caller.session_family)))
        if cookie and not foreign and (row := browser_sessions.end_by_cookie(session, cookie)):
            ended.add((row.user_id, row.id))
        for user_id, row_id in ended:
            audit.record(session, "session.ended", "login_session", row_id, actor_id=user_id)
            account_changes.recheck_streams(user_id)
    if not ended and caller is None:
        raise _session_ended()
    if not ended and caller is not None:  # a token of no session: all that can end is all there is
        sign_out_everywhere(caller.id)
    return not foreign


def sign_out_everywhere(user_id: int) -> None:
    """Signs every browser of this user out and revokes their access tokens. API tokens stay: programs use them."""
    with transaction() as session:
        account_changes.end_tokens(session, queries.get_user(session, user_id, lock=True), api_tokens=False)
        audit.record(session, "session.all_ended", "user", user_id, actor_id=user_id)


def require_recent_proof(caller: Identity) -> None:
    """Raises Unauthorized `password_required` when it is a while since the caller gave a password or a code."""
    at = browser_sessions.last_proof(db.session(), caller.session_family)
    db.session.close()
    if at is None or clock.now() - at > factors.FRESH:
        sentence = "Please confirm it is you: enter your password."
        raise Unauthorized(sentence, code="password_required", headers=CHALLENGE)


def list_sessions(caller: Identity) -> list[LoginSession]:
    """The browsers that the caller is signed in with, the last used first."""
    return browser_sessions.running(db.session(), caller.id)


def end_session(caller: Identity, row_id: int) -> None:
    """Signs one of the caller's browsers out. Raises NotFound when it is not theirs, or has ended."""
    with transaction() as session:
        if browser_sessions.end_family(session, caller.id, row_id=row_id) is None:
            raise NotFound("There is no such session.")
        audit.record(session, "session.ended", "login_session", row_id)
        account_changes.recheck_streams(caller.id)


def delete_old() -> int:
    """Deletes sessions and API tokens that ended long ago and expired links; returns how many rows. Run by Beat."""
    with transaction() as session:
        links = one_time_tokens.delete_expired(session)
        return browser_sessions.delete_old(session) + links + store.delete_expired(session)


def _wrong_credentials() -> Unauthorized:
    return Unauthorized("The address or the password is wrong.", code="wrong_credentials", headers=CHALLENGE)


def _session_ended() -> Unauthorized:
    return Unauthorized("Your session has ended. Please sign in.", code="session_ended", headers=CHALLENGE)
