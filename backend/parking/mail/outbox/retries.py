"""The pauses between attempts to send a mail. Pure."""

from __future__ import annotations

import zlib
from datetime import timedelta

PAUSES = (60, 300, 900, 3600)
"""Seconds after the 1st, 2nd, 3rd and 4th attempt; hourly from there."""
JITTER = 0.1


def pause_after(attempts: int, seed: str) -> timedelta:
    """The pause after so many attempts: 10 % more or less, depending on the mail, so that mails that failed together
    are not tried again together."""
    base = PAUSES[min(attempts, len(PAUSES)) - 1] if attempts > 0 else 0
    spread = zlib.crc32(f"{seed}:{attempts}".encode()) / 0xFFFFFFFF  # 0..1, always the same
    return timedelta(seconds=round(base * (1 - JITTER + 2 * JITTER * spread)))
