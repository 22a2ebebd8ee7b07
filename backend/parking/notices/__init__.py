"""Notices: what a driver must hear of a booking, on the page until they dismiss it.

A notice is a row in the transaction of its cause. Its words are those of the mail of the same event, written when it
is read, in the reader's language. `bookings` adds the notices about bookings; those about mails that finally failed
come from a hook of `mail`.
"""

from __future__ import annotations

from apiflask import APIFlask

from parking.notices.models import Notice
from parking.notices.rendering import Words, reader, words
from parking.notices.service import (
    add,
    delete_of_bookings,
    delete_old,
    dismiss_before,
    dismiss_by_key,
    erase_plates,
)
from parking.web.logs import foreign_access

__all__ = [
    "Notice",
    "Words",
    "add",
    "delete_of_bookings",
    "delete_old",
    "dismiss_before",
    "dismiss_by_key",
    "erase_plates",
    "init_app",
    "reader",
    "words",
]


def init_app(app: APIFlask) -> None:
    """Registers the routes and the hooks of accounts and mail."""
    from parking import accounts, mail
    from parking.notices import service
    from parking.notices.routes import bp

    foreign_access.register_owned("notice_id", "notice", Notice)
    accounts.register_eraser(service.delete_of_user)
    mail.register_outcomes(failed=service.mail_failed, retried=service.mail_retried)
    app.register_blueprint(bp)
