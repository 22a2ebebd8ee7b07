"""A draft → its blocks → text, HTML and the MIME message. Pure: the same row always gives the same bytes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from typing import Any

import mjml
from jinja2 import BaseLoader, Environment, Template

from parking.mail.i18n import Texts, language
from parking.mail.registry import TEMPLATES
from parking.mail.rendering import calendar, mime
from parking.mail.rendering.formatter import Formatter
from parking.mail.rendering.layout import Message
from parking.mail.smtp import header_folding
from parking.mail.smtp.addresses import Mailbox, addr_spec, header_text, mailbox

_TEMPLATES = Path(__file__).parent.with_name("templates")


@dataclass(frozen=True, slots=True)
class Operator:
    """Who runs the site: what the operator has set of OPERATOR_NAME, OPERATOR_CONTACT, IMPRINT_URL and PRIVACY_URL."""

    name: str | None = None
    contact: str | None = None
    contact_url: str | None = None
    imprint_url: str | None = None
    privacy_url: str | None = None

    def entries(self, t: Texts) -> list[tuple[str, str | None]]:
        """What is set, as text with the link behind it; a name has none."""
        links = (
            (self.contact, self.contact_url),
            (t("common.imprint"), self.imprint_url),
            (t("common.privacy"), self.privacy_url),
        )
        names: list[tuple[str, str | None]] = [(self.name, None)] if self.name else []
        return names + [(text, url) for text, url in links if text and url]


@dataclass(frozen=True, slots=True)
class Site:
    """The site that sends. `sender` is MAIL_FROM: an address, perhaps with a name before it."""

    name: str
    public_url: str
    sender: str
    operator: Operator = Operator()

    @property
    def sender_email(self) -> str:
        return _parsed(self.sender)[1]

    @property
    def sender_name(self) -> str:
        return _parsed(self.sender)[0] or self.name

    @property
    def domain(self) -> str:
        return _domain(self.sender_email)


@cache
def _parsed(sender: str) -> tuple[str, str]:
    return parseaddr(sender)


@cache
def _domain(email: str) -> str:
    return addr_spec(email).rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Attachment:
    filename: str
    mimetype: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything a stored mail says, without the database. `subject` None: it is made from the context."""

    template: str
    email: str
    name: str
    locale: str
    timezone: str
    context: dict[str, Any]
    created_at: datetime
    message_id: str
    subject: str | None = None
    unsubscribe_url: str = ""
    unsubscribe_mail: str = ""  # subject of the mail that also unsubscribes
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    message: Message
    text: str
    html: str


def subject(draft: Draft, site: Site) -> str:
    """The stored subject, or the one of the context. Raises what the template raises for a wrong context."""
    if draft.subject is not None:
        return draft.subject
    return TEMPLATES[draft.template].subject(one_line(draft.context), formatter(draft, site))


def build(draft: Draft, site: Site) -> Message:
    """The blocks of a draft. Raises KeyError, ValueError or TypeError when the context is not one of its template."""
    return TEMPLATES[draft.template].build(one_line(draft.context), formatter(draft, site))


# Line breaks of every kind, and the marks that turn the reading direction.
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+")


def one_line(value: Any) -> Any:
    """The context with every text on one line: the name of a lot must not look like a paragraph of ours.

    Returns a value of the same type (text, dict, list or another), hence `Any`.
    """
    if isinstance(value, str):  # what is printable has none of them, and is known in a tenth of the time
        return value if value.isprintable() else _BREAKS.sub(" ", value)
    if isinstance(value, dict):
        return {name: one_line(inner) for name, inner in value.items()}
    return [one_line(inner) for inner in value] if isinstance(value, list) else value


def formatter(draft: Draft, site: Site) -> Formatter:
    """What the builders know of the site and the recipient."""
    return Formatter(
        t=Texts(language(draft.locale)),
        site_name=site.name,
        public_url=site.public_url,
        email=draft.email,
        name=one_line(draft.name),
        timezone=draft.timezone,
        created_at=draft.created_at,
        organizer=site.sender_email,
    )


def render(draft: Draft, site: Site) -> Rendered:
    """Text and HTML of a draft, from the same blocks."""
    heading, message = subject(draft, site), build(draft, site)
    values = {
        "t": Texts(language(draft.locale)),
        "site_name": site.name,
        "operator": site.operator,
        "operator_entries": site.operator.entries(Texts(language(draft.locale))),
        "name": one_line(draft.name),
        "subject": heading,
        "preheader": message.preheader,
        "summary": message.summary,
        "blocks": message.blocks,
        "reason": message.reason,
        "unsubscribe_url": draft.unsubscribe_url,
        "preferences_url": f"{site.public_url}/profile",
    }
    text_file, html_file = TEMPLATES[draft.template].files
    text = re.sub(r"\n{3,}", "\n\n", _template(text_file).render(values)).strip() + "\n"
    return Rendered(heading, message, text, _template(html_file).render(values))


def headers(draft: Draft, site: Site) -> list[tuple[str, str]]:
    """The message's headers as text, to be read."""
    return [(name, str(value)) for name, _, value in _headers(draft, site, subject(draft, site))]


def wire(draft: Draft, site: Site) -> bytes:
    """The message as it is sent. Raises BadAddress when no mail can go to this address."""
    rendered = render(draft, site)
    bodies = [mime.text("plain", rendered.text), mime.text("html", rendered.html)]
    attached = [mime.binary(file.mimetype, file.data, file.filename) for file in draft.attachments]
    entry = rendered.message.calendar
    if entry is not None:
        # Twice: as an alternative (clients show accept buttons or file it), and as a file for the others.
        ics = calendar.ics(entry, formatter(draft, site)).encode()
        name = _CANCELLED if entry.method == "CANCEL" else "booking.ics"
        bodies.append(mime.binary("text/calendar", ics, method=entry.method))
        attached.insert(0, mime.binary("text/calendar", ics, name, method=entry.method))
    if dates := rendered.message.dates:
        file = calendar.ics_of(dates, "PUBLISH", formatter(draft, site)).encode()
        name = _CANCELLED if all(one.method == "CANCEL" for one in dates) else "bookings.ics"
        attached.insert(0, mime.binary("text/calendar", file, name, method="PUBLISH"))
    folded = "".join(fold(name, value) for name, fold, value in _headers(draft, site, rendered.subject))
    return mime.message(folded, bodies, attached, draft.message_id, language(draft.locale))


_CANCELLED = "cancelled.ics"


def _headers(draft: Draft, site: Site, subject: str) -> list[tuple[str, Callable[[str, Any], str], Any]]:
    """Every header: its name, how it is folded, and its value."""
    subscription = TEMPLATES[draft.template].category == "subscription"
    token = header_folding.token
    lines: list[tuple[str, Callable[[str, Any], str], Any]] = [
        ("From", header_folding.mailbox, _sender(site, draft, subscription)),
        ("To", header_folding.mailbox, mailbox(draft.email, draft.name)),
        ("Subject", header_folding.text, header_text(subject)),
        ("Date", token, format_datetime(draft.created_at)),
        ("Message-ID", token, draft.message_id),
        ("Auto-Submitted", token, "auto-generated"),
        ("X-Auto-Response-Suppress", token, "All"),
        ("Feedback-ID", token, f"{draft.template}:parking:{site.domain}"),
    ]
    if subscription:
        by_mail = f", <mailto:{addr_spec(site.sender_email)}?subject={draft.unsubscribe_mail}>"
        lines += [
            ("List-Id", token, f"<{draft.template.replace('_', '-')}.{site.domain}>"),
            ("List-Unsubscribe", token, f"<{draft.unsubscribe_url}>{by_mail if draft.unsubscribe_mail else ''}"),
            ("List-Unsubscribe-Post", token, "List-Unsubscribe=One-Click"),
        ]
    return lines


def _sender(site: Site, draft: Draft, subscription: bool) -> Mailbox:
    """Reports and reminders come under a name of their own, so that a recipient can sort them apart."""
    name = site.sender_name
    if subscription:
        sort = "report" if draft.template.endswith("_report") else "reminder"
        name += " – " + Texts(language(draft.locale))(f"sender.{sort}")
    return mailbox(site.sender_email, name)


# templates ---------------------------------------------------------------------------------

ENVIRONMENTS = {
    ".txt": Environment(loader=BaseLoader(), autoescape=False, keep_trailing_newline=True),  # noqa: S701 (plain text)
    ".mjml": Environment(loader=BaseLoader(), autoescape=True),
}


@cache
def _template(name: str) -> Template:
    """A compiled template. The MJML file is turned into HTML once; its Jinja tags stay as they are."""
    path = _TEMPLATES / name
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".mjml":
        source = re.sub(r">\s{2,}<", "> <", mjml.mjml2html(source))
    return ENVIRONMENTS[path.suffix].from_string(source)
