"""The schedule of reports as the API returns it."""

from __future__ import annotations

from typing import Literal

from parking.web import ActionQuery, Instant, Out


class SendQuery(ActionQuery):
    dry_run: bool = False
    force: bool = False


class Line(Out):
    kind: str
    description: str
    every: Literal["day", "month"] | None
    time: str | None
    timezone: str | None
    running: bool
    last_period: str | None
    last_run: Instant | None
    last_count: int | None
    next_run: Instant | None


class ScheduleOut(Out):
    schedule: list[Line]


class Processing(Out):
    message: str
    status: Literal["processing"]
    task_id: str


class DryRun(Out):
    """`addresses` contains the first hundred."""

    message: str
    recipients: int
    mails: int
    addresses: list[str]
