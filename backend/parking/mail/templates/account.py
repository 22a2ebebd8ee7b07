"""Letters about an account. They name the moment and the device; no password, and no token but the link's."""

from __future__ import annotations

from parking.mail.layout import Block, Button, Fact, Facts, Hero, Letter, Para
from parking.mail.templates.context import Context
from parking.mail.templates.contexts import AccountEvent, NoFacts, SecretLink


def password_reset(facts: SecretLink, c: Context) -> Letter:
    """Asked for a new password: one link, once, for a short time."""
    t, until = c.t, c.own_moment(facts["expires_at"])
    return _letter(
        "password_reset",
        c,
        Para(t("password_reset.text", until=until)),
        Button(t("password_reset.button"), c.absolute(facts["link"])),
        Para(t("password_reset.ignore"), quiet=True),
        until=t.clock(facts["expires_at"], c.timezone),
    )


def password_changed(facts: AccountEvent, c: Context) -> Letter:
    """Told to the owner after every change of the password."""
    return _letter(
        "password_changed",
        c,
        Para(c.t("password_changed.text")),
        _event(facts, c),
        Para(c.t("password_changed.act")),
        Button(c.t("password_changed.button"), c.page("forgot")),
        at=c.t.moment(facts["at"], c.timezone),
    )


def email_confirm(facts: SecretLink, c: Context) -> Letter:
    """Sent to the new address: proves that its owner reads it."""
    t, until = c.t, c.own_moment(facts["expires_at"])
    email = facts.get("email") or c.email
    return _letter(
        "email_confirm",
        c,
        Para(t("email_confirm.text", email=email, until=until)),
        Button(t("email_confirm.button"), c.absolute(facts["link"])),
        Para(t("email_confirm.ignore"), quiet=True),
        email=email,
        until=t.clock(facts["expires_at"], c.timezone),
    )


def email_changed_notice(facts: AccountEvent, c: Context) -> Letter:
    """Sent to the old address, which may be a stranger's by now: the new one is shown in part."""
    t = c.t
    return _letter(
        "email_changed_notice",
        c,
        Para(t("email_changed_notice.text", email=masked(facts["email"]))),
        _event(facts, c),
        Para(t("email_changed_notice.act")),
        Button(t("email_changed_notice.button"), c.page("profile")),
        at=t.moment(facts["at"], c.timezone),
    )


def refresh_reuse_warning(facts: AccountEvent, c: Context) -> Letter:
    """A refresh token was used twice: somebody may have stolen it, and its family was revoked."""
    return _letter(
        "refresh_reuse_warning",
        c,
        Para(c.t("refresh_reuse_warning.text")),
        _event(facts, c),
        Para(c.t("refresh_reuse_warning.act")),
        Button(c.t("refresh_reuse_warning.button"), c.page("profile")),
        at=c.t.moment(facts["at"], c.timezone),
    )


def test_message(facts: NoFacts, c: Context) -> Letter:
    """`flask mail test ADDRESS`."""
    t = c.t
    at = c.own_moment(c.made_at.isoformat())
    return _letter(
        "test_message",
        c,
        Para(t("test_message.text", at=at)),
        Button(t("test_message.button", site=c.site_name), c.public_url + "/"),
    )


def masked(email: str) -> str:
    """ "a…@example.com": enough to recognise one's own address, too little for a stranger."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1]}…@{domain}"


def _event(facts: AccountEvent, c: Context) -> Facts:
    t = c.t
    rows = [Fact(t("common.when"), c.own_moment(facts["at"]))]
    if facts.get("ip"):
        rows.append(Fact(t("common.ip"), str(facts["ip"])))
    if facts.get("device"):
        rows.append(Fact(t("common.device"), str(facts["device"])))
    return Facts(tuple(rows))


def _letter(kind: str, c: Context, *blocks: Block, **values: str) -> Letter:
    t, values = c.t, {"site": c.site_name, **values}
    return Letter(
        subject=t.subject(f"{kind}.subject", **values),
        preheader=t.preheader(f"{kind}.preheader", **values),
        hero=Hero(title=t(f"{kind}.title", **values)),
        blocks=blocks,
        reason=t("why.account", site=c.site_name),
    )
