"""Mail: what is said (kinds), how it looks (render), how it arrives (outbox, delivery, smtp).

The lowest domain: it knows no users, lots or bookings, only the facts it is handed.
"""

from __future__ import annotations

from apiflask import APIFlask

from config import ConfigError
from parking.mail.service import (
    MAX_ATTACHMENT_BYTES,
    FileReference,
    Recipient,
    calendar_file,
    confirmation_states,
    forget_user,
    get_preferences,
    health,
    queue,
    set_preferences,
    supersede,
    unwilling,
)

__all__ = [
    "MAX_ATTACHMENT_BYTES",
    "FileReference",
    "Recipient",
    "at_start",
    "calendar_file",
    "confirmation_states",
    "forget_user",
    "get_preferences",
    "health",
    "init_app",
    "queue",
    "set_preferences",
    "supersede",
    "unwilling",
]


def init_app(app: APIFlask) -> None:
    """Puts the mail's routes and commands on the application."""
    from parking.mail.cli import mail_cli
    from parking.mail.routes import mail_bp

    app.register_blueprint(mail_bp)
    app.cli.add_command(mail_cli)


def at_start() -> list[str]:
    """Refuses a MAIL_FROM that no mail can come from. Raises config.ConfigError."""
    from parking.mail.outbox import delivery
    from parking.mail.smtp.addresses import BadAddress, addr_spec
    from parking.settings import current

    sender = delivery.site(current()).sender_email
    try:
        addr_spec(sender)
    except BadAddress as error:
        raise ConfigError([("MAIL_FROM", f"cannot be used: {sender!r} is no address to send from ({error})")]) from None
    return []
