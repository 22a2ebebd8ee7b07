"""Who gets a report: people read in pages by id, so that a run over many needs neither memory nor a long look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, lazyload

from parking import mail, settings
from parking.accounts.models import Role, User, user_roles
from parking.bookings.models import Booking
from parking.bookings.rules.limits import days_later
from parking.bookings.status_sql import is_block, is_live
from parking.reports.send_log import ReportRun

Group = Literal["drivers", "admins", "inactive"]
STEPS = (7, 14, 30)
"""Days without a booking after which a reminder goes out; after the last one there is silence until the next booking.
Somebody who has never booked gets the first one at once."""
REST = timedelta(days=6)
"""At least this long between two reminders to the same person, also when one went out late."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """One reader. `run` is the ledger's name of what he must not get twice. `days` since his last booking began (None:
    he never booked) and `final` belong to the reminders."""

    user: User
    run: str
    days: int | None = None
    final: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """Readers among one page of people; `cursor` is the last of them looked at, None at the end."""

    readers: list[Addressee]
    cursor: int | None


def page(session: Session, kind: str, group: Group, run: str, now: datetime, after: int, size: int) -> Page:
    """The next readers of a report whose ledger name is `run` (for reminders: its suffix, empty or "!attempt")."""
    people = list(session.scalars(_people(group, after, size)))
    unwilling = mail.unwilling(session, kind, [person.id for person in people])
    willing = [person for person in people if person.id not in unwilling]
    everybody = [Addressee(person, run) for person in willing]
    found = _inactive(session, willing, now, run) if group == "inactive" else everybody
    told = _told(session, kind, found)
    readers = [reader for reader in found if (reader.run, reader.user.id) not in told]
    return Page(readers, people[-1].id if len(people) == size else None)


def _people(group: Group, after: int, size: int):
    """Accounts in use, by role. Administrators run the place; they are reported to as such and not as drivers."""
    is_admin = exists().where(user_roles.c.user_id == User.id, user_roles.c.role_id == Role.id, Role.name == "admin")
    return (
        select(User)
        .where(User.active, User.deleted_at.is_(None), User.id > after, is_admin if group == "admins" else ~is_admin)
        .options(lazyload(User.roles))
        .order_by(User.id)
        .limit(size)
    )


def _told(session: Session, kind: str, readers: Sequence[Addressee]) -> set[tuple[str, int]]:
    query = select(ReportRun.period, ReportRun.recipient).where(
        ReportRun.kind == kind,
        ReportRun.period.in_({reader.run for reader in readers}),
        ReportRun.recipient.in_([reader.user.id for reader in readers]),
    )
    return {(run, person) for run, person in session.execute(query)} if readers else set()


# the inactive ------------------------------------------------------------------------------


def _inactive(session: Session, people: Sequence[User], now: datetime, suffix: str) -> list[Addressee]:
    """Those who have booked nothing for a while and have nothing booked; one addressee for the step they are at."""
    ids = [person.id for person in people]
    booked = _with_live_bookings(session, ids)
    last_starts = _last_starts(session, ids, now)
    reminded = _last_reminders(session, ids) if not suffix else {}
    found = []
    for person in people:
        rested = now - reminded[person.id] >= REST if person.id in reminded else True
        if person.id not in booked and rested:
            reader = _at_step(person, last_starts.get(person.id), now, suffix)
            found += [reader] if reader else []
    return found


def _at_step(person: User, last_start: datetime | None, now: datetime, suffix: str) -> Addressee | None:
    """None while the person is not inactive yet. An episode of inactivity is named by its beginning. Days are told by
    the operator's clock, so that a reminder comes at the same hour also when the clocks have changed."""
    began, zone = last_start or person.created_at, settings.current().timezone
    passed = [step for step in STEPS if now > days_later(began, step, zone)]
    if not passed and last_start is not None:
        return None
    step = passed[-1] if passed else STEPS[0]
    run = f"{began:%Y%m%dT%H%M%SZ}/{step}{suffix}"
    return Addressee(
        person, run, days=None if last_start is None else _days_since(began, now, zone), final=step == STEPS[-1]
    )


def _days_since(began: datetime, now: datetime, zone: str) -> int:
    """How many whole days of that zone have passed."""
    days = (now - began).days + 1
    while days and days_later(began, days, zone) > now:
        days -= 1
    return days


def _with_live_bookings(session: Session, ids: Iterable[int]) -> set[int]:
    query = select(Booking.user_id).where(is_live, ~is_block, Booking.user_id.in_(list(ids))).distinct()
    return set(session.scalars(query))


def _last_starts(session: Session, ids: Iterable[int], now: datetime) -> dict[int, datetime]:
    """When each last began to park. What was cancelled or missed never began."""
    query = (
        select(Booking.user_id, func.max(Booking.start_time))
        .where(
            ~is_block,
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
