"""What every answer carries for the browser's sake, and who may read answers from another origin."""

from __future__ import annotations

import re

from apiflask import APIFlask
from flask import Response, request
from flask_cors import CORS
from werkzeug.middleware.proxy_fix import ProxyFix

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
TRANSPORT_SECURITY = ("Strict-Transport-Security", "max-age=31536000")
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
)
PRIVATE_PATHS = ("/api/", "/auth/", "/metrics", "/readyz", "/healthz")


def init_app(app: APIFlask) -> None:
    """Headers on every answer, CORS for CORS_ORIGINS, and trust in as many proxies as were named."""
    settings = app.extensions["settings"]
    fixed = {**FIXED, "Content-Security-Policy": CONTENT_POLICY}
    if settings.public_url.startswith("https://"):
        fixed.update([TRANSPORT_SECURITY])
    private = {**fixed, "Cache-Control": "no-store"}

    @app.after_request
    def sign(response: Response) -> Response:
        """A view may have set a header itself (a mail's preview its own policy): that one stays."""
        wanted = private if request.path.startswith(PRIVATE_PATHS) else fixed
        there = {name.lower() for name in response.headers.keys()}  # noqa: SIM118 - not a dict: it iterates over pairs
        response.headers.extend((name, value) for name, value in wanted.items() if name.lower() not in there)
        return response

    CORS(
        app,
        resources={r"/auth/.*": {"supports_credentials": "*" not in settings.cors_origins}, r"/api/.*": {}},
        origins=[_exactly(origin) for origin in settings.cors_origins],
        allow_headers=list(ALLOWED),
        expose_headers=list(EXPOSED),
        methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        max_age=600,
        always_send=False,
    )
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=0)  # type: ignore[method-assign]


def _exactly(origin: str) -> str | re.Pattern[str]:
    """The origin and nothing that merely begins with it or looks like it."""
    return origin if origin == "*" else re.compile(re.escape(origin) + r"\Z", re.IGNORECASE)
