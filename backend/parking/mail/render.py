"""Facts → letter → text, HTML and the MIME message. Pure: the same row always gives the same bytes."""

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
from parking.mail.i18n import Texts, language
from parking.mail.layout import Letter
from parking.mail.smtp.addresses import addr_spec, header_text, mailbox
from parking.mail.smtp.header_folding import WIRE
from parking.mail.templates import KINDS, Context

_TEMPLATES = Path(__file__).with_name("templates")
# 8-bit text is encoded, so that every server on the way can carry it.
POLICY = SMTP.clone(cte_type="7bit")


@dataclass(frozen=True, slots=True)
class Site:
    """Whose mail it is. `sender` is MAIL_FROM: an address, perhaps with a name before it."""

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
    """Everything a stored mail says, without the database."""

    kind: str
    email: str
    name: str
    locale: str
    timezone: str
    facts: dict[str, Any]
    made_at: datetime
    message_id: str
    unsubscribe_url: str = ""
    unsubscribe_mail: str = ""  # subject of the mail that also unsubscribes
    attachments: Sequence[Attachment] = ()


@dataclass(frozen=True, slots=True)
class Rendered:
    letter: Letter
    text: str
    html: str


def build(draft: Draft, site: Site) -> Letter:
    """The letter of a draft. Raises KeyError, ValueError or TypeError when the facts are not those of its kind."""
    return KINDS[draft.kind].build(one_line(draft.facts), context(draft, site))


# Line breaks of every kind, and the marks that turn the reading direction.
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+")


def one_line(value: Any) -> Any:
    """Facts whose texts cannot break out of their line: a lot's name must not look like a paragraph of ours."""
    if isinstance(value, str):
        return _BREAKS.sub(" ", value)
    if isinstance(value, dict):
        return {name: one_line(inner) for name, inner in value.items()}
    return [one_line(inner) for inner in value] if isinstance(value, list) else value


def context(draft: Draft, site: Site) -> Context:
    """What the builders know of the site and the reader."""
    return Context(
        t=Texts(language(draft.locale)),
        site_name=site.name,
        public_url=site.public_url,
        email=draft.email,
        name=one_line(draft.name),
        timezone=draft.timezone,
        made_at=draft.made_at,
        organizer=site.sender_email,
    )


def render(draft: Draft, site: Site) -> Rendered:
    """Text and HTML of a draft, from the same blocks."""
    letter = build(draft, site)
    values = {
        "t": Texts(language(draft.locale)),
        "site_name": site.name,
        "name": one_line(draft.name),
        "subject": letter.subject,
        "preheader": letter.preheader,
        "hero": letter.hero,
        "blocks": letter.blocks,
        "reason": letter.reason,
        "unsubscribe_url": draft.unsubscribe_url,
        "preferences_url": f"{site.public_url}/profile",
    }
    text_template, html_template = KINDS[draft.kind].templates
    text = re.sub(r"\n{3,}", "\n\n", _template(text_template).render(values)).strip() + "\n"
    return Rendered(letter, text, _template(html_template).render(values))


def message(draft: Draft, site: Site) -> EmailMessage:
    """The whole MIME message. Raises BadAddress when no mail can go to this address."""
    rendered = render(draft, site)
    mail = EmailMessage(policy=POLICY)
    _headers(mail, draft, site, rendered.letter)
    mail.set_content(rendered.text, cte="quoted-printable")
    mail.add_alternative(rendered.html, subtype="html", cte="quoted-printable")
    method = rendered.letter.calendar_method
    if method:
        _add_calendar(mail, calendar.entry(draft.facts["booking"], context(draft, site), method), method)
    for part in draft.attachments:
        _attach(mail, part)
    mail["Content-Language"] = language(draft.locale)  # set earlier it would move into the first part
    _fix_boundaries(mail, draft.message_id)
    return mail


def headers(draft: Draft, site: Site) -> list[tuple[str, str]]:
    """The message's headers as text, for people to look at."""
    mail = EmailMessage(policy=POLICY)
    _headers(mail, draft, site, build(draft, site))
    return [(name, str(value)) for name, value in mail.items()]


def wire(draft: Draft, site: Site) -> bytes:
    """The message as it is sent. Raises what `message` raises."""
    return message(draft, site).as_bytes(policy=WIRE)


def _headers(mail: EmailMessage, draft: Draft, site: Site, letter: Letter) -> None:
    subscription = KINDS[draft.kind].category == "subscription"
    mail["From"] = _sender(site, draft, subscription)
    mail["To"] = mailbox(draft.email, draft.name)
    mail["Subject"] = header_text(letter.subject)
    mail["Date"] = format_datetime(draft.made_at)
    mail["Message-ID"] = draft.message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["Feedback-ID"] = f"{draft.kind}:parking:{site.domain}"
    if subscription:
        mail["List-Id"] = f"<{draft.kind.replace('_', '-')}.{site.domain}>"
        also = (
            f", <mailto:{addr_spec(site.sender_email)}?subject={draft.unsubscribe_mail}>"
            if draft.unsubscribe_mail
            else ""
        )
        mail["List-Unsubscribe"] = f"<{draft.unsubscribe_url}>{also}"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _sender(site: Site, draft: Draft, subscription: bool) -> Address:
    """Reports and reminders come under a name of their own, so that a reader can sort and judge them apart."""
    name = site.sender_name
    if subscription:
        what = "report" if draft.kind.endswith("_report") else "reminder"
        name += " – " + Texts(language(draft.locale))(f"sender.{what}")
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
    """Boundaries from the Message-ID instead of chance: a second delivery is the same message to the byte."""
    seed = re.sub(r"[^A-Za-z0-9]", "", message_id)[:40]
    for number, part in enumerate(part for part in mail.walk() if part.is_multipart()):
        part.set_boundary(f"=_{seed}_{number}")


# templates ---------------------------------------------------------------------------------

_ENVIRONMENT = {
    ".txt": Environment(loader=BaseLoader(), autoescape=False, keep_trailing_newline=True),  # noqa: S701 (plain text)
    ".mjml": Environment(loader=BaseLoader(), autoescape=True),
}


@cache
def _template(name: str) -> Template:
    """A compiled template; the MJML skeleton is turned into HTML once, its Jinja marks left standing."""
    path = _TEMPLATES / name
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".mjml":
        source = re.sub(r">\s{2,}<", "> <", mjml.mjml2html(source))
    return _ENVIRONMENT[path.suffix].from_string(source)
