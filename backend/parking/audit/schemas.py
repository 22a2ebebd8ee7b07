"""The audit log as administrators read it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, Field

from parking.audit import queries
from parking.web import Out, Query

Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
_SEARCHED = (
    "A part of the action, of the actor's name or address, or of the name of a lot or account that was changed; the"
    " beginning of a booking's reference; or a request id."
)
_Q = Field(max_length=100, description=_SEARCHED)


def _in_range(moment: datetime) -> datetime:
    """Raises ValueError at the edges of the calendar, where adding a day or another zone would leave it."""
    if not 1971 <= moment.year <= 8999:
        raise ValueError("This time is out of range.")
    return moment


Moment = Annotated[AwareDatetime, AfterValidator(_in_range)]


class AuditFilters(Query):
    """Filters of the audit log."""

    q: Annotated[str, _Q] | None = None
    entity: Annotated[str, Field(max_length=30, examples=["user", "booking", "lot"])] | None = None
    entity_id: Id | None = None
    actor_id: Id | None = None
    from_: Moment | None = Field(None, alias="from", description="Changes from here on")
    to: Moment | None = Field(None, description="Changes before this")

    def filters(self) -> queries.Filters:
        """The filters as the queries take them."""
        return queries.Filters(self.q, self.entity, self.entity_id, self.actor_id, self.from_, self.to)


class AuditQuery(AuditFilters):
    """The list of changes."""

    order: Literal["newest", "oldest"] = Field("newest", description="By time. Nothing else has an index.")
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    cursor: Annotated[str, Field(max_length=30)] | None = None


class Entry(Out):
    """`before` and `after` contain only the changed fields. No actor: the system; with a
    `request_id` the visitor of a booking, by the link in their email. `entity_name` is what people call the
    object; null when it has no name, or none any more."""

    id: int
    at: datetime
    actor_id: int | None
    actor_email: str | None
    actor_name: str | None
    action: str
    entity: str
    entity_id: int | None
    entity_name: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    request_id: str | None


class Entries(Out):
    """`names`: what people call the things whose ids stand in `before` and `after`: entity -> id -> name."""

    entries: list[Entry]
    names: dict[str, dict[str, str]]
    next: str | None
