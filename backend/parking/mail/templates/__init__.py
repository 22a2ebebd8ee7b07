"""The registry of letters: which kinds there are, of which category, built by which function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from parking.mail.layout import Letter
from parking.mail.templates import account, booking, export, report, samples
from parking.mail.templates.context import Context

Category = Literal["transactional", "subscription"]
Builder = Callable[[Any, Context], Letter]


@dataclass(frozen=True, slots=True)
class Kind:
    """`secret`: facts nobody but the recipient may read; they are erased when the mail has ended."""

    name: str
    category: Category
    build: Builder
    sample: Callable[[], dict[str, Any]]
    admin_only: bool = False
    secret: tuple[str, ...] = ()
    templates: tuple[str, str] = ("letter.txt", "letter.mjml")


def _kind(build: Builder, category: Category = "transactional", **more: Any) -> Kind:
    name = build.__name__
    return Kind(name=name, category=category, build=build, sample=getattr(samples, name), **more)


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        _kind(booking.booking_confirmation),
        _kind(booking.release_receipt),
        _kind(booking.reservation_reminder, "subscription"),
        _kind(booking.booking_cancelled),
        _kind(booking.booking_force_released),
        _kind(booking.booking_moved),
        _kind(booking.booking_no_show),
        _kind(report.inactivity_reminder, "subscription"),
        _kind(report.admin_daily_report, "subscription", admin_only=True),
        _kind(report.user_monthly_report, "subscription"),
        _kind(report.admin_monthly_report, "subscription", admin_only=True),
        _kind(export.export_ready, secret=("link",)),
        _kind(export.admin_export_ready, secret=("link",), admin_only=True),
        _kind(account.password_reset, secret=("link", "seed")),
        _kind(account.password_changed),
        _kind(account.email_confirm, secret=("link", "seed")),
        _kind(account.email_changed_notice),
        _kind(account.refresh_reuse_warning),
        _kind(account.test_message, admin_only=True),
    )
}

SUBSCRIPTIONS: tuple[str, ...] = tuple(name for name, kind in KINDS.items() if kind.category == "subscription")
"""The kinds a reader can turn off."""

__all__ = ["KINDS", "SUBSCRIPTIONS", "Category", "Context", "Kind"]
