"""Deletes the personal data that is older than the settings allow, in small transactions: a run that is stopped is
continued by the next one. Prices, statistics and the totals of receipts stay as they were."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import get_args

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking import accounts, audit, bookings, clock, mail, notices, settings, statistics, waitlist
from parking.database import changed_rows, db, read_once, transaction, upsert
from parking.retention.models import RetentionRun
from parking.retention.rules import Cutoffs, cutoffs, since


@dataclass
class Counts:
    """How much was deleted, or would be."""

    visitors: int = 0
    plates: int = 0
    ip_addresses: int = 0
    audit_details: int = 0
    bookings_without_person: int = 0


def current_cutoffs(now: datetime) -> Cutoffs:
    """The cutoffs of the settings at this moment."""
    configured = settings.current()
    return cutoffs(
        now,
        visitor_days=configured.retain_visitors_days,
        plate_days=configured.retain_plates_days,
        ip_days=configured.retain_ip_days,
        audit_days=configured.retain_audit_details_days,
        person_years=configured.retain_person_years,
    )


def run_due() -> bool:
    """The run of this day (in the operator's time zone), unless there was one or nothing is to be deleted ever.
    Returns whether it ran."""
    now = clock.now()
    day = now.astimezone(settings.current().zone).date().isoformat()
    if not current_cutoffs(now) or read_once(select(RetentionRun.id).where(RetentionRun.day == day), {}):
        return False
    with transaction() as session:
        values = {"day": day, "started_at": now, "counts": {}, "cutoffs": {}}
        begun = upsert.insert(RetentionRun).values(values).on_conflict_do_nothing(index_elements=["day"])
        if not changed_rows(session.execute(begun)):
            return False  # another worker
        last = session.scalars(
            select(RetentionRun).where(RetentionRun.finished_at.is_not(None)).order_by(RetentionRun.id.desc()).limit(1)
        ).one_or_none()
        done = Cutoffs.from_json(last.cutoffs) if last else Cutoffs()
    _delete(current_cutoffs(now), done, day)
    return True


def run() -> Counts:
    """Deletes all that is too old now, whatever earlier runs have looked at."""
    return _delete(current_cutoffs(clock.now()), Cutoffs(), None)


def preview() -> Counts:
    """What `run` would delete now. Changes nothing."""
    return _Run(current_cutoffs(clock.now()), Cutoffs(), dry=True).everything()


def _delete(limits: Cutoffs, done: Cutoffs, day: str | None) -> Counts:
    started = clock.now()
    counts = _Run(limits, done, dry=False).everything()
    with transaction() as session:
        row = session.scalars(select(RetentionRun).where(RetentionRun.day == day)).one_or_none() if day else None
        if row is None:
            row = RetentionRun(started_at=started)
            session.add(row)
        row.finished_at, row.counts, row.cutoffs = clock.now(), asdict(counts), limits.to_json()
        audit.record(session, "retention.run", "retention", None, after=asdict(counts), by_system=day is not None)
    return counts


@dataclass
class _Run:
    """One pass over all that is too old. `done`: the limits of the last run, which has looked at what is older."""

    limits: Cutoffs
    done: Cutoffs
    dry: bool
    counts: Counts = field(default_factory=Counts)

    def everything(self) -> Counts:
        self._visitors()
        self._plates()
        for kind in get_args(audit.Kind):
            self._audit_entries(kind)
        self._sessions()
        self._people()
        return self.counts

    def _change(self, act: Callable[..., object], *arguments: object) -> None:
        """In a transaction of its own, unless nothing is to be changed."""
        db.session.close()  # the batch has been read; a long snapshot helps nobody
        if not self.dry:
            with transaction() as session:
                act(session, *arguments)

    def _visitors(self) -> None:
        """All of them: who is erased is not read again."""
        before, after = self.limits.visitors, None
        while before and (rows := bookings.with_visitors(db.session(), before, after)):
            ids = [row.id for row in rows]
            after = tuple(rows[-1])
            self._change(_erase_visitors, ids)
            self.counts.visitors += len(ids)

    def _plates(self) -> None:
        before, after = self.limits.plates, None
        while before and (rows := bookings.with_plates(db.session(), since(self.done.plates), before, after)):
            ids = [row.id for row in rows]
            after = tuple(rows[-1])
            self._change(_erase_plates, ids)
            self.counts.plates += len(ids)
        if before:
            self.counts.plates += waitlist.count_plates(db.session(), before)
            self._change(waitlist.erase_plates, before)

    def _audit_entries(self, kind: audit.Kind) -> None:
        before, after = getattr(self.limits, kind), None
        while before and (
            ids := audit.entries_with(db.session(), kind, since(getattr(self.done, kind)), before, after)
        ):
            after = ids[-1]
            self._change(audit.erase, kind, ids)
            setattr(self.counts, kind, getattr(self.counts, kind) + len(ids))

    def _sessions(self) -> None:
        if before := self.limits.ip_addresses:
            self.counts.ip_addresses += accounts.count_session_ips(db.session(), before)
            self._change(accounts.erase_session_ips, before)

    def _people(self) -> None:
        """Year by year, so that each person becomes one placeholder in each year. Every year: of one that an earlier
        run has looked at a stay may have ended since."""
        if (last := self.limits.person_year) is None or (first := bookings.first_year(db.session())) is None:
            return
        for year in range(first, last + 1):
            for user_id, old in bookings.of_year(db.session(), year).items():
                self._change(_take_off_person, user_id, old)
                self.counts.bookings_without_person += len(old)


def _erase_visitors(session: Session, booking_ids: Sequence[int]) -> None:
    """Deletes the visitors of these bookings, and what else names them beside them."""
    bookings.erase_visitors(session, booking_ids)
    mail.delete_of_bookings(session, booking_ids)
    notices.delete_of_bookings(session, booking_ids)


def _erase_plates(session: Session, booking_ids: Sequence[int]) -> None:
    """Deletes the plates of these bookings, also from the mails and notices about them."""
    bookings.erase_plates(session, booking_ids)
    mail.erase_plates(session, booking_ids)
    notices.erase_plates(session, booking_ids)


def _take_off_person(session: Session, user_id: int, old: Sequence[bookings.OldBooking]) -> None:
    """Gives a person's bookings of a year to a new placeholder, and deletes what else names the person beside them."""
    placeholder = accounts.create_placeholder(session)
    ids = [booking.id for booking in old]
    bookings.hand_over(session, old, placeholder)
    audit.hand_over(session, "booking", ids, user_id, placeholder)
    audit.hand_over(session, "series", bookings.delete_empty_series(session, user_id), user_id, placeholder)
    mail.delete_of_bookings(session, ids)
    notices.delete_of_bookings(session, ids)
    for booking in old:
        statistics.mark_changed(session, booking.lot_id, booking.start, booking.end)
