"""Writes values for one recipient: in their language and zone, with links to the site."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from parking.mail.i18n import Texts


@dataclass(frozen=True, slots=True)
class Formatter:
    """The data a builder needs besides the context of the mail.

    `created_at` is when the mail was queued, so that every attempt sends the same bytes.
    """

    t: Texts
    site_name: str
    public_url: str
    email: str
    name: str
    timezone: str
    created_at: datetime
    organizer: str  # the bare address mails are sent from

    def page(self, path: str, **values: object) -> str:
        """The URL of a page of the site; `{name}` in the path stands for a value."""
        return self.public_url + path.format(**{name: quote(str(v), safe="") for name, v in values.items()})

    def absolute(self, link: str) -> str:
        """The URL of a link of the context. Raises ValueError, see `check_link`."""
        return self.public_url + link if check_link(link).startswith("/") else link

    def own_moment(self, instant: str) -> str:
        """A moment in the recipient's zone, with the zone's name: for mails that concern no lot."""
        return self.t.in_zone(self.t.moment(instant, self.timezone), self.timezone, instant)


def check_link(link: str) -> str:
    """The same link, if it is a path on the site or an http(s) URL. Raises ValueError."""
    if (link.startswith("/") and not link.startswith("//")) or link.startswith(("https://", "http://")):
        return link
    raise ValueError("a link in an email starts with https:// or /")
