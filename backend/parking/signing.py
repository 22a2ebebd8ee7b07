"""Secrets that are computed instead of stored, and values that carry their signature: SHA-256 with SECRET_KEY."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

from itsdangerous import URLSafeSerializer

from parking import clock
from parking.settings import Settings

SHA1_UNTIL = datetime(2027, 6, 1, tzinfo=UTC)
"""Until then links that were mailed with a SHA-1 signature (before November 2026) go on working."""


def serializer(settings: Settings, salt: str) -> URLSafeSerializer:
    """Signs small values for a URL. What one `salt` signed is good for nothing else."""
    older: list[dict[str, Any]] = [{"digest_method": hashlib.sha1}] if clock.now() < SHA1_UNTIL else []
    return URLSafeSerializer(
        settings.secret_key,
        salt=salt,
        signer_kwargs={"digest_method": hashlib.sha256},
        fallback_signers=older,  # type: ignore[arg-type]  # their stubs want one type for all keys
    )


def one_time_secret(settings: Settings, seed: str) -> str:
    """The secret of a one-time link. Whoever reads the seed in the database cannot compute it without SECRET_KEY; the
    worker that writes the mail can."""
    key = hmac.digest(settings.secret_key.encode(), b"secret of a one-time link", "sha256")
    return base64.urlsafe_b64encode(hmac.digest(key, seed.encode(), "sha256")).decode().rstrip("=")
