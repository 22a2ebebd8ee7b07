"""What people call the things of the log: a lot's name instead of the number of its row.

The log stands below the rooms whose things it names; each room registers how its own are called.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from sqlalchemy.orm import Session


class Entry(Protocol):
    """What an entry or a row of its fields says about things."""

    entity: Any
    entity_id: Any
    before: Any
    after: Any


NamesOf = Callable[[Session, set[int]], dict[int, str]]
IdsNamed = Callable[[Session, str], set[int]]
_names_of: dict[str, NamesOf] = {}
_ids_named: dict[str, IdsNamed] = {}

REFERENCES = {"spot_id": "spot", "lot_id": "lot", "user_id": "user", "tariff_id": "tariff"}
"""Changed fields that hold the id of another thing."""


def register_names(entity: str, names_of: NamesOf, ids_named: IdsNamed | None = None) -> None:
    """`names_of(session, ids)` returns the names of those that still have one, in one query; `ids_named(session, text)`
    the few ids of those that people mean by a text."""
    _names_of[entity] = names_of
    if ids_named:
        _ids_named[entity] = ids_named


def things_named(session: Session, text: str) -> dict[str, set[int]]:
    """Returns entity -> the ids of the things that people mean by this text, such as a booking's reference."""
    ids_by_entity = {entity: ids_named(session, text) for entity, ids_named in _ids_named.items()}
    return {entity: ids for entity, ids in ids_by_entity.items() if ids}


def names_in(session: Session, entries: Iterable[Entry]) -> dict[str, dict[int, str]]:
    """Returns entity -> id -> name for all that these entries mention, with one query per entity."""
    ids: dict[str, set[int]] = defaultdict(set)
    for entry in entries:
        if entry.entity_id is not None:
            ids[entry.entity].add(entry.entity_id)
        for values in (entry.before, entry.after):
            for field, value in references(values):
                ids[REFERENCES[field]].add(value)
    return {entity: _names_of[entity](session, some) for entity, some in ids.items() if entity in _names_of}


def references(values: dict[str, object] | None) -> list[tuple[str, int]]:
    """The ids of other things in the values of a change, also in the filters of an export."""
    if not values:
        return []
    filters = values.get("filters")
    inner = references(filters) if isinstance(filters, dict) else []
    return inner + [
        (field, value)
        for field in REFERENCES
        if isinstance(value := values.get(field), int) and not isinstance(value, bool)
    ]
