"""What the answer to a password or a code of somebody who is signed in has: a new session in place of theirs."""

from __future__ import annotations

from typing import Any

from parking.accounts import service
from parking.accounts.sessions import access_tokens, cookies
from parking.web import identity


def renewed(message: str) -> dict[str, Any]:
    """Renews the caller's session (ASVS 7.2.4). Returns the answer with the new token; the cookie comes with it."""
    done = service.renew_session(identity(), cookies.browser())
    cookies.set_cookies(done.opened, done.user.email)
    return {
        "message": message,
        "token": done.token,
        "expires_in": int(access_tokens.lifetime().total_seconds()),
    }
