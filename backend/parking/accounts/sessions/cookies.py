"""What a browser keeps for us: the refresh token, and the mark of a device that has signed in before.

The refresh cookie is `__Host-` prefixed wherever the site is reached over TLS, and goes out with same-site requests
only. Requests that ride on it must besides show that a page of ours made them.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from flask import Response, after_this_request, request

from parking import clock, settings
from parking.accounts.sessions.browser_sessions import Browser, Opened
from parking.errors import Forbidden
from parking.text import email_addresses

DEVICE_LIFETIME = timedelta(days=365)


def browser() -> Browser:
    """The caller's browser."""
    return Browser(request.headers.get("User-Agent"), request.remote_addr)


def secure() -> bool:
    """Whether cookies may travel over TLS only."""
    chosen = settings.current()
    return chosen.production or chosen.public_url.startswith("https://")


def refresh_name() -> str:
    """`__Host-` binds a cookie to this very host, over TLS; a plain local site cannot have it."""
    return "__Host-parking_refresh" if secure() else "parking_refresh"


def refresh_token() -> str | None:
    """The refresh token the request brought, or None."""
    return request.cookies.get(refresh_name())


def keep(opened: Opened, email: str) -> None:
    """The answer takes the refresh token along, and marks this device as one that knows the account's password."""

    @after_this_request
    def set_both(response: Response) -> Response:
        seconds = int((opened.expires_at - clock.now()).total_seconds())
        response.set_cookie(refresh_name(), opened.cookie, max_age=seconds, **_attributes())
        response.set_cookie(_device_name(), _mark(email), max_age=DEVICE_LIFETIME, **_attributes())
        return response


def drop() -> None:
    """The answer takes the refresh token away."""

    @after_this_request
    def unset(response: Response) -> Response:
        response.delete_cookie(refresh_name(), **_attributes())
        return response


def known_device(email: str) -> bool:
    """Whether this account's owner has signed in on this device before."""
    return hmac.compare_digest(request.cookies.get(_device_name(), "").encode(), _mark(email).encode())


def require_own_page() -> None:
    """Refuses a request that a foreign page may have made the browser send (CSRF). Raises Forbidden.

    A form cannot set `X-Requested-With`; `Origin`, where it is sent, must be ours; without it `Sec-Fetch-Site` must
    not tell of another site. Programs that are no browsers send neither.
    """
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    ours = origin in _own_origins() if origin is not None else site in (None, "same-origin")
    if not ours or not request.headers.get("X-Requested-With"):
        raise Forbidden("This request did not come from a page of this site.", code="foreign_page")


def _own_origins() -> set[str]:
    chosen = settings.current()
    public = urlsplit(chosen.public_url)
    return {f"{public.scheme}://{public.netloc}", f"{request.scheme}://{request.host}", *chosen.cors_origins} - {"*"}


def _attributes() -> dict[str, Any]:
    safe = secure()
    return {"path": "/" if safe else "/auth", "secure": safe, "httponly": True, "samesite": "Strict"}


def _device_name() -> str:
    return "__Host-parking_device" if secure() else "parking_device"


def _mark(email: str) -> str:
    key = settings.current().secret_key.encode()
    account = email_addresses.key(email)
    return hmac.new(key, f"device of {account}".encode(), hashlib.sha256).hexdigest()
