"""The program's own words in place of a reply of the mail server, and their codes. What a server says has no code.

`last_reply` is English; a page in another language renders the code.
"""

from __future__ import annotations

import re
from typing import Literal

Code = Literal[
    "not_configured",
    "too_many",
    "replaced",
    "newer",
    "worker_died",
    "expired",
    "discarded",
    "discarded_after_restore",
    "unwritable",
    "demonstration",
]

NOT_CONFIGURED = "not sent: no SMTP server configured"
REPLACED = "tells the latest state; an earlier one was replaced before it was sent"
EXPIRED = "too late to be of use: it expired before it could be sent"
DISCARDED = "discarded by an administrator"
DISCARDED_AFTER_RESTORE = "discarded after a restore"
DEMONSTRATION = "demonstration data: never sent"


def too_many(per_day: int) -> str:
    return f"not sent: nobody has confirmed this address, and {per_day} mails went to it within a day"


def newer(template: str) -> str:
    return f"replaced by a newer mail: {template}"


def worker_died(times: int) -> str:
    return f"the worker died {times} times while sending this mail"


def unwritable(error: Exception) -> str:
    return f"this mail could not be written ({type(error).__name__})"


_WHOLE: dict[str, Code] = {
    NOT_CONFIGURED: "not_configured",
    REPLACED: "replaced",
    EXPIRED: "expired",
    DISCARDED: "discarded",
    DISCARDED_AFTER_RESTORE: "discarded_after_restore",
    DEMONSTRATION: "demonstration",
}
_PATTERNS: tuple[tuple[re.Pattern[str], Code], ...] = (
    (re.compile(r"not sent: nobody has confirmed this address, and \d+ mails went to it within a day"), "too_many"),
    (re.compile(r"replaced by a newer mail: \w+"), "newer"),
    (re.compile(r"the worker died \d+ times while sending this mail"), "worker_died"),
    (re.compile(r"this mail could not be written \(\w+\)"), "unwritable"),
)


def code_of(reply: str | None) -> Code | None:
    """The code of the program's own words; None for the words of a server."""
    if reply is None:
        return None
    return _WHOLE.get(reply) or next((code for pattern, code in _PATTERNS if pattern.fullmatch(reply)), None)
