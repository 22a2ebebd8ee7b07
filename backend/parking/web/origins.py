"""Whether a request may come from a page of another site."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import request

from parking import settings
from parking.errors import Forbidden


def comes_from_own_page() -> bool:
    """Whether a page of this site, one of CORS_ORIGINS, or no browser at all sent this request.

    `Origin`, where it is sent, must be this site's; without it `Sec-Fetch-Site` must not name another site. Programs
    that are not browsers send neither.
    """
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    return origin in _own_origins() if origin is not None else site in (None, "same-origin")


def require_own_page() -> None:
    """Refuses a costly GET that a page of a foreign site causes. Raises Forbidden.

    Source: OWASP ASVS 5.0, 3.5.3.
    """
    if not comes_from_own_page() and "*" not in settings.current().cors_origins:
        raise foreign_page()


def foreign_page() -> Forbidden:
    """The error for a request that a page of another site may have caused."""
    return Forbidden("This request did not come from a page of this site.", code="foreign_page")


def _own_origins() -> set[str]:
    configured = settings.current()
    public = urlsplit(configured.public_url)
    own = {f"{public.scheme}://{public.netloc}", f"{request.scheme}://{request.host}", *configured.cors_origins}
    return own - {"*"}
