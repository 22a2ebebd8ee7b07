"""Codes of authenticator apps (RFC 6238: SHA-1, six digits, thirty seconds) and recovery codes. Pure."""

from __future__ import annotations

import hashlib
import hmac
import io
import re
import secrets
from datetime import datetime

import segno
from passlib.totp import TOTP

PERIOD = 30
"""Seconds."""
SLACK = 1
"""A phone's clock may be wrong by so many periods."""
RECOVERY_CODES = 10
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_GROUPS, _GROUP = 5, 5


def step_of(key: bytes, code: str, now: datetime) -> int | None:
    """Returns the time step whose code this is, the present one first; None for a wrong code."""
    digits = re.sub(r"[\s-]", "", code)
    totp, present = _totp(key), int(now.timestamp()) // PERIOD
    for step in sorted(range(present - SLACK, present + SLACK + 1), key=lambda one: abs(one - present)):
        if hmac.compare_digest(totp.generate(step * PERIOD).token.encode(), digits.encode()):
            return step
    return None


def code_at(key: bytes, now: datetime) -> str:
    """Returns the code that an app shows now."""
    return str(_totp(key).generate(int(now.timestamp())).token)


def secret_text(key: bytes) -> str:
    """Returns the key as people type it into an app that reads no pictures."""
    return str(_totp(key).pretty_key(sep=" "))


def uri(key: bytes, account: str, site: str) -> str:
    """Returns the address that an app reads from the QR code."""
    # A colon parts the site from the account there.
    return str(_totp(key).to_uri(label=account.replace(":", " "), issuer=site.replace(":", " ")))


def qr_code(text: str) -> str:
    """Returns the text as a QR code, an SVG document that can stand in a page."""
    image = io.BytesIO()
    segno.make(text, error="m").save(image, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=4)
    return image.getvalue().decode().strip()


def new_recovery_codes() -> list[str]:
    """Returns new random codes, "7KQM2-XWBH9-TRA4C-DEF23-GHJKM": 122 bits each."""
    return ["-".join(_letters(_GROUP) for _ in range(_GROUPS)) for _ in range(RECOVERY_CODES)]


def recovery_hash(code: str) -> str:
    """Returns the hash that is stored; case, spaces and dashes do not matter."""
    return hashlib.sha256(re.sub(r"[\W_]", "", code).upper().encode()).hexdigest()


def _letters(count: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(count))


def _totp(key: bytes) -> TOTP:
    return TOTP(key=key, format="raw", alg="sha1", digits=6, period=PERIOD)
