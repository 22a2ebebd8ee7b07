"""The templates: which mails there are. Each domain registers its own when its `emails` module is imported.

@mail.register("export_ready", context=ExportReady, subject=..., sample=...)
def export_ready_message(context: ExportReady, fmt: Formatter) -> Message: ...
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, TypeAdapter

from parking.mail.i18n import catalogue, parse_instant
from parking.mail.rendering.formatter import Formatter, check_link
from parking.mail.rendering.layout import Message

Category = Literal["transactional", "subscription"]
DailyLimit = Literal["bookings", "account"]
Subject = Callable[[Any, Formatter], str]
Builder = Callable[[Any, Formatter], Message]


def _is_instant(text: str) -> str:
    parse_instant(text)
    return text


Instant = Annotated[str, AfterValidator(_is_instant)]
"""ISO 8601 with a zone; the type of a context's field."""
Link = Annotated[str, AfterValidator(check_link)]
"""A path on the site, or an http(s) URL; the type of a context's field."""


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of mail.

    `context` is the TypedDict of its data, which is JSON: money in minor units beside its currency, instants as
    ISO 8601 with "Z", zones by their IANA names, durations in seconds. `secret` names fields that nobody but the
    recipient may read; they are erased when the mail has ended. `daily_limit` names the allowance of mails to an
    address that nobody has confirmed (see outbox/allowance.py); None: not counted. `tell_failure`: the recipient is
    told on the page when it finally fails (see hooks.py).
    """

    name: str
    context: type
    subject: Subject
    build: Builder
    sample: Callable[[], dict[str, Any]]
    category: Category = "transactional"
    admin_only: bool = False
    secret: tuple[str, ...] = ()
    daily_limit: DailyLimit | None = "bookings"
    files: tuple[str, str] = ("message.txt", "message.mjml")
    tell_failure: bool = False

    def validate(self, context: dict[str, Any]) -> None:
        """Raises ValueError when the context is not one of this template: a mail that could not be written is
        refused when it is queued, not when it is sent."""
        _validator(self.context).validate_python(context)


@cache
def _validator(context: type) -> TypeAdapter[Any]:
    return TypeAdapter(context)


TEMPLATES: dict[str, Template] = {}
"""Every template by its name, in the order of the catalogue's names."""


def register(name: str, *, sample: Callable[[], dict[str, Any]], **options: Any) -> Callable[[Builder], Builder]:
    """Registers the decorated builder as the template `name`; `options` are the fields of Template. Every call of the
    template's `sample` gives values of its own, whatever the functions share.

    Raises ValueError when the catalogue has no name for it."""

    def decorate(build: Builder) -> Builder:
        order = list(catalogue()["kinds"])
        TEMPLATES[name] = Template(name=name, build=build, sample=lambda: copy.deepcopy(sample()), **options)
        in_order = sorted(TEMPLATES.values(), key=lambda template: order.index(template.name))
        TEMPLATES.clear()
        TEMPLATES.update((template.name, template) for template in in_order)
        return build

    return decorate


def subscriptions() -> tuple[str, ...]:
    """The templates a recipient can unsubscribe from."""
    return tuple(name for name, template in TEMPLATES.items() if template.category == "subscription")
