"""The recipients of a report, read in pages of users by id: a run over many needs little memory and no long
transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session, lazyload

from parking import mail, settings
from parking.accounts import Role, User, user_roles
from parking.bookings import Booking, days_later, is_live, is_stay
from parking.reports import send_log
from parking.reports.models import ReportRun
from parking.staff import is_manager, managed_lots

Group = Literal["drivers", "reports", "inactive"]
"""`reports`: administrators, and managers of lots."""
REMINDER_DAYS = (7, 14, 30)
"""Days without a booking after which a reminder is sent; after the last one none until the next booking. Users who have
never booked get the first one at once."""
MIN_INTERVAL = timedelta(days=6)
"""The shortest time between two reminders to the same user, also when one was sent late."""


@dataclass(frozen=True, slots=True)
class ReportRecipient:
    """One recipient. `run` is the name in the send log of what must not be sent twice. `lots`: those that a manager's
    report is about; None: all. Only of reminders: `days` since
    the last booking began (None: never booked), and whether it is the `final` one."""

    user: User
    run: str
    days: int | None = None
    final: bool = False
    lots: frozenset[int] | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The recipients among one page of users. `cursor` is the id of the last user of the page, None after the last
    page."""

    recipients: list[ReportRecipient]
    cursor: int | None


def page(session: Session, kind: str, group: Group, run: str, now: datetime, after: int, size: int) -> Page:
    """The next recipients of a report whose name in the send log is `run` (of reminders: its suffix, empty or
    "!attempt")."""
    users = list(session.scalars(_users(group, after, size)))
    unwilling = mail.unwilling(session, kind, [user.id for user in users])
    willing = [user for user in users if user.id not in unwilling]
    if group == "inactive":
        due = _inactive(session, willing, now, run)
    elif group == "reports":
        due = _with_lots(session, willing, run)
    else:
        due = [ReportRecipient(user, run) for user in willing]
    sent = send_log.recorded(session, kind, [(recipient.run, recipient.user.id) for recipient in due])
    recipients = [recipient for recipient in due if (recipient.run, recipient.user.id) not in sent]
    return Page(recipients, users[-1].id if len(users) == size else None)


def _users(group: Group, after: int, size: int) -> Select[User]:
    """Active accounts by role. Administrators get the administrators' reports and not the drivers'; managers of lots
    get both."""
    is_admin = _is_admin()
    of_group = or_(is_admin, is_manager()) if group == "reports" else ~is_admin
    return (
        select(User)
        .where(User.active, User.deleted_at.is_(None), User.id > after, of_group)
        .options(lazyload(User.roles))
        .order_by(User.id)
        .limit(size)
    )


def _is_admin() -> ColumnElement[bool]:
    return exists().where(user_roles.c.user_id == User.id, user_roles.c.role_id == Role.id, Role.name == "admin")


def _with_lots(session: Session, users: Sequence[User], run: str) -> list[ReportRecipient]:
    """Administrators with all lots, managers with theirs; whoever stopped managing in this moment is left out."""
    ids = [user.id for user in users]
    admins = set(session.scalars(select(User.id).where(User.id.in_(ids), _is_admin())))
    managed = managed_lots(session, ids)
    lots: dict[int, frozenset[int] | None] = {**managed, **dict.fromkeys(admins)}
    return [ReportRecipient(user, run, lots=lots[user.id]) for user in users if user.id in lots]


def _inactive(session: Session, users: Sequence[User], now: datetime, suffix: str) -> list[ReportRecipient]:
    """The users who have not booked for a while and have no live booking, each with the step that is due."""
    ids = [user.id for user in users]
    with_bookings = _with_live_bookings(session, ids)
    last_starts = _last_starts(session, ids, now)
    reminded = _last_reminders(session, ids) if not suffix else {}
    due = []
    for user in users:
        rested = now - reminded[user.id] >= MIN_INTERVAL if user.id in reminded else True
        if user.id not in with_bookings and rested:
            recipient = _at_step(user, last_starts.get(user.id), now, suffix)
            due += [recipient] if recipient else []
    return due


def _at_step(user: User, last_start: datetime | None, now: datetime, suffix: str) -> ReportRecipient | None:
    """The reminder that is due; None while the user is not inactive yet. A period of inactivity is named by its start.
    Days are those of the operator's zone, so that a reminder comes at the same hour after a change of the clocks."""
    began, zone = last_start or user.created_at, settings.current().timezone
    passed = [step for step in REMINDER_DAYS if now > days_later(began, step, zone)]
    if not passed and last_start is not None:
        return None
    step = passed[-1] if passed else REMINDER_DAYS[0]
    run = f"{began:%Y%m%dT%H%M%SZ}/{step}{suffix}"
    return ReportRecipient(
        user, run, days=None if last_start is None else _days_since(began, now, zone), final=step == REMINDER_DAYS[-1]
    )


def _days_since(began: datetime, now: datetime, zone: str) -> int:
    """The number of whole days of that zone that have passed."""
    days = (now - began).days + 1
    while days and days_later(began, days, zone) > now:
        days -= 1
    return days


def _with_live_bookings(session: Session, ids: Iterable[int]) -> set[int]:
    query = select(Booking.user_id).where(is_live, is_stay, Booking.user_id.in_(list(ids))).distinct()
    return set(session.scalars(query))


def _last_starts(session: Session, ids: Iterable[int], now: datetime) -> dict[int, datetime]:
    """user -> the start of the last booking; cancelled and missed bookings do not count."""
    query = (
        select(Booking.user_id, func.max(Booking.start_time))
        .where(
            is_stay,
            Booking.user_id.in_(list(ids)),
            Booking.status.in_(("Active", "Completed")),
            Booking.start_time <= now,
        )
        .group_by(Booking.user_id)
    )
    return dict(session.execute(query).all())


def _last_reminders(session: Session, ids: Iterable[int]) -> dict[int, datetime]:
    query = (
        select(ReportRun.recipient, func.max(ReportRun.at))
        .where(ReportRun.recipient.in_(list(ids)), ReportRun.kind == "inactivity_reminder")
        .group_by(ReportRun.recipient)
    )
    return dict(session.execute(query).all())
