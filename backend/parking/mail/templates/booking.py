"""Letters about one booking: its times in the zone of the lot, and in the reader's where that differs."""

from __future__ import annotations

from typing import Literal

from parking.mail.i18n import Texts, parse, zone
from parking.mail.layout import Block, Button, Fact, Facts, Hero, Letter, Para
from parking.mail.templates.context import Context
from parking.mail.templates.contexts import (
    BookingFacts,
    Cancelled,
    Confirmed,
    ForceReleased,
    Moved,
    OfBooking,
    PriceLine,
    TariffFacts,
)


def booking_confirmation(facts: Confirmed, c: Context) -> Letter:
    """A new booking, or with `sequence` > 0 a changed one (with `old_timezone` one whose lot has another clock now).
    Carries the calendar entry."""
    b, t = facts["booking"], c.t
    form = "changed" if b.get("sequence") and not facts.get("first") else b["booking_type"]
    until = b.get("held_until")
    what_next = (
        t("booking_confirmation.instant", until=t.moment(until, b["lot_timezone"]))
        if b["booking_type"] == "instant" and until
        else t("booking_confirmation.reserved")
    )
    deadline = b.get("checkin_deadline")
    old = facts.get("old_timezone")
    zone_note = [Para(t("booking_confirmation.zone", old=old, zone=b["lot_timezone"]))] if old else []
    blocks: list[Block] = [*zone_note, _schedule(b, c)]
    if deadline:
        text = t("booking_confirmation.checkin", deadline=t.moment(deadline, b["lot_timezone"]))
        blocks.append(Para(text))
    blocks += [Para(what_next), _prices(b, t), _open_booking(b, c)]
    return Letter(
        subject=t.subject(f"booking_confirmation.subject_{form}", **_spot_and_lot(b)),
        preheader=t.preheader("booking_confirmation.preheader", reference=b["reference"], start=_start(b, t)),
        hero=_hero(
            b, t, t(f"booking_confirmation.title_{form}"), t(f"booking_confirmation.status_{b['booking_type']}")
        ),
        blocks=tuple(blocks),
        reason=t("why.booking", site=c.site_name),
        calendar_method="REQUEST",
    )


def release_receipt(facts: OfBooking, c: Context) -> Letter:
    """The stay is over: what it cost and how that came about. Wants end_time, duration and total. The calendar entry
    then ends with the stay."""
    b, t = facts["booking"], c.t
    total, duration = _total(b, t), t.duration(_stay_seconds(b))
    return Letter(
        subject=t.subject("release_receipt.subject", amount=total, **_spot_and_lot(b)),
        preheader=t.preheader(
            "release_receipt.preheader", duration=duration, lot=b["lot_name"], reference=b["reference"]
        ),
        hero=Hero(
            title=t("release_receipt.title"),
            status=t("release_receipt.status"),
            figure_label=t("common.total"),
            figure=total,
            place=b["lot_name"],
            address=b.get("lot_address") or "",
        ),
        blocks=(_stay(b, c), _sum(b, t), Button(t("release_receipt.button"), c.page("receipt", id=b["id"]))),
        reason=t("why.booking", site=c.site_name),
        calendar_method=_update_of_stay(b),
    )


def reservation_reminder(facts: OfBooking, c: Context) -> Letter:
    """Shortly before a reservation starts."""
    b, t = facts["booking"], c.t
    start = t.clock(b["reserved_start"] or b["start_time"], b["lot_timezone"])
    blocks: list[Block] = [_schedule(b, c)]
    deadline = b.get("checkin_deadline")
    if deadline:
        blocks.append(Para(t("booking_confirmation.checkin", deadline=t.moment(deadline, b["lot_timezone"]))))
    blocks += [Para(t("reservation_reminder.text")), _open_booking(b, c)]
    return Letter(
        subject=t.subject("reservation_reminder.subject", time=start, **_spot_and_lot(b)),
        preheader=t.preheader("reservation_reminder.preheader", reference=b["reference"], start=_start(b, t)),
        hero=_hero(b, t, t("reservation_reminder.title"), t("reservation_reminder.status")),
        blocks=tuple(blocks),
        reason=t("why.reminder", site=c.site_name),
    )


def booking_cancelled(facts: Cancelled, c: Context) -> Letter:
    """A reservation that will not take place. Removes the calendar entry."""
    b, t = facts["booking"], c.t
    cost = b.get("total_cost_minor") or 0
    price = t("booking_cancelled.cost", amount=t.money(cost, b["currency"])) if cost else t("booking_cancelled.no_cost")
    said = Para(f"{t('booking_cancelled.by_' + facts.get('by', 'user'))} {price}")
    return Letter(
        subject=t.subject("booking_cancelled.subject", **_spot_and_lot(b)),
        preheader=t.preheader("booking_cancelled.preheader", reference=b["reference"], start=_start(b, t)),
        hero=_hero(b, t, t("booking_cancelled.title"), t("booking_cancelled.status")),
        blocks=(said, *_reason(facts.get("reason"), t), _schedule(b, c), _book_again(c)),
        reason=t("why.booking", site=c.site_name),
        calendar_method="CANCEL",
    )


def booking_force_released(facts: ForceReleased, c: Context) -> Letter:
    """An administrator ended a running booking. The calendar entry then ends with the stay."""
    b, t = facts["booking"], c.t
    end = t.moment(b.get("end_time") or b["start_time"], b["lot_timezone"])
    return Letter(
        subject=t.subject("booking_force_released.subject", **_spot_and_lot(b)),
        preheader=t.preheader(
            "booking_force_released.preheader", reference=b["reference"], end=end, amount=_total(b, t)
        ),
        hero=_hero(b, t, t("booking_force_released.title"), t("booking_force_released.status")),
        blocks=(
            Para(t("booking_force_released.text", end=end)),
            *_reason(facts.get("reason"), t),
            Para(t("booking_force_released.car")),
            _stay(b, c),
            _sum(b, t),
            _open_booking(b, c),
        ),
        reason=t("why.booking", site=c.site_name),
        calendar_method=_update_of_stay(b),
    )


def booking_moved(facts: Moved, c: Context) -> Letter:
    """A reservation keeps its time but gets another spot. Updates the calendar entry."""
    b, t = facts["booking"], c.t
    old, new = str(facts["old_spot_number"]), str(b["spot_number"])
    spots = (Fact(t("common.old_spot"), old), Fact(t("common.new_spot"), new, strong=True))
    return Letter(
        subject=t.subject("booking_moved.subject", spot=new, old=old, lot=b["lot_name"]),
        preheader=t.preheader("booking_moved.preheader", start=_start(b, t)),
        hero=_hero(b, t, t("booking_moved.title"), t("booking_moved.status")),
        blocks=(Para(t("booking_moved.text", old=old, spot=new)), Facts(spots), _schedule(b, c), _open_booking(b, c)),
        reason=t("why.booking", site=c.site_name),
        calendar_method="REQUEST",
    )


def booking_no_show(facts: OfBooking, c: Context) -> Letter:
    """Nobody checked in where that is required. Removes the calendar entry."""
    b, t = facts["booking"], c.t
    deadline = b.get("checkin_deadline") or b["reserved_start"] or b["start_time"]
    cost = b.get("total_cost_minor") or 0
    said = t("booking_no_show.text", deadline=t.moment(deadline, b["lot_timezone"]))
    blocks: list[Block] = [Para(said if cost else f"{said} {t('booking_cancelled.no_cost')}"), _schedule(b, c)]
    if cost:
        blocks.append(_sum(b, t))
    return Letter(
        subject=t.subject("booking_no_show.subject", **_spot_and_lot(b)),
        preheader=t.preheader("booking_no_show.preheader", reference=b["reference"], start=_start(b, t)),
        hero=_hero(b, t, t("booking_no_show.title"), t("booking_no_show.status")),
        blocks=(*blocks, _book_again(c)),
        reason=t("why.booking", site=c.site_name),
        calendar_method="CANCEL",
    )


# parts -------------------------------------------------------------------------------------


def _spot_and_lot(b: BookingFacts) -> dict[str, str]:
    return {"spot": str(b["spot_number"]), "lot": b["lot_name"]}


def _start(b: BookingFacts, t: Texts) -> str:
    return t.moment(b.get("reserved_start") or b["start_time"], b["lot_timezone"])


def _update_of_stay(b: BookingFacts) -> Literal["", "REQUEST"]:
    """A finished stay changes the entry, unless it shows that already: a reservation that ended with its window."""
    window = (b.get("reserved_start"), b.get("reserved_end"))
    return "" if window == (b["start_time"], b.get("end_time")) else "REQUEST"


def _hero(b: BookingFacts, t: Texts, title: str, status: str) -> Hero:
    return Hero(
        title=title,
        status=status,
        figure_label=t("common.spot"),
        figure=str(b["spot_number"]),
        place=b["lot_name"],
        address=b.get("lot_address") or "",
    )


def _schedule(b: BookingFacts, c: Context) -> Facts:
    """From when until when, in which zone, and the same in the reader's zone where its clocks differ."""
    t, there = c.t, b["lot_timezone"]
    start = b.get("reserved_start") or b["start_time"]
    end = b.get("reserved_end") or b.get("held_until")
    rows = [Fact(t("common.reference"), b["reference"], strong=True)]
    if b.get("spot_level"):
        rows.append(Fact(t("common.level"), str(b["spot_level"])))
    rows.append(Fact(t("common.from"), t.moment(start, there)))
    if end:
        label = "common.until" if b.get("reserved_end") else "common.held_until"
        rows.append(Fact(t(label), t.moment(end, there)))
    rows.append(Fact(t("common.zone"), t.zone_label(there, start, end)))
    if _clocks_differ(start, there, c.timezone):
        own = t.span(start, end, c.timezone) if end else t.moment(start, c.timezone)
        rows.append(Fact(t("common.your_time"), t.in_zone(own, c.timezone, start, end)))
    if b.get("vehicle_plate"):
        rows.append(Fact(t("common.vehicle"), str(b["vehicle_plate"])))
    return Facts(tuple(rows))


def _stay(b: BookingFacts, c: Context) -> Facts:
    """The stay as it was: a receipt's upper half."""
    t, there = c.t, b["lot_timezone"]
    start, end = b["start_time"], b.get("end_time") or b["start_time"]
    rows = [
        Fact(t("common.reference"), b["reference"], strong=True),
        Fact(t("common.lot"), b["lot_name"]),
        Fact(t("common.spot"), str(b["spot_number"])),
        Fact(t("common.from"), t.moment(start, there)),
        Fact(t("common.until"), t.moment(end, there)),
        Fact(t("common.zone"), t.zone_label(there, start, end)),
        Fact(t("common.duration"), t.duration(_stay_seconds(b))),
        *_reserved_time(b, t),
    ]
    if b.get("vehicle_plate"):
        rows.append(Fact(t("common.vehicle"), str(b["vehicle_plate"])))
    return Facts(tuple(rows), title=t("release_receipt.stay"))


def _stay_seconds(b: BookingFacts) -> int:
    return round((parse(b.get("end_time") or b["start_time"]) - parse(b["start_time"])).total_seconds())


def _reserved_time(b: BookingFacts, t: Texts) -> list[Fact]:
    """A reservation costs its window, and whatever the car stood there outside it: both are said."""
    start, end, charged = b.get("reserved_start"), b.get("reserved_end"), b.get("duration_seconds")
    if not start or not end:
        return []
    window = Fact(t("common.reserved_time"), t.span(start, end, b["lot_timezone"]))
    return [window, Fact(t("common.charged_time"), t.duration(charged))] if charged else [window]


def _sum(b: BookingFacts, t: Texts) -> Facts:
    """Price rule, the lines that make the total, the total."""
    rows, lines = _price_rule(b, t), b.get("lines") or []
    rows += [_price_line(line, b, t, dated=len(lines) > 1) for line in lines]
    rows.append(Fact(t("common.total"), _total(b, t), strong=True))
    return Facts(tuple(rows), title=t("release_receipt.lines"))


def _price_line(line: PriceLine, b: BookingFacts, t: Texts, *, dated: bool) -> Fact:
    """What the time came to and what made it cheaper; by the day where there are several."""
    time, amount = t.duration(line["seconds"], exact=True), t.money(line["amount_minor"], b["currency"])
    product = t("price_line.time", time=time, price=t.money(b["tariff"]["hourly_minor"], b["currency"]))
    less = [t(f"price_line.{why}") for why in ("capped", "free") if line.get(why)]
    if not dated:
        return Fact(product, ", ".join((amount, *less)))
    day = parse(line["starts"]).astimezone(zone(b["lot_timezone"])).date()
    return Fact(t.day(day), f"{amount} ({', '.join((product, *less))})")


def _price_rule(b: BookingFacts, t: Texts) -> list[Fact]:
    hourly = t.money(b["tariff"]["hourly_minor"], b["currency"])
    return [
        Fact(t("common.price"), t("common.per_hour", amount=hourly)),
        Fact(t("common.billing"), billing_rule(b["tariff"], b["currency"], t)),
    ]


def _prices(b: BookingFacts, t: Texts) -> Facts:
    rows = _price_rule(b, t)
    estimate = b.get("estimate_minor")
    if estimate is not None:
        rows.append(Fact(t("common.estimate"), t.money(estimate, b["currency"]), strong=True))
    return Facts(tuple(rows))


def billing_rule(tariff: TariffFacts, currency: str, t: Texts) -> str:
    """The tariff in words: the step it is rounded up to, what is free, what a day costs at most."""
    step, free = tariff.get("step_seconds") or 1, tariff.get("free_minutes") or 0
    cap = tariff.get("daily_cap_minor")
    parts = [t("billing.second") if step == 1 else t("billing.step", step=t.duration(step))]
    if free:
        parts.append(t("billing.free", time=t.duration(free * 60)))
    if cap is not None:
        parts.append(t(f"billing.cap_{tariff.get('cap_day') or 'rolling'}", amount=t.money(cap, currency)))
    return "; ".join(parts)


def _total(b: BookingFacts, t: Texts) -> str:
    return t.money(b.get("total_cost_minor") or 0, b["currency"])


def _reason(reason: str | None, t: Texts) -> tuple[Facts, ...]:
    return (Facts((Fact(t("common.reason"), reason),)),) if reason else ()


def _open_booking(b: BookingFacts, c: Context) -> Button:
    return Button(c.t("common.open_booking"), c.page("booking", id=b["id"]))


def _book_again(c: Context) -> Button:
    return Button(c.t("common.book_again"), c.page("lots"))


def _clocks_differ(instant: str, one: str, other: str) -> bool:
    moment = parse(instant)
    return moment.astimezone(zone(one)).utcoffset() != moment.astimezone(zone(other)).utcoffset()
