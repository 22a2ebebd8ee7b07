"""Offers free spots to those who wait, first come, first served.

A spot that becomes free is offered in the transaction that frees it, so nobody else sees it free: the first entry whose
whole window fits gets a hold on it, and the others keep their place. Whoever cannot book at the moment is passed over
and keeps theirs, too. Freeing a spot waits for no lock: what another transaction is working on is left to that one, to
whoever wants to book it (`is_in_line`, `serve`), or to the next sweep (`offer_everywhere`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from parking import audit, clock, settings
from parking.bookings import BookingRow, holds_on, note_freed, place_hold, withdraw_hold
from parking.database import read_once, transaction
from parking.lots import Lot
from parking.timestamps import to_rfc3339
from parking.waitlist import emails, events, queries, rules
from parking.waitlist.models import WaitlistEntry, WaitlistLot
from parking.waitlist.queries import Candidate


def offer(session: Session, spots: Mapping[int, Collection[int] | None], user_ids: Collection[int] = ()) -> int:
    """Offers these spots of the lots (None: any that is free), and any free spot to these people, who could not be
    offered one before. Returns how many offers were made."""
    now = clock.now()
    wider = dict.fromkeys(queries.lots_waited_for(session, user_ids)) if user_ids else {}
    lots = {**spots, **wider}
    return sum(_offer_in(session, lot_id, lots[lot_id], now) for lot_id in sorted(lots))


def is_in_line(session: Session, booking: Any, *, beside: bool = False) -> bool:
    """Whether somebody else than its driver waits who could have the spot of a booking that was just inserted; or, of
    one that is to take more time, `beside` it."""
    return queries.is_in_line(session, booking, clock.now(), beside=beside)


def serve(lot_id: int) -> int:
    """Offers what is free in the lot, in a transaction of its own. Waits for whoever is working on the first in line:
    somebody wants to book what is theirs. Returns how many offers were made."""
    with transaction() as session:
        return _offer_in(session, lot_id, None, clock.now(), patient=True)


def _offer_in(
    session: Session, lot_id: int, spot_ids: Collection[int] | None, now: datetime, *, patient: bool = False
) -> int:
    """`patient`: the transaction has locked nothing yet, and may wait for the first person."""
    offered, passed_over = 0, list[int]()
    while candidate := queries.next_in_line(session, lot_id, spot_ids, now, passed_over):
        wait = patient and not offered and not passed_over
        if queries.secure(session, candidate, wait=wait) and _make(session, lot_id, candidate, now):
            offered += 1
        else:
            passed_over.append(candidate.id)
    while candidate := queries.next_in_line(session, lot_id, spot_ids, now, passed_over, soon=True):
        passed_over.append(candidate.id)
        if queries.secure(session, candidate):
            _tell_of_free_spot(session, lot_id, candidate, now)
    return offered


def _make(session: Session, lot_id: int, candidate: Candidate, now: datetime) -> bool:
    """Holds the spot for the candidate; False: somebody else is taking it."""
    lot = session.get_one(Lot, lot_id)
    start, end = candidate.reserved_start, candidate.reserved_end
    window = (start, end) if start is not None and end is not None else None
    until = rules.claim_by(now, settings.current().waitlist_hold_minutes, start, lot.instant_hold_s)
    held = place_hold(session, lot, candidate.user_id, candidate.spot_id, window, until, now)
    if held is None:
        return False
    entry = _entry(session, candidate.id)
    entry.status, entry.booking_id, entry.offer_lot_id, entry.offered_at = "Offered", held.booking.id, lot_id, now
    entry.reason = None
    leave_queue(session, entry)
    session.flush()
    after = {"lot_id": lot_id, "spot_id": candidate.spot_id, "claim_by": to_rfc3339(until)}
    audit.record(session, "waitlist.offered", "waitlist_entry", entry.id, after=after, by_system=True)
    emails.offered(session, entry, lot, held.spot_number, held.booking)
    events.publish(entry)
    return True


def _tell_of_free_spot(session: Session, lot_id: int, candidate: Candidate, now: datetime) -> None:
    entry = _entry(session, candidate.id)
    entry.told_at = now
    session.flush()
    emails.told_of_free_spot(session, entry, session.get_one(Lot, lot_id))
    events.publish(entry)


def _entry(session: Session, entry_id: int) -> WaitlistEntry:
    """The entry as it is stored now; the caller has locked it."""
    return session.get_one(WaitlistEntry, entry_id, populate_existing=True)


def leave_queue(session: Session, entry: WaitlistEntry, *, lot_id: int | None = None) -> None:
    """Takes the entry out of the queues of its lots, or of one of them."""
    which = (WaitlistLot.entry_id == entry.id, *(() if lot_id is None else (WaitlistLot.lot_id == lot_id,)))
    session.execute(update(WaitlistLot).where(*which).values(is_waiting=False))


def end(
    session: Session,
    entry: WaitlistEntry,
    status: rules.Status,
    now: datetime,
    reason: rules.StoredReason | None = None,
    *,
    by_system: bool = False,
) -> None:
    """Ends an entry that the caller has locked, and its notice of an offer. Its person can be offered another spot.
    `reason`: where the status does not say why."""
    before, entry.status, entry.ended_at, entry.reason = entry.status, status, now, reason
    leave_queue(session, entry)
    session.flush()
    action = f"waitlist.{status.lower()}"
    old, new = {"status": before}, {"status": status} | ({"reason": reason} if reason else {})
    audit.record(session, action, "waitlist_entry", entry.id, before=old, after=new, by_system=by_system)
    if before == "Offered":
        emails.dismiss_offer(session, entry)
        note_freed(session, None, user_id=entry.user_id)
    events.publish(entry)


def offer_to_enabled(session: Session, user_id: int) -> None:
    """Lets a person whose account is enabled again be offered a spot that is free already."""
    note_freed(session, None, user_id=user_id)


# by the clock ------------------------------------------------------------------------------


def lapsed(session: Session, rows: Sequence[BookingRow], now: datetime) -> None:
    """Ends the entries whose holds have lapsed, and tells their people. The spots go to the next."""
    for row in rows:
        entry = _of_hold(session, row)
        if entry is None or entry.status != "Offered":
            continue
        end(session, entry, "Lapsed", row.booking.claim_by, by_system=True)
        emails.lapsed(session, entry, row.lot, row.spot_number, row.booking)


def _of_hold(session: Session, row: BookingRow) -> WaitlistEntry | None:
    query = select(WaitlistEntry).where(WaitlistEntry.booking_id == row.booking.id)
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def expire(limit: int = 500) -> int:
    """Ends the entries that have waited in vain. Run by Beat; a second time it changes nothing."""
    now = clock.now()
    due = (queries.is_waiting, WaitlistEntry.waits_until <= now)
    if not read_once(select(WaitlistEntry.id).where(*due).limit(1), {}):  # nothing to do: no write transaction
        return 0
    with transaction() as session:
        query = select(WaitlistEntry).where(*due).order_by(WaitlistEntry.id).limit(limit)
        entries = session.scalars(query.with_for_update(skip_locked=True)).all()
        for entry in entries:
            end(session, entry, "Expired", entry.waits_until, by_system=True)
        return len(entries)


def offer_everywhere() -> int:
    """Offers what is free in the lots for which somebody waits. Run by Beat, for what freeing a spot did not offer: a
    person who can book again, or a spot on which two transactions were working. Returns how many offers were made."""
    now = clock.now()
    waited_for = select(WaitlistLot.lot_id).distinct().where(queries.in_queue).order_by(WaitlistLot.lot_id)
    offered = 0
    for lot_id in [row.lot_id for row in read_once(waited_for, {})]:
        if queries.has_candidate(lot_id, now):
            with transaction() as session:
                offered += offer(session, {lot_id: None})
    return offered


# by the operator ---------------------------------------------------------------------------


def withdraw(
    session: Session, lot: Lot, spot_ids: Collection[int], window: Any, now: datetime, *, closed: bool = False
) -> int:
    """Takes back the offers of these spots (over a window, if one is given), which are taken out of use. Their people
    keep their place, are told so, and get another spot if one is free. Returns how many.

    `closed`: the lot is closed altogether; who waits for no other lot has waited in vain.
    """
    rows = [row for row in holds_on(session, lot.id, spot_ids) if window is None or _overlap(row.booking, window)]
    for row in rows:
        entry = _of_hold(session, row)
        withdraw_hold(session, row, now, by="admin")
        if entry is None or entry.status != "Offered":
            continue
        before = {"spot_id": row.booking.spot_id}
        audit.record(session, "waitlist.withdrawn", "waitlist_entry", entry.id, before=before)
        emails.dismiss_offer(session, entry)
        emails.withdrawn(session, entry, lot, row.spot_number, row.booking, closed=closed)
        _back_into_queue(session, entry, but=lot.id if closed else None)
        note_freed(session, None, user_id=entry.user_id)
        entry.reason = "lot_closed" if closed else "spot_closed"
        if closed and not _queues(session, entry):
            end(session, entry, "Expired", now, "lot_closed")
        events.publish(entry)
    if rows:
        note_freed(session, lot.id)
    return len(rows)


def _overlap(hold: Any, window: Any) -> bool:
    start, end = window
    return bool(hold.start_time < end and hold.held_until > start)


def _back_into_queue(session: Session, entry: WaitlistEntry, *, but: int | None) -> None:
    """Lets the entry wait again for its lots that are open, but for one."""
    entry.status, entry.booking_id, entry.offer_lot_id, entry.offered_at = "Waiting", None, None, None
    open_lots = select(Lot.id).where(Lot.deleted_at.is_(None), Lot.id != (but or 0))
    places = WaitlistLot.entry_id == entry.id, WaitlistLot.lot_id.in_(open_lots)
    session.execute(update(WaitlistLot).where(*places).values(is_waiting=True))
    session.flush()


def _queues(session: Session, entry: WaitlistEntry) -> bool:
    """Whether the entry waits for any lot."""
    places = select(WaitlistLot.lot_id).where(WaitlistLot.entry_id == entry.id, queries.in_queue)
    return session.scalar(places.limit(1)) is not None


def reopen_lot(session: Session, lot: Lot) -> None:
    """Lets those who still wait wait for this lot again, which is not deleted any more, and offers its spots."""
    waiting = select(WaitlistEntry.id).where(queries.is_waiting)
    places = WaitlistLot.lot_id == lot.id, WaitlistLot.entry_id.in_(waiting)
    session.execute(update(WaitlistLot).where(*places).values(is_waiting=True))
    of_lot = WaitlistEntry.id.in_(select(WaitlistLot.entry_id).where(WaitlistLot.lot_id == lot.id))
    again = queries.is_waiting, WaitlistEntry.reason == "lot_closed", of_lot
    session.execute(update(WaitlistEntry).where(*again).values(reason=None))
    note_freed(session, lot.id)


def close_lot(session: Session, lot: Lot, spot_ids: Collection[int], now: datetime) -> None:
    """Takes a lot that is being deleted out of the waitlist: its offers are withdrawn, nobody waits for it,
    and all of them are told so."""
    withdraw(session, lot, spot_ids, None, now, closed=True)
    of_lot = select(WaitlistLot.entry_id).where(queries.in_queue, WaitlistLot.lot_id == lot.id)
    waiting = WaitlistEntry.id.in_(of_lot), queries.status_is("Waiting", now)
    query = select(WaitlistEntry).where(*waiting).order_by(WaitlistEntry.id)
    for entry in session.scalars(query.with_for_update().execution_options(populate_existing=True)).all():
        leave_queue(session, entry, lot_id=lot.id)
        emails.lot_closed(session, entry, lot)
        if not _queues(session, entry):
            end(session, entry, "Expired", now, "lot_closed")
        else:
            entry.reason = "lot_closed"
            events.publish(entry)
