"""What clients of a campaign did and saw, and what the product holds afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Action = Literal["book", "release", "cancel", "read"]


@dataclass(frozen=True)
class Answer:
    """One answer as it came over the wire."""

    status: int
    body: bytes
    json: dict[str, Any]


@dataclass
class Operation:
    """Something a client wanted, with all its attempts under one idempotency key.

    `tag` is the number plate of the booking that the operation is about: no two bookings are asked for with the same.
    `answers` holds every definite answer (2xx or 4xx) in the order in which they came; the client repeats what got no
    definite answer. None at all means that the outcome is unknown.
    """

    client: str
    action: Action
    tag: str
    booking_type: str = "instant"
    answers: list[Answer] = field(default_factory=list)
    attempts: int = 0
    seen: frozenset[str] = frozenset()
    """For a read: the plates of the client's bookings that were listed."""
    expected: frozenset[str] = frozenset()
    """For a read: the plates whose bookings had been acknowledged to this client before it was sent."""

    @property
    def acknowledged(self) -> dict[str, Any] | None:
        """The first answer's body when the operation succeeded."""
        first = self.answers[0] if self.answers else None
        return first.json if first and first.status < 300 else None

    @property
    def refused(self) -> bool:
        """Whether it was refused for good. A refusal is not stored under the key, so an earlier attempt that the client
        gave up before its answer may still be carried out afterwards; then the outcome is unknown."""
        unanswered = self.attempts > len(self.answers)
        return bool(self.answers) and self.answers[0].status >= 400 and not unanswered


@dataclass(frozen=True)
class StoredBooking:
    """A row of `booking` at the end. Cost in hundredths."""

    id: int
    tag: str
    reference: str
    client: str
    spot_id: int
    booking_type: str
    status: str
    start: datetime
    held_until: datetime
    end: datetime | None
    window: tuple[datetime, datetime] | None
    cost_minor: int | None
    ended_by: str | None = None


@dataclass(frozen=True)
class StoredMail:
    """A row of the outbox at the end."""

    booking_id: int
    kind: str
    state: str
    message_id: str


@dataclass
class FinalState:
    """The database, the mail server and the statistics once everything works again and nothing waits."""

    bookings: list[StoredBooking]
    mails: list[StoredMail]
    delivered: list[str]
    """Message-IDs that the mail server accepted, in order, copies included."""
    hourly_minor: int
    revenue_minor: int
    """What the administrator's statistics say was earned in all."""
    moves: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    """Booking -> the spots between which the audit log says it was moved, in order."""
