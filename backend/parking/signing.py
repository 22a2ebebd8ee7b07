"""Secrets that are computed instead of stored, and values that carry their signature: SHA-256 with SECRET_KEY."""

from __future__ import annotations

import base64
import hashlib
import hmac

from itsdangerous import URLSafeSerializer

from parking.settings import Settings


def serializer(settings: Settings, salt: str) -> URLSafeSerializer:
    """Signs small values for a URL. What one `salt` signed is good for nothing else."""
    return URLSafeSerializer(settings.secret_key, salt=salt, signer_kwargs={"digest_method": hashlib.sha256})


def totp_key(settings: Settings, seed: str) -> bytes:
    """The key of an authenticator app, 160 bits. The database has the seed alone, as with one-time links."""
    key = hmac.digest(settings.secret_key.encode(), b"key of an authenticator app", "sha256")
    return hmac.digest(key, seed.encode(), "sha256")[:20]


def one_time_secret(settings: Settings, seed: str) -> str:
    """The secret of a one-time link. Whoever reads the seed in the database cannot compute it without SECRET_KEY; the
    worker that writes the mail can."""
    key = hmac.digest(settings.secret_key.encode(), b"secret of a one-time link", "sha256")
    return base64.urlsafe_b64encode(hmac.digest(key, seed.encode(), "sha256")).decode().rstrip("=")
