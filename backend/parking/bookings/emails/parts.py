"""Parts of the messages about a booking, and how they are queued."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from parking import mail, notices
from parking.accounts import User, recipient
from parking.bookings.emails.contexts import BookingContext, PriceLine
from parking.bookings.emails.visitors import link_of, queue_to_visitor
from parking.mail import Button, Detail, Details, Formatter, Summary, Texts, parse_instant, zone_info
from parking.pricing import tariff_line


def queue_for(session: Session, template: str, user: User, context: dict[str, Any], key: str, **more: Any) -> None:
    """Queues a mail about a booking, and discards a confirmation that still waits; nothing for a deleted user. A
    visitor gets a copy."""
    mail.supersede(session, "booking_confirmation", context["id"], template)
    if user.deleted_at is None:
        to = recipient(user)
        mail.queue(session, template, to, {"booking": context, **more}, booking_id=context["id"], dedupe_key=key)
    queue_to_visitor(session, template, context, key, more)


def tell(session: Session, template: str, user: User, context: dict[str, Any], key: str, **more: Any) -> None:
    """Queues a mail about a booking, and writes the notice of the same event; nothing for a deleted user."""
    queue_for(session, template, user, context, key, **more)
    if user.deleted_at is None:
        event = {"booking": context, **more}
        notices.add(session, template, user.id, event, booking_id=context["id"], key=key)


def spot_and_lot(b: BookingContext) -> dict[str, str]:
    return {"spot": str(b["spot_number"]), "lot": b["lot_name"]}


def start_of(b: BookingContext, t: Texts) -> str:
    return t.moment(b.get("reserved_start") or b["start_time"], b["lot_timezone"])


def spot_summary(b: BookingContext, t: Texts, title: str, status: str) -> Summary:
    return Summary(
        title=title,
        status=status,
        value_label=t("common.spot"),
        value=str(b["spot_number"]),
        place=b["lot_name"],
        address=b.get("lot_address") or "",
    )


def schedule_details(b: BookingContext, fmt: Formatter) -> Details:
    """Start, end and zone, and the same in the recipient's zone where its clocks differ."""
    t, there = fmt.t, b["lot_timezone"]
    start = b.get("reserved_start") or b["start_time"]
    end = b.get("reserved_end") or b.get("held_until")
    rows = [Detail(t("common.reference"), b["reference"], strong=True), *_visitor(b, t)]
    if b.get("spot_level"):
        rows.append(Detail(t("common.level"), str(b["spot_level"])))
    rows.append(Detail(t("common.from"), t.moment(start, there)))
    if end:
        label = "common.until" if b.get("reserved_end") else "common.held_until"
        rows.append(Detail(t(label), t.moment(end, there)))
    rows.append(Detail(t("common.zone"), t.zone_label(there, start, end)))
    if _clocks_differ(start, there, fmt.timezone):
        own = t.span(start, end, fmt.timezone) if end else t.moment(start, fmt.timezone)
        rows.append(Detail(t("common.your_time"), t.in_zone(own, fmt.timezone, start, end)))
    if b.get("vehicle_plate"):
        rows.append(Detail(t("common.vehicle"), str(b["vehicle_plate"])))
    return Details(tuple(rows))


def notice_details(b: BookingContext, fmt: Formatter) -> Details:
    """Which booking a notice is about, and what it cost; with the zone where the reader's clocks differ."""
    t, there = fmt.t, b["lot_timezone"]
    start = b.get("reserved_start") or b["start_time"]
    rows = [Detail(t("common.reference"), b["reference"]), *_visitor(b, t)]
    rows.append(Detail(t("common.from"), t.moment(start, there)))
    if _clocks_differ(start, there, fmt.timezone):
        rows.append(Detail(t("common.zone"), t.zone_label(there, start)))
    if b.get("status") == "Completed" or b.get("total_cost_minor"):
        rows.append(Detail(t("common.total"), total_of(b, t), strong=True))
    return Details(tuple(rows))


def stay_details(b: BookingContext, fmt: Formatter) -> Details:
    """The stay: the upper half of a receipt."""
    t, there = fmt.t, b["lot_timezone"]
    start, end = b["start_time"], b.get("end_time") or b["start_time"]
    rows = [
        Detail(t("common.reference"), b["reference"], strong=True),
        *_visitor(b, t),
        Detail(t("common.lot"), b["lot_name"]),
        Detail(t("common.spot"), str(b["spot_number"])),
        Detail(t("common.from"), t.moment(start, there)),
        Detail(t("common.until"), t.moment(end, there)),
        Detail(t("common.zone"), t.zone_label(there, start, end)),
        Detail(t("common.duration"), t.duration(stay_seconds(b))),
        *_reserved_time(b, t),
    ]
    if b.get("vehicle_plate"):
        rows.append(Detail(t("common.vehicle"), str(b["vehicle_plate"])))
    return Details(tuple(rows), title=t("release_receipt.stay"))


def _visitor(b: BookingContext, t: Texts) -> list[Detail]:
    """For whom the booking is, where it is not the reader."""
    visitor = b.get("visitor")
    return [Detail(t("common.visitor"), visitor["name"])] if visitor and not b.get("to_visitor") else []


def stay_seconds(b: BookingContext) -> int:
    return round((parse_instant(b.get("end_time") or b["start_time"]) - parse_instant(b["start_time"])).total_seconds())


def _reserved_time(b: BookingContext, t: Texts) -> list[Detail]:
    """The window and the time charged: a reservation costs its window and the time parked outside it."""
    start, end, charged = b.get("reserved_start"), b.get("reserved_end"), b.get("duration_seconds")
    if not start or not end:
        return []
    window = Detail(t("common.reserved_time"), t.span(start, end, b["lot_timezone"]))
    return [window, Detail(t("common.charged_time"), t.duration(charged))] if charged else [window]


def cost_details(b: BookingContext, t: Texts) -> Details:
    """Price rule, price breakdown, total."""
    rows, lines = [_price_rule(b, t)], b.get("lines") or []
    rows += [_price_line(line, b, t, dated=len(lines) > 1) for line in lines]
    rows.append(Detail(t("common.total"), total_of(b, t), strong=True))
    return Details(tuple(rows), title=t("release_receipt.lines"))


def _price_line(line: PriceLine, b: BookingContext, t: Texts, *, dated: bool) -> Detail:
    """The price of the time and its reductions; `dated`: with the day, where there are several."""
    time, amount = t.duration(line["seconds"], exact=True), t.money(line["amount_minor"], b["currency"])
    product = t("price_line.time", time=time, price=t.money(b["tariff"]["hourly_minor"], b["currency"]))
    reductions = [t(f"price_line.{why}") for why in ("capped", "free") if line.get(why)]
    if not dated:
        return Detail(product, ", ".join((amount, *reductions)))
    day = parse_instant(line["starts"]).astimezone(zone_info(b["lot_timezone"])).date()
    return Detail(t.day(day), f"{amount} ({', '.join((product, *reductions))})")


def _price_rule(b: BookingContext, t: Texts) -> Detail:
    return Detail(t("common.price"), tariff_line(b["tariff"], b["currency"], t))


def price_details(b: BookingContext, t: Texts) -> Details:
    rows = [_price_rule(b, t)]
    estimate = b.get("estimate_minor")
    if estimate is not None:
        rows.append(Detail(t("common.estimate"), t.money(estimate, b["currency"]), strong=True))
    return Details(tuple(rows))


def total_of(b: BookingContext, t: Texts) -> str:
    return t.money(b.get("total_cost_minor") or 0, b["currency"])


def reason_details(reason: str | None, t: Texts) -> tuple[Details, ...]:
    return (Details((Detail(t("common.reason"), reason),)),) if reason else ()


def open_booking(b: BookingContext, fmt: Formatter) -> tuple[Button, ...]:
    """The button to the booking's page; for a visitor to theirs, as long as the booking is not over."""
    if not b.get("to_visitor"):
        return (Button(fmt.t("common.open_booking"), fmt.page("/bookings/{id}", id=b["id"])),)
    return () if b.get("end_time") else (Button(fmt.t(f"visitor.button_{b['booking_type']}"), link_of(b, fmt)),)


def book_again(b: BookingContext, fmt: Formatter) -> tuple[Button, ...]:
    """The button to the home page; a visitor does not book."""
    return () if b.get("to_visitor") else (Button(fmt.t("common.book_again"), fmt.page("/")),)


def why(b: BookingContext, fmt: Formatter) -> str:
    """Why the recipient gets the mail."""
    return fmt.t("why.visitor" if b.get("to_visitor") else "why.booking", site=fmt.site_name)


def _clocks_differ(instant: str, one: str, other: str) -> bool:
    moment = parse_instant(instant)
    return moment.astimezone(zone_info(one)).utcoffset() != moment.astimezone(zone_info(other)).utcoffset()
