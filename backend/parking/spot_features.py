"""The features of a spot, which are also what a driver may need of one. Pure.

A need is a feature that the spot must have. Needs are a tuple in the order of FEATURES, each once; `()` is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from parking.errors import Invalid

Feature = Literal["accessible", "ev", "covered"]
Needs = tuple[Feature, ...]
FEATURES: Needs = ("accessible", "ev", "covered")
"""The scarcest first: a spot with the first of them is given to drivers without needs last."""

NeedsIn = Annotated[list[Feature], Field(max_length=10, description="Features that the spot must have")]
NeedsText = Annotated[
    str | None,
    Field(
        max_length=100,
        description="Only spots with these features: `accessible`, `ev`, `covered`, with commas between them",
        json_schema_extra={"examples": ["accessible,ev"]},
    ),
]


def ordered(names: Iterable[str]) -> Needs:
    """Returns the needs among these names."""
    given = set(names)
    return tuple(name for name in FEATURES if name in given)


def read_needs(text: str | None) -> Needs:
    """Reads the needs of a query: names with commas between them. Raises Invalid for a name that is no feature."""
    names = [name.strip() for name in (text or "").split(",") if name.strip()]
    if not set(names) <= set(FEATURES):
        raise Invalid.field("needs", "The needs must be “accessible”, “ev” or “covered”, with commas between them.")
    return ordered(names)


def required(needs: Needs) -> dict[str, bool]:
    """Feature -> whether it is needed."""
    return {name: name in needs for name in FEATURES}


def spots_with(needs: Needs, number: int) -> str:
    """Names so many spots with these features: "1 accessible spot", "2 covered spots with EV charging"."""
    adjectives = [name for name in ("covered", "accessible") if name in needs]
    noun = "spot" if number == 1 else "spots"
    charging = ["with EV charging"] if "ev" in needs else []
    return " ".join([f"{number:,}" if number else "no", *adjectives, noun, *charging])
