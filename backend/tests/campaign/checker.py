"""Says what is wrong with a history: pure, so that seeded bad histories can prove it.

Rules: an acknowledged booking is there once and as it was acknowledged; a refused one is not there; one key makes one
booking; repeated answers are equal to the byte; holds of a spot, closures included, never overlap; what was ended is
ended at the cost that was answered; every cost equals an independent calculation; a client reads its own writes; each
cause has its one mail and that mail arrived; a closure costs nothing and nobody gets a mail about it; the statistics
equal the sum of the bookings.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

from tests.campaign.history import FinalState, Operation, StoredBooking

FREE = ("Cancelled", "No-show")


def anomalies(history: list[Operation], state: FinalState) -> list[str]:
    """A sentence for each thing that must not be; empty for a good history."""
    by_tag: dict[str, list[StoredBooking]] = defaultdict(list)
    everything, blocks = state.bookings, [one for one in state.bookings if one.booking_type == "block"]
    state = replace(state, bookings=[one for one in everything if one.booking_type != "block"])
    for booking in state.bookings:
        by_tag[booking.tag].append(booking)
    return [
        *_presence(history, state, by_tag),
        *_repeats(history),
        *_endings(history, by_tag),
        *_cancelled_by_the_clock(state.bookings),
        *_reads(history),
        *_overlaps(everything),
        *_costs(state),
        *_mails(state),
        *_blocks(blocks, state),
    ]


def _blocks(blocks: list[StoredBooking], state: FinalState) -> Iterator[str]:
    """A closure is nobody's booking."""
    mailed = {mail.booking_id for mail in state.mails}
    for block in blocks:
        if block.cost_minor:
            yield f"the closure {block.id} of spot {block.spot_id} costs {block.cost_minor}"
        if block.id in mailed:
            yield f"the closure {block.id} of spot {block.spot_id} has a mail"


def _presence(history: list[Operation], state: FinalState, by_tag: dict[str, list[StoredBooking]]) -> Iterator[str]:
    asked_for = set()
    for operation in (one for one in history if one.action == "book"):
        asked_for.add(operation.tag)
        stored = by_tag.get(operation.tag, [])
        answer = operation.acknowledged
        if len(stored) > 1:
            yield f"{operation.tag}: one key made {len(stored)} bookings"
        if operation.refused and stored:
            yield f"{operation.tag}: refused, but present"
        if answer and not stored:
            yield f"{operation.tag}: acknowledged, but lost"
        if answer and stored:
            yield from _same(operation, stored[0], state.moves.get(stored[0].id, []))
    for tag in by_tag.keys() - asked_for:
        yield f"{tag}: nobody asked for this booking"


def _same(operation: Operation, stored: StoredBooking, moves: list[tuple[int, int]]) -> Iterator[str]:
    """A reservation may have moved since, because a car stayed on its spot; the audit log knows each move."""
    answered = (operation.acknowledged or {})["booking"]
    spot_id = answered["spot_id"]
    for before, after in moves:
        spot_id = after if before == spot_id else spot_id
    pairs = {
        "id": (answered["id"], stored.id),
        "reference": (answered["reference"], stored.reference),
        "spot": (spot_id, stored.spot_id),
        "client": (operation.client, stored.client),
        "type": (operation.booking_type, stored.booking_type),
    }
    for name, (acknowledged, present) in pairs.items():
        if acknowledged != present:
            yield f"{operation.tag}: {name} was acknowledged as {acknowledged!r} and is {present!r}"


def _repeats(history: list[Operation]) -> Iterator[str]:
    for operation in history:
        if operation.action != "read" and len({(one.status, one.body) for one in operation.answers}) > 1:
            yield f"{operation.tag}: {operation.action} was answered in different ways under one key"


def _endings(history: list[Operation], by_tag: dict[str, list[StoredBooking]]) -> Iterator[str]:
    for operation in history:
        answer = operation.acknowledged
        if operation.action not in ("release", "cancel") or answer is None:
            continue
        for stored in by_tag.get(operation.tag, []):
            expected = "Cancelled" if operation.action == "cancel" else answer["booking"]["status"]
            if stored.status != expected:
                yield f"{operation.tag}: {operation.action} was acknowledged as {expected}, status is {stored.status}"
            elif operation.action == "release" and _minor(answer["total_cost"]) != stored.cost_minor:
                yield f"{operation.tag}: {answer['total_cost']} was answered, {stored.cost_minor} is stored"
            elif operation.action == "release" and expected == "Cancelled" and stored.ended_by != "system":
                yield f"{operation.tag}: release was answered as one by the clock, but {stored.ended_by!r} cancelled it"


def _cancelled_by_the_clock(bookings: list[StoredBooking]) -> Iterator[str]:
    """A release, too, is answered with such a cancellation."""
    holds = [one for one in bookings if one.status not in FREE]
    for booking in bookings:
        if booking.status == "Cancelled" and booking.ended_by == "system" and not _never_free(booking, holds):
            yield f"{booking.tag}: was cancelled because of another car, but the spot was free"


def _never_free(booking: StoredBooking, holds: list[StoredBooking]) -> bool:
    """Whether a car of somebody else stood on the spot from before the booking began until it ended or was given up."""
    end = min(booking.end or booking.held_until, booking.held_until)
    return end >= booking.start and any(
        hold.spot_id == booking.spot_id and hold.start <= booking.start < _last(hold) and _last(hold) >= end
        for hold in holds
    )


def _reads(history: list[Operation]) -> Iterator[str]:
    for operation in (one for one in history if one.action == "read" and one.acknowledged is not None):
        for tag in sorted(operation.expected - operation.seen):
            yield f"{tag}: acknowledged to {operation.client}, who did not read it afterwards"


def _overlaps(bookings: Iterable[StoredBooking]) -> Iterator[str]:
    by_spot: dict[int, list[StoredBooking]] = defaultdict(list)
    for booking in bookings:
        if booking.status not in FREE:
            by_spot[booking.spot_id].append(booking)
    for spot, holds in by_spot.items():
        holds.sort(key=lambda one: (one.start, _last(one)))
        for earlier, later in pairwise(holds):
            if _last(earlier) > later.start:
                yield f"spot {spot}: {earlier.tag} and {later.tag} overlap"


def _last(booking: StoredBooking):
    return booking.end or booking.held_until


def _costs(state: FinalState) -> Iterator[str]:
    for booking in state.bookings:
        if booking.status == "Completed" and booking.cost_minor != (cost := _cost(booking, state.hourly_minor)):
            yield f"{booking.tag}: costs {booking.cost_minor}, should cost {cost}"
        if booking.status in FREE and booking.cost_minor:
            yield f"{booking.tag}: {booking.status}, but costs {booking.cost_minor}"
    total = sum(booking.cost_minor or 0 for booking in state.bookings)
    if total != state.revenue_minor:
        yield f"the statistics say {state.revenue_minor}, the bookings come to {total}"


def _cost(booking: StoredBooking, hourly_minor: int) -> int:
    """By the second, rounded half up once; a reservation pays its window and what the car stood outside of it."""
    assert booking.end is not None
    start, end = booking.start, booking.end
    if booking.window:
        start, end = min(start, booking.window[0]), max(end, booking.window[1])
    exact = Decimal(int((end - start).total_seconds())) * hourly_minor / 3600
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def _mails(state: FinalState) -> Iterator[str]:
    kinds = {"Completed": "release_receipt", "Cancelled": "booking_cancelled"}
    arrived = set(state.delivered)
    queued = Counter((mail.booking_id, mail.kind) for mail in state.mails)
    for booking in state.bookings:
        for kind in filter(None, ("booking_confirmation", kinds.get(booking.status))):
            if queued[booking.id, kind] != 1:
                yield f"{booking.tag}: {queued[booking.id, kind]} mails {kind}"
    for mail in state.mails:
        if mail.state != "sent" or mail.message_id not in arrived:
            yield f"mail {mail.message_id} ({mail.kind}) is {mail.state} and {_arrival(mail.message_id in arrived)}"
    known = {mail.message_id for mail in state.mails}
    for message_id in sorted(arrived - known):
        yield f"mail {message_id} arrived and stands in no outbox"


def _arrival(arrived: bool) -> str:
    return "arrived" if arrived else "did not arrive"


def _minor(amount: float | str) -> int:
    return int(Decimal(str(amount)) * 100)
