"""Parts that the reports share: their days, tiles and comparisons, and a written mail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from parking import mail
from parking.mail import Paragraph, Texts, Tile, Tone
from parking.reports.periods import Period
from parking.reports.recipients import ReportRecipient
from parking.rounding import half_up

Writer = Callable[[Session, Sequence[ReportRecipient]], Iterator["Written"]]
"""Makes the mails of a page of recipients."""
MOST_LOTS = 40
"""Rows of lots in one mail; the others are on the page and in the file (a mail stays under 100 KB)."""
MOST_BARS = 12
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Written:
    """One mail, ready to be queued."""

    recipient: ReportRecipient
    context: dict[str, Any]
    attachments: Sequence[mail.FileReference] = ()


@dataclass(frozen=True, slots=True)
class Days:
    """The local days a report covers, both included; `since` is set for a digest."""

    first: date
    last: date
    since: date | None

    @classmethod
    def of(cls, period: Period) -> Days:
        is_day = len(period.key) == 10
        own = date.fromisoformat(period.key if is_day else f"{period.key}-01")
        last = own if is_day else (own + timedelta(days=31)).replace(day=1) - ONE_DAY
        return cls(period.since or own, last, period.since)

    def before(self) -> tuple[date, date]:
        """The day, or the month, to compare with."""
        last = self.first - ONE_DAY
        return (last, last) if self.first == self.last else (last.replace(day=1), last)

    @property
    def months(self) -> list[str]:
        months, day = [], self.first
        while day <= self.last:
            months.append(f"{day:%Y-%m}")
            day = (day.replace(day=1) + timedelta(days=31)).replace(day=1)
        return months


def tile(t: Texts, label: str, now: Any, before: Any, write: Callable[[Any], str], direction: int) -> Tile:
    """A metric and its change. `direction`: 1 when more is better, -1 when less is, 0 when neither is."""
    if before is None:
        return Tile(label, write(now))
    difference = now - before
    if isinstance(difference, float):
        difference = half_up(difference, 1)
    if not difference:
        return Tile(label, write(now), t("change.same"))
    tone: Tone = "plain" if not direction else "good" if difference * direction > 0 else "bad"
    # A percentage that grows from 61 to 64.5 has grown by 3.5 points, not by 3.5 percent.
    amount = _points(abs(difference), t) if write == t.percent else write(abs(difference))
    change = t("change.more" if difference > 0 else "change.less", amount=amount)
    return Tile(label, write(now), change, tone)


def _points(difference: Decimal, t: Texts) -> str:
    return t("change.points_one" if difference == 1 else "change.points_other", n=t.plain(difference))


def digest_note(since: str | None, t: Texts) -> tuple[Paragraph, ...]:
    return (Paragraph(t("report.digest", since=t.day(date.fromisoformat(since)))),) if since else ()


def comparison_note(context: Any, t: Texts) -> tuple[Paragraph, ...]:
    """Names the day or month with which the metrics are compared."""
    if not context["previous"]:
        return ()
    if day := context.get("day"):
        return (Paragraph(t("report.compared", period=t.day(date.fromisoformat(str(day)) - ONE_DAY)), quiet=True),)
    last = date.fromisoformat(f"{context['month']}-01") - ONE_DAY
    return (Paragraph(t("report.compared", period=t.month(f"{last:%Y-%m}")), quiet=True),)
