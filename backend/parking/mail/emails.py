"""The mail's own template: a test message."""

from __future__ import annotations

from typing import Any

from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from parking.mail.registry import register
from parking.mail.rendering.formatter import Formatter
from parking.mail.rendering.layout import Button, Message, Paragraph, Summary


class NoContext(TypedDict):
    pass


def _subject(context: NoContext, fmt: Formatter) -> str:
    return fmt.t.subject("test_message.subject", site=fmt.site_name)


def _sample() -> dict[str, Any]:
    return {}


@register("test_message", context=NoContext, subject=_subject, sample=_sample, admin_only=True)
def test_message(context: NoContext, fmt: Formatter) -> Message:
    """`flask mail test ADDRESS`."""
    t = fmt.t
    return Message(
        preheader=t.preheader("test_message.preheader", site=fmt.site_name),
        summary=Summary(title=t("test_message.title", site=fmt.site_name)),
        blocks=(
            Paragraph(t("test_message.text", at=fmt.own_moment(fmt.created_at.isoformat()))),
            Button(t("test_message.button", site=fmt.site_name), fmt.public_url + "/"),
        ),
        reason=t("why.account", site=fmt.site_name),
    )
