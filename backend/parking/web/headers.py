"""Security headers of every answer, and CORS."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from apiflask import APIFlask
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

from config import Settings

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "font-src 'self'",
        "frame-src 'self'",  # the preview of a mail, an answer of ours with a policy of its own
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(self), microphone=(), payment=(), usb=()",
    "X-Frame-Options": "DENY",
}
TRANSPORT_SECURITY = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
EXPOSED = ("Content-Disposition", "ETag", "Idempotent-Replayed", "Location", "Retry-After", "X-Request-Id")
ALLOWED = (
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "Last-Event-ID",
    "X-Account",
    "X-Request-Id",
    "X-Requested-With",
    "X-Search",
)
PRIVATE_PATHS = ("/api/", "/auth/", "/metrics", "/readyz", "/healthz")


def init_app(app: APIFlask) -> None:
    """Sets up CORS for CORS_ORIGINS and trusts TRUSTED_PROXIES proxies."""
    settings = app.extensions["settings"]
    CORS(
        app,
        resources={r"/auth/.*": {"supports_credentials": "*" not in settings.cors_origins}, r"/api/.*": {}},
        origins=[_exactly(origin) for origin in settings.cors_origins],
        allow_headers=list(ALLOWED),
        expose_headers=list(EXPOSED),
        methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        max_age=600,
        always_send=False,
        intercept_exceptions=False,  # error answers pass `after_request` like all others
    )
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=0)  # type: ignore[method-assign]  # Flask's way


def fixed_headers(settings: Settings) -> dict[str, str]:
    """The headers of every answer. HSTS only where TLS is: `PUBLIC_URL` begins with https."""
    headers = {**FIXED, "Content-Security-Policy": CONTENT_POLICY}
    if settings.public_url.startswith("https://"):
        headers.update([TRANSPORT_SECURITY])
    return headers


def add_to_every_answer(app: APIFlask) -> None:
    """Adds the fixed headers to every answer, also to files and to errors outside of views. Call it after everything
    else that wraps the application."""
    app.wsgi_app = _HeaderMiddleware(app.wsgi_app, fixed_headers(app.extensions["settings"]))  # type: ignore[method-assign]  # Flask's way


class _HeaderMiddleware:
    """WSGI middleware. A header that the answer has already (a mail's preview has a policy of its own) stays."""

    def __init__(self, application: Any, headers: dict[str, str]) -> None:
        self._application = application
        self._public = tuple((name.lower(), (name, value)) for name, value in headers.items())
        self._private = (*self._public, ("cache-control", ("Cache-Control", "no-store")))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        fixed = self._private if environ.get("PATH_INFO", "").startswith(PRIVATE_PATHS) else self._public

        def signed(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            names = {name.lower() for name, _ in headers}
            missing = [header for lower, header in fixed if lower not in names]
            if "x-request-id" not in names:
                missing.append(("X-Request-Id", uuid.uuid4().hex))
            return start_response(status, [*headers, *missing], exc_info)

        return self._application(environ, signed)


def _exactly(origin: str) -> str | re.Pattern[str]:
    """The origin and nothing that merely begins with it or looks like it."""
    return origin if origin == "*" else re.compile(re.escape(origin) + r"\Z", re.IGNORECASE)
