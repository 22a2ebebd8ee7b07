"""Drafts of every template for the tests."""

import email
import email.policy
import html.parser
from datetime import UTC, datetime

from parking.mail import TEMPLATES, subscriptions
from parking.mail.i18n import LANGUAGES
from parking.mail.rendering import render
from parking.mail.rendering.render import Draft, Site

SITE = Site("Parkwell", "https://park.example.com", "noreply@park.example.com")
CREATED_AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
EVERY = [(kind, lang) for kind in TEMPLATES for lang in LANGUAGES]
LONG = "Überlandparkhaus am Nordwestkreuz mit sehr langem Namen und noch einem Zusatz für die Ostseite GmbH & Co"


def draft(kind, lang="en", context=None, **more):
    link = "https://park.example.com/unsubscribe/token" if kind in subscriptions() else ""
    given = {
        "template": kind,
        "email": "amelia@example.com",
        "name": "Amelia Stone",
        "locale": lang,
        "timezone": "Europe/Berlin",
        "context": context if context is not None else TEMPLATES[kind].sample(),
        "created_at": CREATED_AT,
        "message_id": f"<{kind}.{lang}@park.example.com>",
        "unsubscribe_url": link,
        "unsubscribe_mail": "unsubscribe%20token" if link else "",
    }
    return Draft(**{**given, **more})


def parsed(kind, lang="en", **more):
    return email.message_from_bytes(render.wire(draft(kind, lang, **more), SITE), policy=email.policy.default)


class Page(html.parser.HTMLParser):
    """What a reader sees of the HTML, its links and its tags."""

    def __init__(self, source):
        super().__init__()
        self.words, self.links, self.tags, self._hidden = [], [], [], 0
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("style", "title"):
            self._hidden += 1
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_endtag(self, tag):
        if tag in ("style", "title"):
            self._hidden -= 1

    def handle_data(self, data):
        if not self._hidden:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def with_long_names(value):
    if isinstance(value, dict):
        return {k: LONG if k in ("lot_name", "name", "lot_address") else with_long_names(v) for k, v in value.items()}
    if isinstance(value, list):
        return [with_long_names(item) for item in value]
    return value
