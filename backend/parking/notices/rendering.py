"""A notice as words: those of the mail of the same event, in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from parking import mail, settings
from parking.mail import Detail, Details, Formatter, Message, Paragraph

MAIL_FAILED = "mail_failed"
"""The kind of a notice that no mail could tell. Its context is {template, email, context of that mail}."""


@dataclass(frozen=True, slots=True)
class Words:
    """A notice in one language. `place` names spot and lot, or is empty."""

    title: str
    place: str
    paragraphs: tuple[str, ...]
    details: tuple[Detail, ...]


def reader(email: str, name: str, locale: str, timezone: str | None) -> Formatter:
    """The formatter for one reader. Call it in an application context; the formatter needs none."""
    return mail.formatter_for(mail.Recipient(email, name, locale, timezone or settings.current().timezone))


def kinds() -> tuple[str, ...]:
    """The kinds that this program can put into words."""
    return (*mail.TEMPLATES, MAIL_FAILED)


def words(kind: str, context: dict[str, Any], fmt: Formatter) -> Words:
    """The words of a notice. Raises KeyError for an unknown kind."""
    return _of_failed_mail(context, fmt) if kind == MAIL_FAILED else _of_mail(mail.build(kind, context, fmt))


def _of_mail(message: Message) -> Words:
    blocks, summary = message.notice, message.summary
    return Words(
        title=summary.title,
        place=" · ".join(filter(None, (f"{summary.value_label} {summary.value}".strip(), summary.place))),
        paragraphs=tuple(block.text for block in blocks if isinstance(block, Paragraph)),
        details=tuple(row for block in blocks if isinstance(block, Details) for row in block.rows),
    )


def _of_failed_mail(context: dict[str, Any], fmt: Formatter) -> Words:
    t, booking = fmt.t, context["context"]["booking"]
    subject = mail.subject(context["template"], context["context"], fmt)
    return Words(
        title=t("mail_failed.title"),
        place=f"{t('common.spot')} {booking['spot_number']} · {booking['lot_name']}",
        paragraphs=(
            t("mail_failed.text", email=context["email"], subject=subject),
            t("mail_failed.address"),
        ),
        details=(Detail(t("common.reference"), booking["reference"]),),
    )
