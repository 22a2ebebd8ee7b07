"""Numbers with their noun: "1 lot", "2 lots". English."""

from __future__ import annotations


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """`number` and the form of the noun that goes with it; `plural` defaults to `singular` + "s"."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
