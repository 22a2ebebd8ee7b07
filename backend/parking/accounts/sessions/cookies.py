"""Cookies: the refresh token, and a marker of devices that have signed in before.

The refresh cookie has the prefix `__Host-` wherever the site is reached over TLS, and is sent with same-site requests
only. Requests that use it must also prove that a page of this site made them.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any

from flask import Response, after_this_request, request

from parking import clock, settings
from parking.accounts.sessions.browser_sessions import Browser, OpenSession
from parking.text import email_addresses
from parking.web import origins

DEVICE_LIFETIME = timedelta(days=365)


def browser() -> Browser:
    """The caller's browser."""
    return Browser(request.headers.get("User-Agent"), request.remote_addr)


def secure() -> bool:
    """Whether cookies may travel over TLS only."""
    configured = settings.current()
    return configured.production or configured.public_url.startswith("https://")


def refresh_name() -> str:
    """`__Host-` binds a cookie to this very host, over TLS; a plain local site cannot have it."""
    return "__Host-parking_refresh" if secure() else "parking_refresh"


def refresh_token() -> str | None:
    """The refresh token the request brought, or None."""
    return request.cookies.get(refresh_name())


def set_cookies(opened: OpenSession, email: str) -> None:
    """Adds the refresh token to the answer, and marks this device as one on which this account has signed in."""

    @after_this_request
    def set_both(response: Response) -> Response:
        seconds = int((opened.expires_at - clock.now()).total_seconds())
        response.set_cookie(refresh_name(), opened.cookie, max_age=seconds, **_attributes())
        response.set_cookie(_device_name(), _device_value(email), max_age=DEVICE_LIFETIME, **_attributes())
        return response


def delete_refresh_cookie() -> None:
    """Deletes the refresh cookie with the answer."""

    @after_this_request
    def unset(response: Response) -> Response:
        response.delete_cookie(refresh_name(), **_attributes())
        return response


def known_device(email: str) -> bool:
    """Whether this account has signed in on this device before."""
    return hmac.compare_digest(request.cookies.get(_device_name(), "").encode(), _device_value(email).encode())


def require_same_site() -> None:
    """Refuses a request that a page of another site may have caused (CSRF). Raises Forbidden.

    A form cannot set `X-Requested-With`; programs that are not browsers can.
    """
    if not origins.comes_from_own_page() or not request.headers.get("X-Requested-With"):
        raise origins.foreign_page()


def _attributes() -> dict[str, Any]:
    safe = secure()
    return {"path": "/" if safe else "/auth", "secure": safe, "httponly": True, "samesite": "Strict"}


def _device_name() -> str:
    return "__Host-parking_device" if secure() else "parking_device"


def _device_value(email: str) -> str:
    key = settings.current().secret_key.encode()
    account = email_addresses.key(email)
    return hmac.new(key, f"device of {account}".encode(), hashlib.sha256).hexdigest()
