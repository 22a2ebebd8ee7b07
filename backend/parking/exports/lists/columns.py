"""The columns of the files that only lists have: cells from rows. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from parking.csv_writer import Cell, Table, Times, Word

Names = Mapping[str, Mapping[int, str]]
"""Entity -> id -> what people call it."""
References = Mapping[str, str]
"""Fields of a change that hold the id of another entity -> that entity."""


class AuditRow(NamedTuple):
    """A change; `at` in unix seconds."""

    id: int
    at: int
    actor_email: str | None
    actor_name: str | None
    action: str
    entity: str
    entity_id: int | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    request_id: str | None


def audit_table(zone: str, references: References, *, for_people: bool) -> Table:
    """The table of pairs (AuditRow, Names); times in the operator's zone. Programs get the changed values as JSON,
    people as words, with names in place of ids."""

    def cells(values: Sequence[Any], times: Times) -> list[Cell]:
        row, named = values
        write = _words(references, named) if for_people else _json
        return [
            row.id,
            times(zone)(row.at),
            row.actor_email,
            row.actor_name,
            row.action,
            row.entity,
            row.entity_id,
            named.get(row.entity, {}).get(row.entity_id),
            write(row.before),
            write(row.after),
            row.request_id,
        ]

    header = ("id", "at", "actor_email", "actor_name", "action", "entity", "entity_id", "entity_name")
    return Table("audit", (*header, "before", "after", "request_id"), cells, lambda _: zone)


def _json(values: dict[str, Any] | None) -> str | None:
    return None if values is None else json.dumps(values, ensure_ascii=False)


def _words(references: References, named: Names) -> Callable[[dict[str, Any] | None], str | None]:
    """Writes {"status": "Active", "spot_id": 4} as "status: Active, spot: 17"."""

    def word(field: str, value: Any) -> str:
        if isinstance(value, dict):
            return f"{field}: ({write(value)})"
        entity = references.get(field)
        name = named.get(entity, {}).get(value) if entity and isinstance(value, int) else None
        text = json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value
        return f"{field}: {text}" if name is None else f"{entity}: {name}"

    def write(values: dict[str, Any] | None) -> str | None:
        return None if values is None else ", ".join(word(field, value) for field, value in values.items())

    return write


class MailRow(NamedTuple):
    """A mail of the outbox; times in unix seconds."""

    id: int
    kind: str
    subject: str
    email: str
    state: str
    attempts: int
    last_reply: str | None
    created: int
    next_attempt: int | None
    sent: int | None
    booking_id: int | None
    user_id: int | None
    message_id: str


def mail_table(zone: str) -> Table:
    """The table of MailRows; times in the operator's zone."""

    def cells(values: Sequence[Any], times: Times) -> list[Cell]:
        row, time = MailRow._make(values), times(zone)
        moments = (time(row.created), time(row.next_attempt), time(row.sent))
        return [*row[:4], Word(row.state), *row[5:7], *moments, row.booking_id, row.user_id, row.message_id]

    header = ("id", "kind", "subject", "recipient", "state", "attempts", "last_reply", "created_at")
    return Table(
        "emails", (*header, "next_attempt_at", "sent_at", "booking_id", "user_id", "message_id"), cells, lambda _: zone
    )


class ExportRow(NamedTuple):
    """An export; times in unix seconds."""

    id: int
    kind: str
    format: str
    state: str
    rows_done: int
    size_bytes: int | None
    created: int
    finished: int | None
    expires: int | None
    error: str | None


def export_table(zone: str) -> Table:
    """The table of ExportRows; times in the zone of the person who asks."""

    def cells(values: Sequence[Any], times: Times) -> list[Cell]:
        row, time = ExportRow._make(values), times(zone)
        return [
            row.id,
            Word(row.kind),
            row.format,
            Word(row.state),
            *row[4:6],
            time(row.created),
            time(row.finished),
            time(row.expires),
            row.error,
        ]

    header = ("id", "kind", "format", "state", "rows", "size_bytes", "created_at", "finished_at", "expires_at")
    return Table("exports", (*header, "error"), cells, lambda _: zone)
