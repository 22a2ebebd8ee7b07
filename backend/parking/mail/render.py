"""A draft → its blocks → text, HTML and the MIME message. Pure: the same row always gives the same bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from typing import Any

import mjml
from jinja2 import BaseLoader, Environment, Template

from parking.mail import calendar
from parking.mail.formatter import Formatter
from parking.mail.i18n import Texts, language
from parking.mail.layout import Message
from parking.mail.registry import TEMPLATES
from parking.mail.smtp.addresses import addr_spec, header_text, mailbox
from parking.mail.smtp.header_folding import WIRE

_TEMPLATES = Path(__file__).with_name("templates")
# 8-bit text is encoded, because not every mail server accepts it.
POLICY = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Site:
    """The site that sends. `sender` is MAIL_FROM: an address, perhaps with a name before it."""

    name: str
    public_url: str
    sender: str

    @property
    def sender_email(self) -> str:
        return _parsed(self.sender)[1]

    @property
    def sender_name(self) -> str:
        return _parsed(self.sender)[0] or self.name

    @property
    def domain(self) -> str:
        return addr_spec(self.sender_email).rpartition("@")[2]


@cache
def _parsed(sender: str) -> tuple[str, str]:
    return parseaddr(sender)


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
    if isinstance(value, str):
        return _BREAKS.sub(" ", value)
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


def mime(draft: Draft, site: Site) -> EmailMessage:
    """The whole MIME message. Raises BadAddress when no mail can go to this address."""
    rendered = render(draft, site)
    mail = EmailMessage(policy=POLICY)
    _headers(mail, draft, site, rendered.subject)
    mail.set_content(rendered.text, cte="quoted-printable")
    mail.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    entry = rendered.message.calendar
    if entry is not None:
        _add_calendar(mail, calendar.ics(entry, formatter(draft, site)), entry.method)
    for part in draft.attachments:
        _attach(mail, part)
    mail["Content-Language"] = language(draft.locale)  # set earlier it would move into the first part
    _fix_boundaries(mail, draft.message_id)
    return mail


def headers(draft: Draft, site: Site) -> list[tuple[str, str]]:
    """The message's headers as text, to be read."""
    mail = EmailMessage(policy=POLICY)
    _headers(mail, draft, site, subject(draft, site))
    return [(name, str(value)) for name, value in mail.items()]


def wire(draft: Draft, site: Site) -> bytes:
    """The message as it is sent. Raises what `mime` raises."""
    return mime(draft, site).as_bytes(policy=WIRE)


def _headers(mail: EmailMessage, draft: Draft, site: Site, subject: str) -> None:
    subscription = TEMPLATES[draft.template].category == "subscription"
    mail["From"] = _sender(site, draft, subscription)
    mail["To"] = mailbox(draft.email, draft.name)
    mail["Subject"] = header_text(subject)
    mail["Date"] = format_datetime(draft.created_at)
    mail["Message-ID"] = draft.message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["Feedback-ID"] = f"{draft.template}:parking:{site.domain}"
    if subscription:
        mail["List-Id"] = f"<{draft.template.replace('_', '-')}.{site.domain}>"
        also = (
            f", <mailto:{addr_spec(site.sender_email)}?subject={draft.unsubscribe_mail}>"
            if draft.unsubscribe_mail
            else ""
        )
        mail["List-Unsubscribe"] = f"<{draft.unsubscribe_url}>{also}"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _sender(site: Site, draft: Draft, subscription: bool) -> Address:
    """Reports and reminders come under a name of their own, so that a recipient can sort them apart."""
    name = site.sender_name
    if subscription:
        sort = "report" if draft.template.endswith("_report") else "reminder"
        name += " – " + Texts(language(draft.locale))(f"sender.{sort}")
    return mailbox(site.sender_email, name)


def _add_calendar(mail: EmailMessage, entry: str, method: str) -> None:
    """The entry twice: as an alternative (clients show accept buttons or file it), and as a file for the others."""
    name, params = "cancelled.ics" if method == "CANCEL" else "booking.ics", {"method": method}
    mail.add_alternative(entry, subtype="calendar", cte="base64", params=params)
    mail.add_attachment(entry, subtype="calendar", cte="base64", params=params, filename=name)


def _attach(mail: EmailMessage, part: Attachment) -> None:
    main, _, sub = part.mimetype.partition("/")
    name = header_text(part.filename).replace("/", "_").replace("\\", "_")
    params = {"charset": "utf-8"} if main == "text" else {}
    mail.add_attachment(part.data, maintype=main, subtype=sub or "octet-stream", filename=name, params=params)


def _fix_boundaries(mail: EmailMessage, message_id: str) -> None:
    """Makes the boundaries from the Message-ID instead of at random: a second delivery has the same bytes."""
    seed = re.sub(r"[^A-Za-z0-9]", "", message_id)[:40]
    for number, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"=_{seed}_{number}")


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
