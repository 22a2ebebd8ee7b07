"""The schemas of the mail's requests and responses."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from parking.mail.models import OutboxMail
from parking.mail.outbox.replies import Code, code_of
from parking.mail.service import Filters, Preview, last_reply
from parking.web import In, Instant, Out, Query

State = Literal["queued", "sending", "retrying", "sent", "failed", "suppressed", "discarded"]


class EmailFilters(Query):
    """Filters of the outbox."""

    state: State | None = None
    kind: Annotated[str, Field(max_length=40)] | None = None
    q: Annotated[str, Field(max_length=200)] | None = None
    user_id: Annotated[int, Field(ge=1, le=2**63 - 1)] | None = None

    def filters(self) -> Filters:
        """The filters as the service takes them."""
        return Filters(self.state, self.kind, self.q, self.user_id)


class EmailQuery(EmailFilters):
    """The list of emails."""

    order: Literal["newest", "oldest"] = Field("newest", description="By creation")
    cursor: Annotated[str, Field(max_length=30)] | None = None
    limit: Annotated[int, Field(ge=1, le=1000)] = 200


class PreviewQuery(Query):
    locale: Literal["en", "de"] = "en"


class Email(Out):
    id: int
    kind: str
    recipient: str
    subject: str
    state: State
    attempts: int
    last_reply: str | None
    last_reply_code: Annotated[
        Code | None, Field(description="The code of `last_reply`, where the program itself wrote it; else null")
    ]
    created_at: Instant
    next_attempt_at: Instant | None
    sent_at: Instant | None
    booking_id: int | None
    user_id: int | None
    message_id: str

    @classmethod
    def of(cls, mail: OutboxMail) -> Email:
        return cls(**_fields(mail))


class Header(Out):
    name: str
    value: str


class EmailDetail(Email):
    text: str
    html: str
    headers: list[Header]
    attachments: list[str]

    @classmethod
    def from_preview(cls, mail: OutboxMail, preview: Preview) -> EmailDetail:
        return cls(
            **_fields(mail), **_content(preview), attachments=[reference["filename"] for reference in mail.attachments]
        )


class Circuit(Out):
    """`open`: the mail server has refused the login, and delivery pauses until the given time."""

    state: Literal["closed", "open"]
    until: Instant | None
    login_failures: int
    last_reply: str | None


class Hold(Out):
    """Nothing is sent since the restore of a backup, which was made at `backup_of`."""

    since: Instant
    backup_of: Instant


class Release(In):
    """`discard`: the mails that waited are never sent."""

    discard: bool = False


class Outbox(Out):
    """`held_up`: why waiting emails are not sent (`late`: one has waited for over an hour; `restored`: a backup was
    restored). `ok`: they are sent, and none has failed."""

    ok: bool
    held_up: Literal["restored", "no_server", "login_refused", "late"] | None
    configured: bool
    detail: str | None
    oldest_unsent_seconds: int | None
    queued: int
    failed: int
    circuit: Circuit
    hold: Hold | None


class EmailsOut(Out):
    emails: list[Email]
    next: str | None
    counts: dict[str, int]
    outbox: Outbox


class EmailOut(Out):
    email: EmailDetail


class EmailDone(Out):
    message: str
    email: Email


class KindOut(Out):
    kind: str
    label: str
    category: Literal["transactional", "subscription"]


class KindsOut(Out):
    kinds: list[KindOut]


class PreviewOut(Out):
    kind: str
    subject: str
    text: str
    html: str
    headers: list[Header]


class PreviewEnvelope(Out):
    preview: PreviewOut

    @classmethod
    def of(cls, kind: str, preview: Preview) -> PreviewEnvelope:
        return cls(preview=PreviewOut(kind=kind, subject=preview.subject, **_content(preview)))


def _content(preview: Preview) -> dict[str, Any]:
    headers = [Header(name=name, value=value) for name, value in preview.headers]
    return {"text": preview.text, "html": preview.html, "headers": headers}


def _fields(mail: OutboxMail) -> dict[str, Any]:
    waiting, reply = mail.state in ("queued", "retrying", "sending"), last_reply(mail)
    return {
        "id": mail.id,
        "kind": mail.kind,
        "recipient": mail.email,
        "subject": mail.subject,
        "state": mail.state,
        "attempts": mail.attempts,
        "last_reply": reply,
        "last_reply_code": code_of(reply),
        "created_at": mail.created_at,
        "next_attempt_at": mail.due_at if waiting else None,
        "sent_at": mail.sent_at,
        "booking_id": mail.booking_id,
        "user_id": mail.user_id,
        "message_id": mail.message_id,
    }
