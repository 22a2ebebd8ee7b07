"""What a builder knows besides the facts: whose site it is, who reads, in which language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from parking.mail.i18n import Texts

# Where the links of a letter lead: the page's own addresses.
PAGES = {
    "booking": "/bookings/{id}",
    "receipt": "/bookings/{id}/receipt",
    "lots": "/",
    "history": "/bookings",
    "profile": "/profile",
    "exports": "/bookings",
    "admin_exports": "/admin/exports",
    "admin_figures": "/admin/analytics",
    "forgot": "/forgot-password",
}


@dataclass(frozen=True, slots=True)
class Context:
    """`made_at` is when the letter was queued; every drawing of it is the same, also of a retry."""

    t: Texts
    site_name: str
    public_url: str
    email: str
    name: str
    timezone: str
    made_at: datetime
    organizer: str  # the bare address letters come from

    def page(self, name: str, **values: object) -> str:
        return self.public_url + PAGES[name].format(**{k: quote(str(v), safe="") for k, v in values.items()})

    def absolute(self, link: str) -> str:
        """A link of the facts: whole, or a path on our site. Anything but http(s) is refused."""
        if link.startswith("/") and not link.startswith("//"):
            return self.public_url + link
        if not link.startswith(("https://", "http://")):
            raise ValueError("a link in a letter starts with https:// or /")
        return link

    def own_moment(self, instant: str) -> str:
        """A moment in the reader's zone, which is named with it: for what has no lot."""
        return self.t.in_zone(self.t.moment(instant, self.timezone), self.timezone, instant)
