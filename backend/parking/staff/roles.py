"""The roles of lot staff, and which role includes which. Pure."""

from __future__ import annotations

from typing import Literal, get_args

LotRole = Literal["viewer", "attendant", "manager"]
ROLES: tuple[LotRole, ...] = get_args(LotRole)
"""From the least to the most. Each role may do what those before it may."""


def includes(held: str, needed: LotRole) -> bool:
    """Whether who holds the one role may do what the other may."""
    return held in ROLES[ROLES.index(needed) :]
