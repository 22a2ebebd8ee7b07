"""The mails about an account: contexts, messages, samples, and the functions that queue them.

They name the moment and the device; they hold no password, and no token but the link's. Each is queued in the
transaction of its cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, NotRequired

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from parking import clock, mail, settings
from parking.accounts.models import User
from parking.accounts.one_time_tokens import IssuedToken
from parking.accounts.sessions.browser_sessions import Browser
from parking.mail import Button, Detail, Details, Formatter, Message, Paragraph
from parking.text import names
from parking.timestamps import to_rfc3339

_PROGRAMS = {"Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
_SYSTEMS = {"Windows": "Windows", "Android": "Android", "iPhone": "iPhone", "iPad": "iPad", "Mac OS": "macOS"}


class SecretLink(TypedDict):
    """With a `seed` the link lacks its secret, which is computed from the seed when the mail is sent."""

    link: mail.Link
    seed: NotRequired[str]
    expires_at: mail.Instant
    email: NotRequired[str]


class AccountEvent(TypedDict):
    at: mail.Instant
    email: NotRequired[str]
    ip: NotRequired[str | None]
    device: NotRequired[str | None]


# a new password ----------------------------------------------------------------------------


def _password_reset_subject(context: SecretLink, fmt: Formatter) -> str:
    return _subject("password_reset", fmt, until=fmt.t.clock(context["expires_at"], fmt.timezone))


def _password_reset_sample() -> dict[str, Any]:
    return {"link": "/reset-password#token=sample", "expires_at": "2026-11-23T10:30:00Z"}


@mail.register(
    "password_reset",
    context=SecretLink,
    subject=_password_reset_subject,
    sample=_password_reset_sample,
    secret=("link", "seed"),
    daily_limit=None,
)
def password_reset_message(context: SecretLink, fmt: Formatter) -> Message:
    """The link to set a new password: it works once, for a short time."""
    t = fmt.t
    return _message(
        "password_reset",
        fmt,
        Paragraph(t("password_reset.text", until=fmt.own_moment(context["expires_at"]))),
        Button(t("password_reset.button"), fmt.absolute(context["link"])),
        Paragraph(t("password_reset.ignore"), quiet=True),
        until=t.clock(context["expires_at"], fmt.timezone),
    )


def password_reset(session: Session, user: User, link: IssuedToken) -> None:
    """Queues the link to set a new password."""
    mail.queue(session, "password_reset", recipient(user), _link("reset-password", link), expires_at=link.expires_at)


def _password_changed_subject(context: AccountEvent, fmt: Formatter) -> str:
    return _subject("password_changed", fmt, at=fmt.t.moment(context["at"], fmt.timezone))


def _password_changed_sample() -> dict[str, Any]:
    return {"at": "2026-11-23T10:00:00Z", "ip": "203.0.113.7", "device": "Firefox, Windows"}


@mail.register(
    "password_changed",
    context=AccountEvent,
    subject=_password_changed_subject,
    sample=_password_changed_sample,
    daily_limit="account",
)
def password_changed_message(context: AccountEvent, fmt: Formatter) -> Message:
    """Tells the owner that the password was changed."""
    t = fmt.t
    return _message(
        "password_changed",
        fmt,
        Paragraph(t("password_changed.text")),
        _event_details(context, fmt),
        Paragraph(t("password_changed.act")),
        Button(t("password_changed.button"), fmt.page("/forgot-password")),
        at=t.moment(context["at"], fmt.timezone),
    )


def password_changed(session: Session, user: User, browser: Browser) -> None:
    """Queues the notice that the password was changed."""
    mail.queue(session, "password_changed", recipient(user), _event(browser))


# a new address -----------------------------------------------------------------------------


def _email_confirm_values(context: SecretLink, fmt: Formatter) -> dict[str, str]:
    return {
        "email": context.get("email") or fmt.email,
        "until": fmt.t.clock(context["expires_at"], fmt.timezone),
    }


def _email_confirm_subject(context: SecretLink, fmt: Formatter) -> str:
    return _subject("email_confirm", fmt, **_email_confirm_values(context, fmt))


def _email_confirm_sample() -> dict[str, Any]:
    return {
        "link": "/confirm-email#token=sample",
        "expires_at": "2026-11-24T10:00:00Z",
        "email": "amelia.new@example.com",
    }


@mail.register(
    "email_confirm",
    context=SecretLink,
    subject=_email_confirm_subject,
    sample=_email_confirm_sample,
    secret=("link", "seed"),
    daily_limit=None,
)
def email_confirm_message(context: SecretLink, fmt: Formatter) -> Message:
    """Goes to the new address (`email`): the link proves that its owner reads it."""
    t, values = fmt.t, _email_confirm_values(context, fmt)
    text = t("email_confirm.text", email=values["email"], until=fmt.own_moment(context["expires_at"]))
    return _message(
        "email_confirm",
        fmt,
        Paragraph(text),
        Button(t("email_confirm.button"), fmt.absolute(context["link"])),
        Paragraph(t("email_confirm.ignore"), quiet=True),
        **values,
    )


def email_confirm(session: Session, user: User, address: str, link: IssuedToken) -> None:
    """Queues the link that makes the new address the account's, to that address."""
    context = {**_link("confirm-email", link), "email": address}
    mail.queue(session, "email_confirm", recipient(user, address), context, expires_at=link.expires_at)


def _email_changed_subject(context: AccountEvent, fmt: Formatter) -> str:
    return _subject("email_changed_notice", fmt, at=fmt.t.moment(context["at"], fmt.timezone))


def _email_changed_sample() -> dict[str, Any]:
    return {"at": "2026-11-23T10:00:00Z", "email": "amelia.new@example.com", "ip": "203.0.113.7"}


@mail.register(
    "email_changed_notice",
    context=AccountEvent,
    subject=_email_changed_subject,
    sample=_email_changed_sample,
    daily_limit="account",
)
def email_changed_message(context: AccountEvent, fmt: Formatter) -> Message:
    """Goes to the old address, which may be a stranger's by now: the new one (`email`) is shown in part."""
    t = fmt.t
    return _message(
        "email_changed_notice",
        fmt,
        Paragraph(t("email_changed_notice.text", email=masked(context["email"]))),
        _event_details(context, fmt),
        Paragraph(t("email_changed_notice.act")),
        Button(t("email_changed_notice.button"), fmt.page("/profile")),
        at=t.moment(context["at"], fmt.timezone),
    )


def email_changed_notice(session: Session, user: User, old_address: str, old_confirmed: bool, browser: Browser) -> None:
    """Queues the notice to the old address, in case somebody other than the owner changed it."""
    context = {**_event(browser), "email": user.email}
    mail.queue(session, "email_changed_notice", recipient(user, old_address, confirmed=old_confirmed), context)


def masked(email: str) -> str:
    """ "a…@example.com": enough to recognise one's own address, too little for a stranger."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}…@{domain}"


# the second factor --------------------------------------------------------------------------


class FactorEvent(AccountEvent):
    change: str


def _factor_subject(context: FactorEvent, fmt: Formatter) -> str:
    return _subject("second_factor_changed", fmt, at=fmt.t.moment(context["at"], fmt.timezone))


def _factor_sample() -> dict[str, Any]:
    return {"change": "on", "at": "2026-11-23T10:00:00Z", "ip": "203.0.113.7", "device": "Firefox, Windows"}


@mail.register(
    "second_factor_changed",
    context=FactorEvent,
    subject=_factor_subject,
    sample=_factor_sample,
    daily_limit="account",
)
def second_factor_message(context: FactorEvent, fmt: Formatter) -> Message:
    """Tells the owner that the second factor was turned on or off, reset, or has new recovery codes."""
    t = fmt.t
    return _message(
        "second_factor_changed",
        fmt,
        Paragraph(t(f"second_factor_changed.{context['change']}")),
        _event_details(context, fmt),
        Paragraph(t("second_factor_changed.act")),
        Button(t("second_factor_changed.button"), fmt.page("/forgot-password")),
        at=t.moment(context["at"], fmt.timezone),
    )


def second_factor_changed(session: Session, user: User, change: str, browser: Browser | None) -> None:
    """Queues the notice. `change`: on, off, reset or codes. Without a browser the operator did it."""
    event = _event(browser) if browser else {"at": to_rfc3339(clock.now())}
    mail.queue(session, "second_factor_changed", recipient(user), {**event, "change": change})


# API tokens ---------------------------------------------------------------------------------


class TokenEvent(AccountEvent):
    name: str
    scopes: list[str]


def _scope_text(t: mail.Texts, scope: str) -> str:
    return t("api_token_created.scope_" + scope.replace(":", "_"))


def _token_subject(context: TokenEvent, fmt: Formatter) -> str:
    return _subject("api_token_created", fmt, at=fmt.t.moment(context["at"], fmt.timezone))


def _token_sample() -> dict[str, Any]:
    token = {"name": "Display at the gate", "scopes": ["lots:read", "bookings:read"]}
    return {**token, "at": "2026-11-23T10:00:00Z", "ip": "203.0.113.7", "device": "Firefox, Windows"}


@mail.register(
    "api_token_created",
    context=TokenEvent,
    subject=_token_subject,
    sample=_token_sample,
    daily_limit="account",
)
def api_token_message(context: TokenEvent, fmt: Formatter) -> Message:
    """Tells the owner that an API token was created: its name and scopes, never its secret."""
    t = fmt.t
    what = Details(
        (
            Detail(t("api_token_created.name"), context["name"]),
            Detail(t("api_token_created.scopes"), "; ".join(_scope_text(t, scope) for scope in context["scopes"])),
        )
    )
    return _message(
        "api_token_created",
        fmt,
        Paragraph(t("api_token_created.text")),
        what,
        _event_details(context, fmt),
        Paragraph(t("api_token_created.act")),
        Button(t("api_token_created.button"), fmt.page("/profile")),
        at=t.moment(context["at"], fmt.timezone),
    )


def api_token_created(session: Session, user: User, name: str, scopes: Iterable[str], browser: Browser) -> None:
    """Queues the notice that an API token was created."""
    context = {**_event(browser), "name": name, "scopes": list(scopes)}
    mail.queue(session, "api_token_created", recipient(user), context)


# a stolen session --------------------------------------------------------------------------


def _reuse_subject(context: AccountEvent, fmt: Formatter) -> str:
    return _subject("refresh_reuse_warning", fmt, at=fmt.t.moment(context["at"], fmt.timezone))


def _reuse_sample() -> dict[str, Any]:
    return {"at": "2026-11-23T10:00:00Z", "ip": "198.51.100.23", "device": "Chrome, Android"}


@mail.register(
    "refresh_reuse_warning",
    context=AccountEvent,
    subject=_reuse_subject,
    sample=_reuse_sample,
    daily_limit="account",
)
def refresh_reuse_message(context: AccountEvent, fmt: Formatter) -> Message:
    """A refresh token was used twice: somebody may have stolen it, and its family was revoked."""
    t = fmt.t
    return _message(
        "refresh_reuse_warning",
        fmt,
        Paragraph(t("refresh_reuse_warning.text")),
        _event_details(context, fmt),
        Paragraph(t("refresh_reuse_warning.act")),
        Button(t("refresh_reuse_warning.button"), fmt.page("/profile")),
        at=t.moment(context["at"], fmt.timezone),
    )


def refresh_reuse_warning(session: Session, user: User, browser: Browser) -> None:
    """Queues the warning that a replaced refresh token was used again and one browser was signed out."""
    mail.queue(session, "refresh_reuse_warning", recipient(user), _event(browser))


# parts -------------------------------------------------------------------------------------


def recipient(user: User, address: str | None = None, *, confirmed: bool | None = None) -> mail.Recipient:
    """The user as a recipient of mail. An `address` other than the account's is not confirmed by default."""
    if confirmed is None:
        confirmed = address is None and user.confirmed_at is not None
    zone = user.timezone or settings.current().timezone
    return mail.Recipient(address or user.email, user.username, user.locale, zone, user.id, confirmed)


def device(user_agent: str | None) -> str | None:
    """ "Firefox, Windows": the browser and system of a User-Agent, or its first word."""
    if not user_agent:
        return None
    named = [
        next((word for mark, word in table.items() if mark in user_agent), None) for table in (_PROGRAMS, _SYSTEMS)
    ]
    plain = re.sub(r"[^\w ./-]", "", user_agent.split(" ")[0])[:40]
    if names.has_link(plain):  # the text comes from the client, in a mail to the account's owner
        plain = ""
    return ", ".join(word for word in named if word) or plain or None


def _event(browser: Browser) -> dict[str, str | None]:
    return {"at": to_rfc3339(clock.now()), "ip": browser.ip, "device": device(browser.user_agent)}


def _link(page: str, link: IssuedToken) -> dict[str, str]:
    """The link without its secret, which is put in when the mail is sent. In the fragment no server's log sees it."""
    return {"link": f"/{page}#token=", "seed": link.seed, "expires_at": to_rfc3339(link.expires_at)}


def _event_details(context: AccountEvent, fmt: Formatter) -> Details:
    t = fmt.t
    rows = [Detail(t("common.when"), fmt.own_moment(context["at"]))]
    if context.get("ip"):
        rows.append(Detail(t("common.ip"), str(context["ip"])))
    if context.get("device"):
        rows.append(Detail(t("common.device"), str(context["device"])))
    return Details(tuple(rows))


def _subject(template: str, fmt: Formatter, **values: str) -> str:
    return fmt.t.subject(f"{template}.subject", site=fmt.site_name, **values)


def _message(template: str, fmt: Formatter, *blocks: mail.Block, **values: str) -> Message:
    t, values = fmt.t, {"site": fmt.site_name, **values}
    return Message(
        preheader=t.preheader(f"{template}.preheader", **values),
        summary=mail.Summary(title=t(f"{template}.title", **values)),
        blocks=blocks,
        reason=t("why.account", site=fmt.site_name),
    )
