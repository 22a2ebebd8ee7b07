"""The reasons that the program itself writes into a booking, and their codes. What people type has no code.

The API's `reason` is English; a page in another language renders the code.
"""

from __future__ import annotations

from typing import Literal

Code = Literal["not_free", "lot_closed"]
NOT_FREE = "The spot was not free in time."


def lot_closed(lot_name: str) -> str:
    """The reason of the reservations that are cancelled with their lot."""
    return f"{lot_name} has closed."


def code_of(ended_by: str | None, reason: str | None, lot_name: str) -> Code | None:
    """The code of a stored reason, or None for the words of a person. A lot that was renamed after it had closed is not
    recognised: its reason stays as it is."""
    if reason is None:
        return None
    if ended_by == "system":
        return "not_free"
    return "lot_closed" if ended_by == "admin" and reason == lot_closed(lot_name) else None
