"""Instants as text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import overload


@overload
def to_rfc3339(moment: datetime) -> str: ...
@overload
def to_rfc3339(moment: datetime | None) -> str | None: ...
def to_rfc3339(moment: datetime | None) -> str | None:
    """`2026-03-02T09:00:00Z`: UTC, whole seconds (RFC 3339). None stays None."""
    return None if moment is None else f"{moment.astimezone(UTC).isoformat()[:19]}Z"
