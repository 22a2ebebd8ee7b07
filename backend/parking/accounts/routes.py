"""/auth: one's own account and sessions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic as _monotonic
from time import sleep as _sleep
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from parking import mail
from parking.accounts import guess_limits, profile, schemas, service
from parking.accounts.guess_limits import (
    GUESS_SECONDS,
    GUESSES,
    Rule,
    account_key,
    codes_of,
    passwords_of_caller,
    sign_ins_from_here,
)
from parking.accounts.passwords import address_proof, change
from parking.accounts.second_factor import service as second_factor
from parking.accounts.sessions import access_tokens, cookies
from parking.accounts.sessions.renewal import renewed
from parking.database import db
from parking.web import (
    ACCOUNT_HEADER,
    Message,
    answer,
    caller,
    documented,
    identity,
    rate_limits,
    require_shown_account,
    requires,
    shown_account,
)
from parking.web.rate_limits import by_address, by_user, limiter

bp = APIBlueprint("accounts", __name__, url_prefix="/auth", tag="Accounts")
FORGOT_SECONDS = 0.3
"""How long the answer to a forgotten password takes, whether the account exists or not."""
NO_MAIL = "This site does not send email at the moment, so it cannot send you a link. Please contact the operator."

GUESSES_OF_ALL = 1000
EMAIL_CHANGES, DAY = 5, 86_400
MAILS_TO_A_NEW_ADDRESS = 3
"""Confirmation links sent to one address per day, for all accounts."""


def _body_text(name: str) -> str | None:
    body = request.get_json(silent=True)
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, str) else None


def _named_account() -> str:
    return account_key(_body_text("email"))


def _sign_in_rules() -> Iterator[Rule]:
    """Devices on which the account has signed in before count separately, so an attack locks no owner out."""
    email = _body_text("email")
    if email and cookies.known_device(email):
        yield Rule(f"sign-in {account_key(email)} on a device of its owner", GUESSES, GUESS_SECONDS)
        return
    yield Rule("sign-in everybody", GUESSES_OF_ALL, GUESS_SECONDS)
    yield sign_ins_from_here()
    yield Rule(f"sign-in {account_key(email)}", GUESSES, GUESS_SECONDS)


def _code_rules() -> Iterator[Rule]:
    if _body_text("code"):
        yield codes_of(_body_text("email"))


def _password_rules() -> Iterator[Rule]:
    yield passwords_of_caller()


def _link_rules() -> Iterator[Rule]:
    yield Rule(f"link from {by_address()}", GUESSES, GUESS_SECONDS)


def _proof_rules() -> Iterator[Rule]:
    yield Rule(f"proof of address asked for by {by_user()}", EMAIL_CHANGES, DAY)


def _email_change_rules() -> Iterator[Rule]:
    yield Rule(f"new address asked for by {by_user()}", EMAIL_CHANGES, DAY)
    if email := _body_text("email"):
        yield Rule(f"new address {account_key(email)}", MAILS_TO_A_NEW_ADDRESS, DAY)


_password_limit = guess_limits.limited(_password_rules)
_link_limit = guess_limits.limited(_link_rules)
_email_change_limit = guess_limits.limited(_email_change_rules, counts=lambda status: status < 400)
"""Counts the mails that were sent, not the refused requests."""
_proof_limit = guess_limits.limited(_proof_rules, counts=lambda status: status < 400)


def _signed_in(message: str, done: service.SignedIn) -> dict[str, Any]:
    cookies.set_cookies(done.opened, done.user.email)
    return {
        "message": message,
        "user": profile.profile_view(db.session(), done.user),
        "token": done.token,
        "expires_in": int(access_tokens.lifetime().total_seconds()),
    }


@bp.post("/register")
@limiter.limit(rate_limits.REGISTER, key_func=by_address)
@bp.input(schemas.Register, arg_name="body")
@bp.output(schemas.SignedIn, status_code=201)
@documented(409)
def register(body: schemas.Register) -> dict[str, Any]:
    """Create an account."""
    done = service.register(body.email, body.username, body.password, body.locale, cookies.browser())
    return _signed_in("User registered successfully", done)


@bp.post("/setup")
@_link_limit
@bp.input(schemas.Setup, arg_name="body")
@bp.output(schemas.SignedIn, status_code=201)
@documented(404, 409)
def setup(body: schemas.Setup) -> dict[str, Any]:
    """Create the first administrator account, with the link that the start printed."""
    done = service.set_up(body.token, body.email, body.username, body.password, body.locale, cookies.browser())
    return _signed_in("You are now the administrator", done)


@bp.post("/login")
@guess_limits.limited(_sign_in_rules)
@guess_limits.limited(_code_rules)
@bp.input(schemas.Login, arg_name="body")
@bp.output(schemas.SignedIn)
@documented(401)
def login(body: schemas.Login) -> dict[str, Any]:
    """Sign in."""
    done = service.sign_in(body.email, body.password, cookies.browser(), cookies.refresh_token(), body.code)
    return _signed_in("Login successful", done)


@bp.post("/refresh")
@limiter.limit(rate_limits.PUBLIC, key_func=by_address)
@bp.output(schemas.SignedIn)
@documented(401, 403, 409, takes=[ACCOUNT_HEADER])
def refresh() -> dict[str, Any]:
    """Get a new token with the refresh cookie, which is replaced. Needs the header `X-Requested-With`."""
    cookies.require_same_site()
    done = service.refresh(cookies.refresh_token(), cookies.browser(), shown_account())
    return _signed_in("Session refreshed", done)


@bp.post("/logout")
@bp.output(Message)
@documented(401, 403, 409, bearer="optional", takes=[ACCOUNT_HEADER])
def logout() -> dict[str, Any]:
    """Sign this browser out. With the refresh cookie alone, the header `X-Requested-With` is needed.

    A cookie of another account than that of the token or of `X-Account` stays signed in.
    """
    cookie = cookies.refresh_token()
    who = caller()
    if cookie and who is None:
        cookies.require_same_site()
    if who:
        require_shown_account(who.id)
    if service.sign_out(who, cookie, shown_account()):
        cookies.delete_refresh_cookie()
    return {"message": "You are signed out"}


@bp.post("/logout-all")
@requires()
@bp.output(Message)
def logout_all() -> dict[str, Any]:
    """Sign out of every browser, including this one. Ten minutes after the last password or code the answer is 401
    `password_required`: send it to `POST /auth/password/verify`, then repeat the request."""
    service.require_recent_proof(identity())
    service.sign_out_everywhere(identity().id)
    cookies.delete_refresh_cookie()
    return {"message": "You are signed out everywhere"}


@bp.get("/me")
@requires()
@bp.output(schemas.UserAnswer)
def me() -> Response:
    """Your account."""
    return answer({"user": profile.read(identity())})


@bp.get("/verify")
@requires()
@bp.output(schemas.UserAnswer)
def verify() -> Response:
    """Your account (the older name of /auth/me)."""
    return answer({"user": profile.read(identity())})


@bp.patch("/me")
@requires()
@bp.input(schemas.ProfileChange, arg_name="body")
@bp.output(schemas.UserAnswer)
@documented(409)
def change_me(body: schemas.ProfileChange) -> dict[str, Any]:
    """Change your account."""
    return {"user": profile.change(identity(), body.named_fields())}


@bp.delete("/me")
@requires()
@_password_limit
@bp.input(schemas.Confirmed, arg_name="body")
@bp.output(Message)
@documented(403, 409)
def delete_me(body: schemas.Confirmed) -> dict[str, Any]:
    """Delete your account. Its bookings stay in the statistics, without your name.

    Where you have a second factor, this asks for a code of the last ten minutes (401 `second_factor_required`).
    """
    second_factor.require_fresh(identity())
    profile.delete_account(identity(), body.password)
    cookies.delete_refresh_cookie()
    return {"message": "Your account is deleted"}


@bp.get("/sessions")
@requires()
@bp.output(schemas.Sessions)
def sessions() -> dict[str, Any]:
    """The browsers in which you are signed in."""
    who = identity()
    return {
        "sessions": [
            {
                "id": row.id,
                "created_at": row.created_at,
                "last_used_at": row.last_used_at,
                "user_agent": row.user_agent,
                "ip": row.ip,
                "current": row.family == who.session_family,
            }
            for row in service.list_sessions(who)
        ]
    }


@bp.delete("/sessions/<int:session_id>")
@requires()
@bp.output(Message)
def end_session(session_id: int) -> dict[str, Any]:
    """Sign one browser out. 401 `password_required` as for `POST /auth/logout-all`."""
    service.require_recent_proof(identity())
    service.end_session(identity(), session_id)
    return {"message": "That browser is signed out"}


@bp.post("/password/forgot")
@limiter.limit(rate_limits.FORGOT, key_func=_named_account)
@limiter.limit(rate_limits.REGISTER, key_func=by_address)
@bp.input(schemas.Forgot, arg_name="body")
@bp.output(Message, status_code=202)
def forgot(body: schemas.Forgot) -> dict[str, Any]:
    """Ask for a link to set a new password."""
    with _at_least(FORGOT_SECONDS):
        change.forgot_password(body.email)
    if not mail.can_send():
        return {"message": NO_MAIL}
    return {"message": "If an account with this address exists, it will get an email with a link"}


@bp.post("/password/reset")
@_link_limit
@bp.input(schemas.Reset, arg_name="body")
@bp.output(Message)
@documented(404)
def reset(body: schemas.Reset) -> dict[str, Any]:
    """Set a new password with the link from the email. Every browser is signed out."""
    change.reset_password(body.token, body.password, cookies.browser())
    return {"message": "Your new password is set. Please sign in."}


@bp.post("/password/change")
@requires()
@limiter.limit(rate_limits.NEW_PASSWORD, key_func=by_user)
@_password_limit
@bp.input(schemas.ChangePassword, arg_name="body")
@bp.output(schemas.SignedIn)
@documented(403, 409)
def change_password(body: schemas.ChangePassword) -> dict[str, Any]:
    """Set a new password. All other browsers are signed out; this one continues with the token in the answer."""
    done = change.change_password(identity(), body.current_password, body.new_password, cookies.browser())
    return _signed_in("Your password is changed", done)


@bp.post("/password/verify")
@requires()
@_password_limit
@bp.input(schemas.Confirmed, arg_name="body")
@bp.output(schemas.Renewed)
@documented(403)
def verify_password(body: schemas.Confirmed) -> dict[str, Any]:
    """Confirm that it is you, for ten minutes, where a request was answered with 401 `password_required`.

    Your session is renewed: go on with the token in the answer.
    """
    change.require_password(identity(), body.password)
    return renewed("Confirmed")


@bp.post("/email/change")
@requires()
@_email_change_limit
@_password_limit
@bp.input(schemas.ChangeEmail, arg_name="body")
@bp.output(schemas.Renewed, status_code=202)
@documented(403, 409)
def change_email(body: schemas.ChangeEmail) -> dict[str, Any]:
    """Ask for another email address. It becomes active when the link that is sent to it is used.

    Where you have a second factor, this asks for a code of the last ten minutes (401 `second_factor_required`).
    Your session is renewed: go on with the token in the answer.
    """
    second_factor.require_fresh(identity())
    change.request_email_change(identity(), body.email, body.password)
    return renewed("The new address will get an email with a link" if mail.can_send() else NO_MAIL)


@bp.post("/email/proof")
@requires()
@_proof_limit
@bp.output(Message, status_code=202)
@documented(409)
def prove_email() -> dict[str, Any]:
    """Ask for another link that confirms your address."""
    address_proof.request(identity())
    if not mail.can_send():
        return {"message": NO_MAIL}
    return {"message": "You will get an email with a link"}


@bp.post("/email/confirm")
@_link_limit
@bp.input(schemas.Token, arg_name="body")
@bp.output(Message)
@documented(404, 409)
def confirm_email(body: schemas.Token) -> dict[str, Any]:
    """Confirm your address, or a new one, with the link from the email."""
    change.confirm_email(body.token, cookies.browser())
    return {"message": "Your address is confirmed"}


@contextmanager
def _at_least(seconds: float) -> Iterator[None]:
    """Takes at least this long, so that the duration reveals nothing."""
    until = _monotonic() + seconds
    try:
        yield
    finally:
        _sleep(max(0.0, until - _monotonic()))
