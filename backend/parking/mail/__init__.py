"""Mail: layout and texts, the templates' registry, the outbox, delivery, preferences.

It lies below the domains and knows nothing of users, lots or bookings: each domain registers its own templates in its
`emails` module and queues them with `queue`.
"""

from __future__ import annotations

from apiflask import APIFlask

from config import ConfigError
from parking.mail import emails as _own_template  # noqa: F401 - registers the test message
from parking.mail.contexts import erase_value
from parking.mail.hooks import register_outcomes
from parking.mail.i18n import Texts, parse_instant, zone_info
from parking.mail.models import MailPreference, OutboxMail
from parking.mail.outbox.delivery import MAX_ATTACHMENT_BYTES, deliver_latest
from parking.mail.outbox.hold import current_hold, hold
from parking.mail.outbox.queue import FileReference, Recipient, queue, supersede
from parking.mail.outbox.replies import DEMONSTRATION
from parking.mail.preferences import get_preferences, set_preferences, unwilling, with_defaults
from parking.mail.registry import TEMPLATES, Instant, Link, Template, register, subscriptions
from parking.mail.rendering.calendar import CalendarEntry, CalendarMethod
from parking.mail.rendering.formatter import Formatter
from parking.mail.rendering.layout import (
    Bar,
    Bars,
    Block,
    Button,
    Detail,
    Details,
    Grid,
    Message,
    News,
    Paragraph,
    Summary,
    Tile,
    Tiles,
    Tone,
)
from parking.mail.schemas import EmailFilters, Outbox
from parking.mail.service import (
    build,
    calendar_file,
    can_send,
    certificate_health,
    delete_of_bookings,
    delete_user,
    erase_plates,
    formatter_for,
    health,
    latest_states,
    mail_rows,
    preview,
    subject,
    waiting_note,
)

__all__ = [
    "DEMONSTRATION",
    "MAX_ATTACHMENT_BYTES",
    "TEMPLATES",
    "Bar",
    "Bars",
    "Block",
    "Button",
    "CalendarEntry",
    "CalendarMethod",
    "Detail",
    "Details",
    "EmailFilters",
    "FileReference",
    "Formatter",
    "Grid",
    "Instant",
    "Link",
    "MailPreference",
    "Message",
    "News",
    "Outbox",
    "OutboxMail",
    "Paragraph",
    "Recipient",
    "Summary",
    "Template",
    "Texts",
    "Tile",
    "Tiles",
    "Tone",
    "at_start",
    "build",
    "calendar_file",
    "can_send",
    "certificate_health",
    "current_hold",
    "delete_of_bookings",
    "delete_user",
    "deliver_latest",
    "erase_plates",
    "erase_value",
    "formatter_for",
    "get_preferences",
    "health",
    "hold",
    "init_app",
    "latest_states",
    "mail_rows",
    "parse_instant",
    "preview",
    "queue",
    "register",
    "register_outcomes",
    "set_preferences",
    "subject",
    "subscriptions",
    "supersede",
    "unwilling",
    "waiting_note",
    "with_defaults",
    "zone_info",
]


def init_app(app: APIFlask) -> None:
    """Registers the mail's routes and commands."""
    from parking.mail.cli import mail_cli
    from parking.mail.routes import mail_bp

    app.register_blueprint(mail_bp)
    app.cli.add_command(mail_cli)


def at_start() -> list[str]:
    """Checks that mail can be sent from MAIL_FROM. Raises config.ConfigError."""
    from parking.mail.outbox import delivery
    from parking.mail.smtp.addresses import BadAddress, addr_spec
    from parking.settings import current

    sender = delivery.site(current()).sender_email
    try:
        addr_spec(sender)
    except BadAddress as error:
        raise ConfigError([("MAIL_FROM", f"cannot be used: {sender!r} is not a sender address ({error})")]) from None
    return []
