"""What an operator wants to see of attacks: one line for each refused sign-in, limit that was hit, token that came
back, change of rights. Logger `parking.security`; with LOG_FORMAT=json one object a line.

Every line has `event`, `address` and `request_id`, and where an account is concerned `account` (a keyed hash of its
address: the same account, the same text; it gives the address away to nobody) or `user_id`. Never a password, token
or address of a mailbox.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from typing import Any

from flask import has_request_context, request

from parking import settings
from parking.text import email_addresses
from parking.web import request_id

log = logging.getLogger("parking.security")


def event(name: str, *, email: str | None = None, user_id: int | None = None, **more: Any) -> None:
    """Writes one line. `more` holds short values that are no secrets."""
    facts: dict[str, Any] = {
        "event": name,
        "address": request.remote_addr if has_request_context() else None,
        "request_id": request_id(),
    }
    if email is not None:
        facts["account"] = account_hash(email)
    if user_id is not None:
        facts["user_id"] = user_id
    facts |= more
    line = " ".join(f"{key}={value}" for key, value in facts.items() if key != "event" and value is not None)
    log.info("%s %s", name, line, extra={"facts": facts})


def account_hash(email: str) -> str:
    """The name of an account in the log, whether it exists or not."""
    key, address = settings.current().secret_key.encode(), email_addresses.key(email).encode("utf-8", "replace")
    return hmac.new(key, b"account in the log:" + address, hashlib.sha256).hexdigest()[:16]
