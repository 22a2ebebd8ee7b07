"""Forged access tokens (RFC 8725): every one is answered 401, none breaks anything."""

import base64
import hashlib
import hmac
import json
from datetime import timedelta

import jwt
import pytest

from parking import clock
from parking.accounts.models import LoginSession
from parking.accounts.sessions import access_tokens

UNIQUIFIER = "uniquifier-of-alice"
PUBLIC_PEM = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"


def b64(data: bytes | str) -> str:
    raw = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class Forger:
    """Writes tokens by hand. `key` is the real one: what is signed with it must fail for another reason."""

    def __init__(self, key: str) -> None:
        self.key = key
        now = int(clock.now().timestamp())
        self.claims = {
            "sub": UNIQUIFIER, "iss": "parking", "aud": "api", "typ": "access", "iat": now, "exp": now + 900,
        }  # fmt: skip
        self.header = {"alg": "HS256", "kid": access_tokens.key_id(key), "typ": "JWT"}

    def signed(self, header: str, payload: str, key: str | bytes | None = None, digest: str = "sha256") -> str:
        body = f"{b64(header)}.{b64(payload)}"
        secret = self.key if key is None else key
        return (
            f"{body}.{b64(hmac.digest(secret.encode() if isinstance(secret, str) else secret, body.encode(), digest))}"
        )

    def header_with(self, key: str | bytes | None = None, **changes) -> str:
        header = json.dumps({**self.header, **changes}, separators=(",", ":"))
        return self.signed(header, json.dumps(self.claims), key)

    def claims_with(self, **changes) -> str:
        claims = {name: value for name, value in {**self.claims, **changes}.items() if value is not ...}
        return self.signed(json.dumps(self.header, separators=(",", ":")), json.dumps(claims))

    def payload(self, text: str) -> str:
        return self.signed(json.dumps(self.header, separators=(",", ":")), text)

    @property
    def good(self) -> str:
        return self.claims_with()

    @property
    def now(self) -> int:
        return self.claims["iat"]


def unsigned(f: Forger, alg: str, signature: str = "") -> str:
    return f"{b64(json.dumps({'alg': alg, 'typ': 'JWT'}))}.{b64(json.dumps(f.claims))}.{signature}"


def parts(f: Forger) -> list[str]:
    return f.good.split(".")


FORGERIES = {
    # the algorithm
    "alg none": lambda f: unsigned(f, "none"),
    "alg None": lambda f: unsigned(f, "None"),
    "alg nOnE": lambda f: unsigned(f, "nOnE"),
    "alg NONE with a signature": lambda f: unsigned(f, "NONE", parts(f)[2]),
    "alg none, header of ours": lambda f: ".".join([*parts(f)[:2], ""]),
    "alg empty": lambda f: f.header_with(alg=""),
    "alg null": lambda f: f.header_with(alg=None),
    "alg a list": lambda f: f.header_with(alg=["HS256", "none"]),
    "alg missing": lambda f: f.signed('{"typ":"JWT"}', json.dumps(f.claims)),
    "alg RS256 over our key": lambda f: f.header_with(alg="RS256"),
    "alg HS256 over a public key": lambda f: f.header_with(PUBLIC_PEM, alg="HS256"),
    "alg HS512": lambda f: jwt.encode(f.claims, f.key, "HS512"),
    "alg HS384": lambda f: jwt.encode(f.claims, f.key, "HS384"),
    "alg in small letters": lambda f: f.header_with(alg="hs256"),
    "alg twice": lambda f: f.signed('{"alg":"none","alg":"HS256","typ":"JWT"}', json.dumps(f.claims)),
    # the key
    "key empty": lambda f: f.header_with(b""),
    "key short": lambda f: f.header_with("secret"),
    "key a NUL": lambda f: f.header_with(b"\0"),
    "key hashed": lambda f: f.header_with(hashlib.sha256(f.key.encode()).hexdigest()),
    "key of sessions": lambda f: f.header_with("another secret of this installation, long enough"),
    "kid a path": lambda f: f.header_with(kid="../../../../dev/null", key=b""),
    "kid an injection": lambda f: f.header_with(kid="x' UNION SELECT 'k'--", key="k"),
    "kid with our key": lambda f: f.header_with(kid="1"),
    "jku": lambda f: f.header_with(jku="https://evil.example/keys"),
    "x5u": lambda f: f.header_with(x5u="https://evil.example/cert"),
    "x5c": lambda f: f.header_with(x5c=["MIIB"]),
    "jwk": lambda f: f.header_with("k" * 32, jwk={"kty": "oct", "k": b64("k" * 32)}),
    "crit unknown": lambda f: f.header_with(crit=["exp2"], exp2=1),
    "b64 false": lambda f: f.header_with(crit=["b64"], b64=False),
    "typ of another kind": lambda f: f.header_with(typ="reset+jwt"),
    "zip": lambda f: f.header_with(zip="DEF"),
    # the signature
    "signature cut": lambda f: f.good[:-4],
    "signature of another token": lambda f: ".".join([*parts(f)[:2], f.claims_with(sub="x").split(".")[2]]),
    "signature changed": lambda f: f.good[:-6] + ("A" if f.good[-6] != "A" else "B") + f.good[-5:],
    "payload changed": lambda f: ".".join([parts(f)[0], b64(json.dumps({**f.claims, "sub": "x"})), parts(f)[2]]),
    # the time
    "exp missing": lambda f: f.claims_with(exp=...),
    "exp past": lambda f: f.claims_with(exp=f.now - 60, iat=f.now - 960),
    "exp text": lambda f: f.claims_with(exp=str(f.now + 900)),
    "exp NaN": lambda f: f.payload(json.dumps({**f.claims, "exp": float("nan")})),
    "exp infinite": lambda f: f.payload(json.dumps({**f.claims, "exp": float("inf")})),
    "exp huge": lambda f: f.payload(json.dumps(f.claims).replace(str(f.now + 900), "1e400")),
    "exp a fraction": lambda f: f.claims_with(exp=f.now + 900.5),
    "exp true": lambda f: f.claims_with(exp=True),
    "exp null": lambda f: f.claims_with(exp=None),
    "exp a list": lambda f: f.claims_with(exp=[f.now + 900]),
    "exp in a thousand years": lambda f: f.claims_with(exp=f.now + 10**10),
    "iat missing": lambda f: f.claims_with(iat=...),
    "iat in the future": lambda f: f.claims_with(iat=f.now + 3600, exp=f.now + 4500),
    "iat text": lambda f: f.claims_with(iat="now"),
    "nbf in the future": lambda f: f.claims_with(nbf=f.now + 10**10),
    "nbf text": lambda f: f.claims_with(nbf="later"),
    # the other claims
    "iss missing": lambda f: f.claims_with(iss=...),
    "iss another": lambda f: f.claims_with(iss="evil"),
    "iss a list": lambda f: f.claims_with(iss=["parking"]),
    "aud missing": lambda f: f.claims_with(aud=...),
    "aud another": lambda f: f.claims_with(aud="exports"),
    "aud null": lambda f: f.claims_with(aud=None),
    "kind missing": lambda f: f.claims_with(typ=...),
    "kind refresh": lambda f: f.claims_with(typ="refresh"),
    "kind reset": lambda f: f.claims_with(typ="reset"),
    "kind confirm": lambda f: f.claims_with(typ="confirm"),
    "sub missing": lambda f: f.claims_with(sub=...),
    "sub a number": lambda f: f.claims_with(sub=1),
    "sub null": lambda f: f.claims_with(sub=None),
    "sub an object": lambda f: f.claims_with(sub={"$ne": ""}),
    "sub empty": lambda f: f.claims_with(sub=""),
    "sub unknown": lambda f: f.claims_with(sub="uniquifier-of-nobody"),
    "sub an injection": lambda f: f.claims_with(sub="' OR 1=1 --"),
    "sub a pattern": lambda f: f.claims_with(sub="uniquifier-of-%"),
    "sub with NUL": lambda f: f.claims_with(sub=UNIQUIFIER + "\0"),
    "sub a lone surrogate": lambda f: f.payload(json.dumps({**f.claims, "sub": "\ud800"})),
    "sid a number": lambda f: f.claims_with(sid=1),
    "sid an object": lambda f: f.claims_with(sid={}),
    "sid null": lambda f: f.claims_with(sid=None),
    "sid of no session": lambda f: f.claims_with(sid="x"),
    "sid of an ended session": lambda f: f.claims_with(sid="ended"),
    "sid with NUL": lambda f: f.claims_with(sid="\0"),
    # the form
    "empty": lambda f: "",
    "a word": lambda f: "token",
    "two parts": lambda f: ".".join(parts(f)[:2]),
    "four parts": lambda f: f.good + ".x",
    "five parts (encrypted)": lambda f: f"{parts(f)[0]}.a.b.c.d",
    "not base64": lambda f: f"{parts(f)[0]}.!!!.{parts(f)[2]}",
    "not JSON": lambda f: f.payload("not json"),
    "a JSON list": lambda f: f.payload("[]"),
    "a JSON number": lambda f: f.payload("7"),
    "not UTF-8": lambda f: f"{parts(f)[0]}.{b64(bytes([255, 254]))}.{parts(f)[2]}",
    "nested a thousand deep": lambda f: f.payload("[" * 1000 + "]" * 1000),
    "one megabyte": lambda f: f.claims_with(fill="x" * 10**6),
    "a good one with a space": lambda f: f.good + " x",
    "beyond ASCII": lambda f: f.good + "ä",
}  # fmt: skip


@pytest.fixture
def forger(app, alice, settings):
    from parking.database import db

    now = clock.now()
    db.session.add(
        LoginSession(
            user_id=alice.id, family="ended", token_hash="x", rotated_at=now, created_at=now, last_used_at=now,
            expires_at=now + timedelta(days=1), ended_at=now,
        )
    )  # fmt: skip
    db.session.commit()
    return Forger(settings.jwt_secret)


def ask(client, token: str):
    return client.get("/auth/me", headers={"Authorization": f"Bearer {token}"})


def test_there_are_enough_of_them():
    assert len(FORGERIES) >= 45


def test_the_helper_of_these_tests_can_write_valid_tokens(client, forger):
    """Else every forgery below would fail for being badly made."""
    assert forger.good.split(".")[0] == access_tokens.issue(UNIQUIFIER).split(".")[0]
    assert ask(client, forger.good).status_code == 200


def test_a_forged_token_is_refused(client, forger):
    answers = {name: ask(client, forge(forger)) for name, forge in FORGERIES.items()}
    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code != 401} == {}
    assert {answer.json["code"] for answer in answers.values()} == {"unauthorized"}
    assert {answer.headers["WWW-Authenticate"] for answer in answers.values()} == {'Bearer realm="parking"'}


def test_another_authorization_scheme_is_refused(client, alice):
    for header in ("", "Bearer", "Basic YTpi", "Token x", "bearer ", "Bearer  ", "null"):
        assert client.get("/auth/me", headers={"Authorization": header}).status_code == 401, header


def test_a_token_counts_only_in_its_header(client, forger):
    token = forger.good
    client.set_cookie("token", token)
    assert client.get("/auth/me").status_code == 401
    assert client.get(f"/auth/me?token={token}&auth_token={token}&access_token={token}").status_code == 401
    assert client.patch("/auth/me", json={"auth_token": token}).status_code == 401


def test_a_clock_that_is_a_little_off_is_forgiven(client, forger):
    leeway = int(access_tokens.LEEWAY.total_seconds())
    assert leeway <= 30
    assert ask(client, forger.claims_with(exp=forger.now - leeway + 1, iat=forger.now - 800)).status_code == 200
    assert ask(client, forger.claims_with(exp=forger.now - leeway, iat=forger.now - 800)).status_code == 401


def test_a_new_uniquifier_ends_every_token(client, forger, alice):
    from parking.database import db

    alice.fs_uniquifier = "another one"
    db.session.commit()
    assert ask(client, forger.good).status_code == 401


# keys with names ------------------------------------------------------------------------------


OLD_SECRET = "the secret of yesterday, of more than thirty-two bytes"


def test_a_token_names_its_key(app):
    header = jwt.get_unverified_header(access_tokens.issue(UNIQUIFIER))
    key = app.extensions["settings"].jwt_secret
    assert header == {"alg": "HS256", "typ": "JWT", "kid": access_tokens.key_id(key)}
    assert header["kid"] not in key


def test_after_a_change_of_the_key_older_tokens_go_on_until_they_end(app, alice, monkeypatch):
    import dataclasses

    settings = app.extensions["settings"]
    app.extensions["settings"] = dataclasses.replace(settings, jwt_secret=OLD_SECRET)
    old = access_tokens.issue(UNIQUIFIER)
    app.extensions["settings"] = dataclasses.replace(settings, jwt_secret_previous=OLD_SECRET)
    client = app.test_client()
    assert client.get("/auth/me", headers={"Authorization": f"Bearer {old}"}).status_code == 200
    new = access_tokens.issue(UNIQUIFIER)
    assert jwt.get_unverified_header(new)["kid"] == access_tokens.key_id(settings.jwt_secret)
    app.extensions["settings"] = settings
    assert client.get("/auth/me", headers={"Authorization": f"Bearer {old}"}).status_code == 401
    assert client.get("/auth/me", headers={"Authorization": f"Bearer {new}"}).status_code == 200


def test_a_token_under_the_name_of_another_key_is_refused(app, alice):
    key = app.extensions["settings"].jwt_secret
    claims = jwt.decode(access_tokens.issue(UNIQUIFIER), options={"verify_signature": False})
    for signed_with, named in ((OLD_SECRET, key), (key, OLD_SECRET)):
        forged = jwt.encode(claims, signed_with, "HS256", headers={"kid": access_tokens.key_id(named)})
        answer = app.test_client().get("/auth/me", headers={"Authorization": f"Bearer {forged}"})
        assert answer.status_code == 401


def test_a_token_from_before_keys_had_names_goes_on(app, alice):
    claims = jwt.decode(access_tokens.issue(UNIQUIFIER), options={"verify_signature": False})
    old = jwt.encode(claims, app.extensions["settings"].jwt_secret, "HS256")
    assert app.test_client().get("/auth/me", headers={"Authorization": f"Bearer {old}"}).status_code == 200
