"""The single-page app as built into frontend/dist, and Swagger UI at /docs. Nothing comes from another host."""

from __future__ import annotations

import gzip
import importlib.resources
from functools import cache
from hashlib import sha256
from html import escape

from apiflask import APIFlask
from flask import Blueprint, Response, current_app, request
from werkzeug.exceptions import NotFound
from whitenoise import WhiteNoise

import config
from parking.web import problem_response

DIST = config.ROOT / "frontend" / "dist"
NOT_PAGES = ("/api", "/auth", "/assets", "/docs", "/metrics", "/healthz", "/readyz")
"""First path segments under which a missing thing is a 404 and not a page of the app."""

SWAGGER = importlib.resources.files("flask_swagger_ui") / "dist"
DOCS_FILES = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
    "start.js": "text/javascript; charset=utf-8",
}
DOCS_START = """window.ui = SwaggerUIBundle({
  url: "/api/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  persistAuthorization: false,
  validatorUrl: null,
  docExpansion: "none",
  tryItOutEnabled: true,
})
"""
DOCS_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: API</title>
<link rel="icon" href="/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<main id="docs"></main>
<noscript>The document itself is at <a href="/api/openapi.json">/api/openapi.json</a>.</noscript>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/assets/start.js"></script>
</body>
</html>
"""
FRAME_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
)
"""For foreign HTML (a mail's preview): its own inline styles, our one script, no origin, no network, no way out."""
FRAME_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Preview</title><script src="/api/frames/mail.js"></script></head>
<body></body></html>
"""
FRAME_SCRIPT = """addEventListener("message", (message) => {
  if (message.source !== parent || typeof message.data !== "string") return
  const mail = new DOMParser().parseFromString(message.data, "text/html")
  document.replaceChild(document.adoptNode(mail.documentElement), document.documentElement)
})
"""
UNBUILT = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>{title}</title></head>
<body>
<h1>{title}: the API is running</h1>
<p>The page has not been built yet. <code>make run</code> builds and serves it;
by hand: <code>npm ci</code> and <code>npm run build</code> in <code>frontend/</code>, then start again.
For work on the page: <code>npm run dev</code> in <code>frontend/</code>, then open port 5173.</p>
<p>The API is described at <a href="/docs">/docs</a>.</p>
</body>
</html>
"""
bp = Blueprint("docs", __name__)


def init_app(app: APIFlask) -> None:
    """Static files in front of the application, the app's page behind it for every path nobody else answers."""
    app.register_blueprint(bp)
    app.register_error_handler(NotFound, _page_or_problem)
    app.extensions["page"] = _read_index(app)
    if DIST.is_dir():
        app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]  # how Flask takes middleware
            app.wsgi_app,
            root=DIST,
            index_file=False,
            allow_all_origins=False,
            max_age=300,
            mimetypes={".webmanifest": "application/manifest+json", ".svg": "image/svg+xml; charset=utf-8"},
            immutable_file_test=lambda path, url: url.startswith("/assets/"),
        )


def _read_index(app: APIFlask) -> bytes:
    index = DIST / "index.html"
    if index.is_file():
        return index.read_text().replace(">Parking<", f">{escape(app.title)}<").encode()
    return UNBUILT.format(title=escape(app.title)).encode()


def _page_or_problem(fault: NotFound) -> Response:
    first_segment = "/" + request.path.lstrip("/").split("/", 1)[0]
    if request.method not in ("GET", "HEAD") or first_segment in NOT_PAGES:
        return problem_response(404, "Not found", "There is nothing here.", "not_found")
    page: bytes = current_app.extensions["page"]
    return _with_cache_control(Response(page, content_type="text/html; charset=utf-8"), "no-cache")


@bp.get("/docs")
def docs() -> Response:
    page = DOCS_PAGE.format(title=escape(current_app.title))  # type: ignore[attr-defined]  # APIFlask has a title
    return _with_cache_control(Response(page, content_type="text/html; charset=utf-8"), "no-cache")


@bp.get("/docs/assets/<name>")
def docs_file(name: str) -> Response:
    if name not in DOCS_FILES:
        raise NotFound
    packed = "gzip" in request.accept_encodings
    response = Response(_docs_content(name, packed), content_type=DOCS_FILES[name])
    response.vary.add("Accept-Encoding")
    if packed:
        response.content_encoding = "gzip"
    return _with_cache_control(response, "public, max-age=3600")


@bp.get("/api/frames/mail")
def mail_frame() -> Response:
    """An empty page that shows the HTML our own page posts into it.

    A mail styles itself inline, which the page's policy forbids and `srcdoc` would inherit; so the frame comes from
    here with a policy of its own. `<iframe src="/api/frames/mail" sandbox="allow-scripts">`, and once it has loaded
    `frame.contentWindow.postMessage(html, "*")`.
    """
    response = Response(FRAME_PAGE, content_type="text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = FRAME_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return _with_cache_control(response, "no-cache")


@bp.get("/api/frames/mail.js")
def mail_frame_script() -> Response:
    response = Response(FRAME_SCRIPT, content_type="text/javascript; charset=utf-8")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # the frame has no origin of its own
    return _with_cache_control(response, "no-cache")


@cache
def _docs_content(name: str, packed: bool) -> bytes:
    plain = DOCS_START.encode() if name == "start.js" else (SWAGGER / name).read_bytes()
    return gzip.compress(plain, 6, mtime=0) if packed else plain


def _with_cache_control(response: Response, how: str) -> Response:
    """With a validator, so that what has not changed is not sent again."""
    response.headers["Cache-Control"] = how
    response.set_etag(sha256(response.get_data()).hexdigest()[:32])
    response.make_conditional(request)
    return response
