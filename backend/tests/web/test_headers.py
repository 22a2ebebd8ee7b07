"""What every answer carries, who may read it from elsewhere, and how the edges behave."""

from __future__ import annotations

import gzip

import pytest

from parking.web import headers, spa

EVERYWHERE = ("/healthz", "/api/public/site", "/api/nothing", "/auth/nothing", "/api/users", "/", "/docs", "/a/page")


@pytest.mark.parametrize("path", EVERYWHERE)
def test_every_answer_guards_the_browser(plain, path):
    answer = plain().get(path)
    assert {name: answer.headers[name] for name in headers.FIXED} == headers.FIXED
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize("path", ["/api/public/site", "/api/nothing", "/auth/nothing", "/healthz", "/metrics"])
def test_answers_of_the_api_are_not_cached(plain, path):
    assert plain().get(path).headers["Cache-Control"] == "no-store"


def test_transport_security_is_promised_only_where_there_is_tls(plain):
    assert "Strict-Transport-Security" not in plain().get("/healthz").headers
    sent = plain(public_url="https://parking.example.com").get("/healthz").headers["Strict-Transport-Security"]
    assert sent == "max-age=31536000; includeSubDomains"


def test_files_and_the_refusals_of_the_file_server_carry_them_too(plain, built):
    """WhiteNoise answers hashed files, and a wrong method on one, before the application is asked."""
    client = plain(public_url="https://parking.example.com")
    for method, status in (("GET", 200), ("POST", 405)):
        answer = client.open("/assets/index-abc12345.js", method=method)
        assert answer.status_code == status
        assert {name: answer.headers[name] for name in headers.FIXED} == headers.FIXED
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "http://localhost:5174",
        "https://localhost:5173",
        "http://localhost:5173.evil.example",
        "http://evil.example/http://localhost:5173",
        "http://sub.localhost:5173",
        "http://localhostX5173",
        "http://localhost",
    ],
)
@pytest.mark.parametrize("path", ["/api/lots", "/auth/login"])
def test_a_foreign_origin_may_read_nothing(plain, origin, path):
    for method in ("GET", "OPTIONS"):
        answer = plain().open(path, method=method, headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_named_origin_may_read_and_sees_the_headers_it_needs(plain):
    answer = plain().get("/api/public/site", headers={"Origin": "http://localhost:5173"})
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:5173"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    exposed = answer.headers["Access-Control-Expose-Headers"]
    for name in ("ETag", "X-Request-Id", "Idempotent-Replayed", "Retry-After"):
        assert name in exposed
    assert "Origin" in answer.headers["Vary"]


def test_a_named_origin_may_send_the_cookie_to_auth_alone(plain):
    preflight = {
        "Origin": "http://localhost:5173",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type, x-requested-with",
    }
    answer = plain().options("/auth/refresh", headers=preflight)
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert "x-requested-with" in answer.headers["Access-Control-Allow-Headers"].lower()


def test_any_origin_may_read_when_the_operator_of_a_local_run_says_so_but_never_with_cookies(plain):
    answer = plain(cors_origins=("*",)).get("/auth/me", headers={"Origin": "http://anywhere.example"})
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", "http://anywhere.example")
    assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("given", ["abc-123_X.9", "a" * 64])
def test_a_sane_request_id_is_taken_over(plain, given):
    assert plain().get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["", "a" * 65, "with space", "<script>", "ü", "a;b"])
def test_any_other_request_id_is_replaced(plain, given):
    sent = plain().get("/healthz", headers={"X-Request-Id": given.encode("latin-1").decode("latin-1")})
    assert sent.headers["X-Request-Id"] != given
    assert len(sent.headers["X-Request-Id"]) == 32


@pytest.mark.parametrize("path", ["/api/nothing", "/auth/nothing", "/api/", "/auth/x/y", "/assets/none.js", "/docs/x"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_is_not_there_is_a_problem_and_not_the_page(plain, path, method):
    answer = plain().open(path, method=method)
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert answer.json["code"] == "not_found"
    assert answer.json["message"] == answer.json["detail"]


def test_a_wrong_method_names_the_right_ones(plain):
    answer = plain().delete("/healthz")
    assert answer.status_code == 405
    assert {"GET", "HEAD", "OPTIONS"} <= {word.strip() for word in answer.headers["Allow"].split(",")}
    assert answer.content_type == "application/problem+json"


def test_head_and_options_say_no_more_than_they_should(plain):
    client = plain()
    head, got = client.head("/healthz"), client.get("/healthz")
    assert head.status_code == 200
    assert head.data == b""
    assert head.headers["Content-Type"] == got.headers["Content-Type"]
    options = client.options("/healthz")
    assert options.status_code == 200
    assert options.data == b""
    assert "GET" in options.headers["Allow"]


@pytest.fixture
def built(tmp_path, monkeypatch):
    """A page as Vite leaves it."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>the page</title>")
    (dist / "favicon.svg").write_text("<svg/>")
    script = b"console.log('x');" * 200
    (dist / "assets" / "index-abc12345.js").write_bytes(script)
    (dist / "assets" / "index-abc12345.js.gz").write_bytes(gzip.compress(script))
    monkeypatch.setattr(spa, "DIST", dist)
    return dist


@pytest.mark.parametrize("path", ["/", "/login", "/lots/7", "/admin/users", "/index.htm"])
def test_every_other_path_is_the_page(plain, built, path):
    answer = plain().get(path)
    assert answer.status_code == 200
    assert "the page" in answer.text
    assert answer.headers["Cache-Control"] == "no-cache"
    again = plain().get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304


def test_the_manifest_has_the_type_that_browsers_look_for(plain, built):
    (built / "manifest.webmanifest").write_text("{}")
    assert plain().get("/manifest.webmanifest").content_type == "application/manifest+json"
    assert plain().get("/favicon.svg").content_type == "image/svg+xml; charset=utf-8"


def test_hashed_files_are_kept_for_ever_and_sent_packed(plain, built):
    answer = plain().get("/assets/index-abc12345.js", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(answer.data).startswith(b"console.log")
    assert "immutable" in answer.headers["Cache-Control"]
    assert "max-age=315360000" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" not in plain().get("/favicon.svg").headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/../config.py", "/assets/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/..%5cx"])
def test_no_path_leads_out_of_the_folder(plain, built, path):
    assert "root:" not in plain().get(path).text
    assert "Settings" not in plain().get(path).text


def test_without_a_built_page_the_answer_says_what_to_do(plain, tmp_path, monkeypatch):
    monkeypatch.setattr(spa, "DIST", tmp_path / "none")
    answer = plain(site_name="<b>Ours</b>").get("/")
    assert answer.status_code == 200
    assert "npm run build" in answer.text
    assert "<b>Ours" not in answer.text


def test_the_docs_come_from_here_and_need_no_inline_script(plain):
    client = plain()
    text = client.get("/docs").text
    assert "://" not in text, "something would be fetched from another host"
    assert "<script>" not in text
    for name in spa.DOCS_FILES:
        packed = client.get(f"/docs/assets/{name}", headers={"Accept-Encoding": "gzip"})
        raw = client.get(f"/docs/assets/{name}", headers={"Accept-Encoding": "identity"})
        assert packed.status_code == raw.status_code == 200
        assert gzip.decompress(packed.data) == raw.data
        assert "Content-Encoding" not in raw.headers
    assert client.get("/docs/assets/flask_swagger_ui.py").status_code == 404


def test_a_mail_is_displayed_in_a_frame_without_scripts(plain):
    frame = plain().get("/api/frames/mail")
    policy = frame.headers["Content-Security-Policy"]
    assert "frame-ancestors 'self'" in policy
    assert "sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy
    assert "script-src 'self';" in policy, "the mail's own scripts are inline, and those are forbidden"
    assert "connect-src" not in policy, "and what is not named falls to default-src 'none'"
    assert frame.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert plain().get("/api/frames/mail.js").headers["Cross-Origin-Resource-Policy"] == "cross-origin"
