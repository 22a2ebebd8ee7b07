"""Queries and answers of the notices."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from parking.mail import Formatter
from parking.notices.models import Notice
from parking.notices.rendering import words
from parking.web import Out, Query


class NoticesQuery(Query):
    limit: Annotated[int, Field(ge=1, le=1000)] = 200
    cursor: str | None = None


class NoticeDetail(Out):
    label: str
    value: str


class NoticeOut(Out):
    """One event in the words of its mail, in the language of your account. Times are in the zone of the lot.

    `kind` is the kind of that mail, or `mail_failed`.
    """

    id: int
    kind: str
    booking_id: int | None
    series_id: int | None = Field(description="The series of which it tells a date that was not booked.")
    created_at: datetime
    title: str
    place: str = Field(description="Spot and lot.")
    paragraphs: list[str]
    details: list[NoticeDetail]

    @classmethod
    def of(cls, notice: Notice, fmt: Formatter) -> NoticeOut:
        text = words(notice.kind, notice.context, fmt)
        return cls(
            id=notice.id,
            kind=notice.kind,
            booking_id=notice.booking_id,
            series_id=notice.context.get("series", {}).get("id"),
            created_at=notice.created_at,
            title=text.title,
            place=text.place,
            paragraphs=list(text.paragraphs),
            details=[NoticeDetail(label=row.label, value=row.value) for row in text.details],
        )


class NoticesOut(Out):
    notices: list[NoticeOut]
    next: str | None
    total: int = Field(description="All notices that are not dismissed, on every page of the list.")
