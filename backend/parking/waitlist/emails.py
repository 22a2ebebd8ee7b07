"""The mails and notices of the waitlist.

A link in a mail leads to a page with a button. Programs that check mails follow every link; a spot is claimed by a
person.
"""

from __future__ import annotations

from typing import Any, NotRequired

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from parking import mail, notices
from parking.accounts import User, recipient
from parking.lots import Lot
from parking.mail import (
    Block,
    Button,
    Detail,
    Details,
    Formatter,
    Instant,
    Message,
    Paragraph,
    Summary,
    parse_instant,
    zone_info,
)
from parking.pricing import TARIFF_SAMPLE, Tariff, TariffContext, tariff_context, tariff_line
from parking.timestamps import to_rfc3339
from parking.waitlist.models import WaitlistEntry
from parking.waitlist.views import price_of


class Wait(TypedDict):
    """An entry as it was when the mail was queued. Times are shown in `lot_timezone`."""

    id: int
    lots: list[str]
    lot_timezone: str
    waits_until: Instant
    reserved_start: NotRequired[Instant | None]
    reserved_end: NotRequired[Instant | None]


class Joined(Wait):
    position: int


class Offer(Wait):
    """`lots` is the lot of the spot alone."""

    spot_number: int
    claim_by: Instant
    currency: str
    tariff: TariffContext
    estimate_minor: NotRequired[int | None]


class Withdrawal(Wait):
    """`closed`: the lot has closed; else the person keeps their place. Without a spot: they waited, with no offer."""

    spot_number: NotRequired[int | None]
    closed: bool


_SAMPLE: dict[str, Any] = {
    "id": 12,
    "lots": ["Harbour Street Garage"],
    "lot_timezone": "Europe/London",
    "waits_until": "2026-11-24T09:00:00Z",
    "reserved_start": "2026-11-24T09:00:00Z",
    "reserved_end": "2026-11-24T17:30:00Z",
}


def _offer_sample() -> dict[str, Any]:
    return {
        **_SAMPLE,
        "spot_number": 17,
        "claim_by": "2026-11-23T10:27:00Z",
        "currency": "EUR",
        "tariff": TARIFF_SAMPLE,
        "estimate_minor": 1800,
    }


def instant_offer_sample() -> dict[str, Any]:
    """The offer of a spot from now on, for tests and screenshots."""
    return {**_offer_sample(), "reserved_start": None, "reserved_end": None, "estimate_minor": None}


# parts -------------------------------------------------------------------------------------


def _lots(w: Wait) -> str:
    return ", ".join(w["lots"])


def _time_details(w: Wait, fmt: Formatter, *, waiting: bool = True) -> tuple[Detail, ...]:
    """The window, also in the reader's time where that differs; without one, how long the person waits, if they do."""
    t, there = fmt.t, w["lot_timezone"]
    start, end = w.get("reserved_start"), w.get("reserved_end")
    if not start or not end:
        zone = Detail(t("common.zone"), t.zone_label(there, w["waits_until"]))
        return (Detail(t("waitlist.waits_until"), t.moment(w["waits_until"], there)), zone) if waiting else (zone,)
    rows = [Detail(t("common.from"), t.moment(start, there)), Detail(t("common.until"), t.moment(end, there))]
    rows.append(Detail(t("common.zone"), t.zone_label(there, start, end)))
    moment = parse_instant(start)
    if moment.astimezone(zone_info(there)).utcoffset() != moment.astimezone(zone_info(fmt.timezone)).utcoffset():
        own = t.in_zone(t.span(start, end, fmt.timezone), fmt.timezone, start, end)
        rows.append(Detail(t("common.your_time"), own))
    return tuple(rows)


def _summary(w: Wait, fmt: Formatter, title: str, *, spot: int | None = None) -> Summary:
    if spot is None:
        return Summary(title=title, place=_lots(w))
    return Summary(title=title, value_label=fmt.t("common.spot"), value=str(spot), place=_lots(w))


def _button(w: Wait, fmt: Formatter, text: str, url: str | None = None) -> Button:
    return Button(fmt.t(text), url or fmt.page("/waitlist/{id}", id=w["id"]))


def _message(
    w: Wait,
    fmt: Formatter,
    name: str,
    details: tuple[Detail, ...],
    *,
    spot: int | None = None,
    button: str,
    url: str | None = None,
    **values: str,
) -> Message:
    """A message of the texts `name`: preheader, title, text; the button leads to the entry, or to `url`. The notice has
    the text and the details."""
    t = fmt.t
    event = Paragraph(t(f"{name}.text", **values))
    blocks: tuple[Block, ...] = (event, Details(details), _button(w, fmt, button, url))
    return Message(
        preheader=t.preheader(f"{name}.preheader", lot=_lots(w), **values),
        summary=_summary(w, fmt, t(f"{name}.title"), spot=spot),
        blocks=blocks,
        reason=t("why.waitlist", site=fmt.site_name),
        notice=(event, Details(details)),
    )


# joined ------------------------------------------------------------------------------------


def _joined_subject(context: Joined, fmt: Formatter) -> str:
    return fmt.t.subject("waitlist_joined.subject", lot=_lots(context))


def _joined_sample() -> dict[str, Any]:
    return {**_SAMPLE, "position": 3}


@mail.register("waitlist_joined", context=Joined, subject=_joined_subject, sample=_joined_sample)
def joined_message(context: Joined, fmt: Formatter) -> Message:
    """Somebody waits for a spot from now on."""
    t, w = fmt.t, context
    details = (Detail(t("waitlist.position"), str(w["position"]), strong=True), *_time_details(w, fmt))
    return _message(w, fmt, "waitlist_joined", details, button="waitlist.open")


def joined(session: Session, user: User, entry: WaitlistEntry, lots: list[Lot], position: int) -> None:
    """Queues the mail of a new entry."""
    _queue(
        session, "waitlist_joined", user, {**_wait(entry, lots), "position": position}, f"waitlist-joined:{entry.id}"
    )


# offered -----------------------------------------------------------------------------------


def _offer_subject(context: Offer, fmt: Formatter) -> str:
    return fmt.t.subject("waitlist_offer.subject", spot=str(context["spot_number"]), lot=_lots(context))


@mail.register("waitlist_offer", context=Offer, subject=_offer_subject, sample=_offer_sample)
def offer_message(context: Offer, fmt: Formatter) -> Message:
    """A spot is held for somebody who waits."""
    t, w = fmt.t, context
    until = t.moment(w["claim_by"], w["lot_timezone"])
    details = [Detail(t("waitlist.claim_by"), until, strong=True), *_time_details(w, fmt, waiting=False)]
    details.append(Detail(t("common.price"), tariff_line(w["tariff"], w["currency"], t)))
    if (estimate := w.get("estimate_minor")) is not None:
        details.append(Detail(t("common.estimate"), t.money(estimate, w["currency"])))
    spot = w["spot_number"]
    return _message(w, fmt, "waitlist_offer", tuple(details), spot=spot, button="waitlist_offer.button", until=until)


def offered(session: Session, entry: WaitlistEntry, lot: Lot, spot_number: int, hold: Any) -> None:
    """Tells the person of an offer, by mail and notice. A mail that cannot be sent in time is discarded."""
    tariff = session.get_one(Tariff, hold.tariff_id)
    context = {
        **_wait(entry, [lot]),
        "spot_number": spot_number,
        "claim_by": to_rfc3339(hold.claim_by),
        "currency": tariff.currency,
        "tariff": tariff_context(tariff),
        "estimate_minor": None if entry.reserved_start is None else price_of(entry, tariff),
    }
    _tell(session, "waitlist_offer", entry, context, offer_key(hold.id), expires_at=hold.claim_by)


def offer_key(booking_id: int | None) -> str:
    return f"waitlist-offer:{booking_id}"


def dismiss_offer(session: Session, entry: WaitlistEntry) -> None:
    """Takes the notice of an offer away that is over."""
    if entry.user_id is not None:
        notices.dismiss_by_key(session, entry.user_id, offer_key(entry.booking_id))


# lapsed ------------------------------------------------------------------------------------


class Lapse(Wait):
    spot_number: int
    claim_by: Instant


def _lapsed_subject(context: Lapse, fmt: Formatter) -> str:
    return fmt.t.subject("waitlist_lapsed.subject", spot=str(context["spot_number"]), lot=_lots(context))


def _lapse_sample() -> dict[str, Any]:
    return {**_SAMPLE, "spot_number": 17, "claim_by": "2026-11-23T10:27:00Z"}


@mail.register("waitlist_lapsed", context=Lapse, subject=_lapsed_subject, sample=_lapse_sample)
def lapsed_message(context: Lapse, fmt: Formatter) -> Message:
    """Nobody has accepted an offer in time."""
    w, until = context, fmt.t.moment(context["claim_by"], context["lot_timezone"])
    details, spot = _time_details(w, fmt, waiting=False), w["spot_number"]
    return _message(w, fmt, "waitlist_lapsed", details, spot=spot, button="waitlist_lapsed.button", until=until)


def lapsed(session: Session, entry: WaitlistEntry, lot: Any, spot_number: int, hold: Any) -> None:
    """Tells the person, by mail and notice, that the offer has gone to the next."""
    context = {**_wait(entry, [lot]), "spot_number": spot_number, "claim_by": to_rfc3339(hold.claim_by)}
    _tell(session, "waitlist_lapsed", entry, context, f"waitlist-lapsed:{hold.id}")


# withdrawn ---------------------------------------------------------------------------------


def _withdrawn_subject(context: Withdrawal, fmt: Formatter) -> str:
    spot = context.get("spot_number")
    if spot is None:
        return fmt.t.subject("waitlist_withdrawn.subject_closed", lot=_lots(context))
    return fmt.t.subject("waitlist_withdrawn.subject", spot=str(spot), lot=_lots(context))


def _withdrawn_sample() -> dict[str, Any]:
    return {**_SAMPLE, "spot_number": 17, "closed": False}


@mail.register("waitlist_withdrawn", context=Withdrawal, subject=_withdrawn_subject, sample=_withdrawn_sample)
def withdrawn_message(context: Withdrawal, fmt: Formatter) -> Message:
    """The operator has taken the spot of an offer out of use, or closed a lot for which somebody waits."""
    w, t, spot = context, fmt.t, context.get("spot_number")
    form = "" if spot is not None else "_closed"
    event = Paragraph(t(f"waitlist_withdrawn.{'closed' if w['closed'] else 'text'}", lot=_lots(w)))
    details = Details(_time_details(w, fmt, waiting=not w["closed"]))
    return Message(
        preheader=t.preheader(f"waitlist_withdrawn.preheader{form}", lot=_lots(w)),
        summary=_summary(w, fmt, t(f"waitlist_withdrawn.title{form}"), spot=spot),
        blocks=(event, details, _button(w, fmt, "waitlist.open")),
        reason=t("why.waitlist", site=fmt.site_name),
        notice=(event, details),
    )


def withdrawn(session: Session, entry: WaitlistEntry, lot: Any, spot_number: int, hold: Any, *, closed: bool) -> None:
    """Tells the person, by mail and notice, that the offer was withdrawn."""
    context = {**_wait(entry, [lot]), "spot_number": spot_number, "closed": closed}
    _tell(session, "waitlist_withdrawn", entry, context, f"waitlist-withdrawn:{hold.id}")


def lot_closed(session: Session, entry: WaitlistEntry, lot: Lot) -> None:
    """Tells a person without an offer, by mail and notice, that the lot for which they wait has closed."""
    context = {**_wait(entry, [lot]), "closed": True}
    _tell(session, "waitlist_withdrawn", entry, context, f"waitlist-closed:{entry.id}:{lot.id}:{lot.version}")


# a lot whose time zone was corrected ---------------------------------------------------------


class ZoneChange(Wait):
    """`lots` is the lot alone, whose zone was `old_timezone`."""

    old_timezone: str


def _zone_subject(context: ZoneChange, fmt: Formatter) -> str:
    return fmt.t.subject("waitlist_zone.subject", lot=_lots(context))


def _zone_sample() -> dict[str, Any]:
    return {**_SAMPLE, "old_timezone": "Europe/Paris"}


@mail.register("waitlist_zone", context=ZoneChange, subject=_zone_subject, sample=_zone_sample)
def zone_message(context: ZoneChange, fmt: Formatter) -> Message:
    """The lot has another time zone: whoever waits for a window there waits for the same moments."""
    w, details = context, _time_details(context, fmt)
    old, zone = w["old_timezone"], w["lot_timezone"]
    return _message(w, fmt, "waitlist_zone", details, button="waitlist.open", old=old, zone=zone)


def zone_changed(session: Session, entry: WaitlistEntry, lot: Lot, old_timezone: str) -> None:
    """Tells the person, by mail and notice, the new zone of a lot for which they wait."""
    context = {**_wait(entry, [lot]), "old_timezone": old_timezone}
    _tell(session, "waitlist_zone", entry, context, f"waitlist-zone:{entry.id}:{lot.id}:{lot.version}")


# a free spot without a hold ----------------------------------------------------------------


class Free(Wait):
    """`lots` is the lot of the spot alone; messages of before have no id of it."""

    lot_id: NotRequired[int]


def _free_subject(context: Free, fmt: Formatter) -> str:
    return fmt.t.subject("waitlist_free.subject", lot=_lots(context))


@mail.register("waitlist_free", context=Free, subject=_free_subject, sample=lambda: {**_SAMPLE, "lot_id": 3})
def free_message(context: Free, fmt: Formatter) -> Message:
    """A spot is free for a window that begins in a moment; nobody holds it. Its button leads to the lot."""
    url, start, end = None, context.get("reserved_start"), context.get("reserved_end")
    if start and end and (lot_id := context.get("lot_id")) is not None:
        url = fmt.page("/lots/{id}?later=1&from={start}&to={end}", id=lot_id, start=start, end=end)
    details, button = _time_details(context, fmt), "waitlist_free.button"
    return _message(context, fmt, "waitlist_free", details, button=button, url=url)


def told_of_free_spot(session: Session, entry: WaitlistEntry, lot: Lot) -> None:
    """Writes the notice. A mail would be read too late."""
    if entry.user_id is not None:
        context = {**_wait(entry, [lot]), "lot_id": lot.id}
        key = f"waitlist-free:{entry.id}"
        notices.add(session, "waitlist_free", entry.user_id, context, booking_id=None, key=key)


# how they are queued -----------------------------------------------------------------------


def _wait(entry: WaitlistEntry, lots: list[Any]) -> dict[str, Any]:
    return {
        "id": entry.id,
        "lots": [lot.name for lot in lots],
        "lot_timezone": lots[0].timezone,
        "waits_until": to_rfc3339(entry.waits_until),
        "reserved_start": to_rfc3339(entry.reserved_start),
        "reserved_end": to_rfc3339(entry.reserved_end),
    }


def _queue(session: Session, template: str, user: User, context: dict[str, Any], key: str, **options: Any) -> None:
    mail.queue(session, template, recipient(user), context, dedupe_key=key, **options)


def _tell(
    session: Session, template: str, entry: WaitlistEntry, context: dict[str, Any], key: str, **options: Any
) -> None:
    """Queues the mail of an event and writes its notice."""
    user = session.get(User, entry.user_id) if entry.user_id is not None else None
    if user is not None and user.deleted_at is None:
        _queue(session, template, user, context, key, **options)
        notices.add(session, template, user.id, context, booking_id=None, key=key)
