"""Reminders and reports: the letters one can unsubscribe from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

from parking.mail.i18n import Texts
from parking.mail.layout import Bar, Bars, Block, Button, Grid, Hero, Letter, Para, Tile, Tiles, Tone
from parking.mail.templates.context import Context
from parking.mail.templates.contexts import AdminFigures, AdminReport, Inactive, UserReport
from parking.rounding import half_up

MOST_LOTS = 40
"""Rows of lots in one letter; the rest is on the page and in the file (a letter stays under 100 KB)."""
MOST_BARS = 12
_ONE_DAY = timedelta(days=1)


def inactivity_reminder(facts: Inactive, c: Context) -> Letter:
    """To somebody who has not booked for a while, with up to three lots he may want."""
    t, lots, days = c.t, facts["lots"], facts["days_since_last"]
    subject = (
        t.subject("inactivity_reminder.subject", lot=lots[0]["name"])
        if lots
        else t.subject("inactivity_reminder.subject_plain")
    )
    said = t("inactivity_reminder.never") if days is None else t.count("inactivity_reminder.since", days)
    blocks: list[Block] = [Para(said)]
    if lots:
        blocks.append(
            Grid(
                title=t("inactivity_reminder.lots"),
                columns=(t("common.lot"), t("inactivity_reminder.free"), t("inactivity_reminder.hourly")),
                rows=tuple(
                    (x["name"], t.number(x["available_spots"]), t.money(x["price_per_hour_minor"], x["currency"]))
                    for x in lots[:3]
                ),
            )
        )
    blocks.append(Button(t("inactivity_reminder.button"), c.page("lots")))
    if facts.get("last"):
        blocks.append(Para(t("inactivity_reminder.last"), quiet=True))
    return Letter(
        subject=subject,
        preheader=t.preheader("inactivity_reminder.preheader"),
        hero=Hero(title=t("inactivity_reminder.title")),
        blocks=tuple(blocks),
        reason=t("why.reminder", site=c.site_name),
    )


def admin_daily_report(facts: AdminReport, c: Context) -> Letter:
    """The day before: bookings, revenue, occupancy, new users, lot by lot."""
    t = c.t
    day = t.day(date.fromisoformat(facts["day"]))
    figures = facts["figures"]
    return Letter(
        subject=t.subject(
            "admin_daily_report.subject",
            day=day,
            revenue=t.money(figures["revenue_minor"], facts["currency"]),
            bookings=t.count("admin_daily_report.bookings", figures["bookings"]),
        ),
        preheader=_admin_preheader(figures, t),
        hero=Hero(title=t("admin_daily_report.title", day=day)),
        blocks=_admin_blocks(facts, c, attached=False),
        reason=t("why.admin", site=c.site_name),
    )


def admin_monthly_report(facts: AdminReport, c: Context) -> Letter:
    """The whole system in the month that just ended; the CSV is attached by the caller."""
    t = c.t
    month = t.month(facts["month"])
    revenue = t.money(facts["figures"]["revenue_minor"], facts["currency"])
    return Letter(
        subject=t.subject("admin_monthly_report.subject", site=c.site_name, month=month, revenue=revenue),
        preheader=_admin_preheader(facts["figures"], t),
        hero=Hero(title=t("admin_monthly_report.title", month=month)),
        blocks=_admin_blocks(facts, c, attached=True),
        reason=t("why.admin", site=c.site_name),
    )


def user_monthly_report(facts: UserReport, c: Context) -> Letter:
    """One user's month: visits, hours, money, favourite lot; the CSV is attached by the caller."""
    t, lots = c.t, facts["lots"]
    month = t.month(facts["month"])
    figures = facts["figures"]
    blocks: list[Block] = [*_digest(facts.get("since"), t), _user_tiles(facts, t), *_compared(facts, t)]
    if lots:
        blocks += [
            Para(t.count("report.favourite", lots[0]["visits"], lot=lots[0]["name"])),
            Bars(t("report.time_by_lot"), _time_bars(facts, t)),
            _user_grid(facts, t),
            Para(t("report.attached")),
        ]
    else:
        blocks.append(Para(t("report.nothing")))
    blocks += [
        Button(t("report.button_user"), c.page("history")),
        Para(t("report.period_note_user"), quiet=True),
    ]
    return Letter(
        subject=t.subject("user_monthly_report.subject", month=month),
        preheader=t.preheader(
            "user_monthly_report.preheader",
            visits=t.number(figures["visits"]),
            parked=t.duration(figures["parked_seconds"]),
            spent=t.money(figures["spent_minor"], facts["currency"]),
        ),
        hero=Hero(title=t("user_monthly_report.title", month=month)),
        blocks=tuple(blocks),
        reason=t("why.report", site=c.site_name),
    )


# parts -------------------------------------------------------------------------------------


def _admin_preheader(figures: AdminFigures, t: Texts) -> str:
    """What the subject has no room for. Label before figure: no word depends on how many there are."""
    return t.preheader(
        "report.preheader",
        occupancy=t.percent(figures["occupancy_percent"]),
        new_users=t.number(figures["new_users"]),
        cancelled=t.number(figures.get("cancelled", 0)),
        no_shows=t.number(figures.get("no_shows", 0)),
    )


def _admin_blocks(facts: AdminReport, c: Context, *, attached: bool) -> tuple[Block, ...]:
    t, lots = c.t, facts["lots"]
    blocks: list[Block] = [*_digest(facts.get("since"), t), _admin_tiles(facts, t), *_compared(facts, t)]
    if not facts["figures"]["bookings"]:
        blocks.append(Para(t("report.nothing")))
    if lots:
        fullest = sorted(lots, key=lambda lot: -lot["occupancy_percent"])[:MOST_BARS]
        bars = tuple(
            Bar(lot["name"], t.percent(lot["occupancy_percent"]), min(100, round(lot["occupancy_percent"])))
            for lot in fullest
        )
        if any(lot["occupancy_percent"] for lot in lots):
            blocks.append(Bars(t("report.occupancy_by_lot"), bars))
        blocks.append(_admin_grid(facts, t))
        blocks += _rest(len(lots), t, attached)
    if attached and facts.get("bookings_attached", True):
        blocks.append(Para(t("report.attached_admin")))
    elif attached:
        blocks.append(Para(t("report.too_large"), url=c.page("admin_exports")))
    blocks += [
        Button(t("report.button"), c.page("admin_figures")),
        Para(t("report.period_note", zone=facts["timezone"]), quiet=True),
    ]
    return tuple(blocks)


def _admin_tiles(facts: AdminReport, t: Texts) -> Tiles:
    """The four of every report, then whatever else the reporter counted."""

    def money(minor: int) -> str:
        return t.money(minor, facts["currency"])

    shown: dict[str, tuple[str, Callable[[Any], str], int]] = {
        "bookings": ("report.bookings", t.number, 1),
        "revenue_minor": ("report.revenue", money, 1),
        "occupancy_percent": ("report.occupancy", t.percent, 1),
        "new_users": ("report.new_users", t.number, 1),
        "peak_occupancy_percent": ("report.peak", t.percent, 0),
        "active_users": ("report.active_users", t.number, 1),
        "parked_seconds": ("report.parked", t.duration, 0),
        "cancelled": ("report.cancelled", t.number, -1),
        "no_shows": ("report.no_shows", t.number, -1),
    }
    now, before = cast(Mapping[str, Any], facts["figures"]), cast(Mapping[str, Any], facts["previous"] or {})
    return Tiles(
        tuple(
            _tile(t, t(label), now[key], before.get(key), write, wanted)
            for key, (label, write, wanted) in shown.items()
            if key in now
        )
    )


def _user_tiles(facts: UserReport, t: Texts) -> Tiles:
    now, before = facts["figures"], cast(Mapping[str, Any], facts["previous"] or {})
    return Tiles(
        (
            _tile(t, t("report.visits"), now["visits"], before.get("visits"), t.number, 0),
            _tile(t, t("report.parked"), now["parked_seconds"], before.get("parked_seconds"), t.duration, 0),
            _tile(
                t,
                t("report.spent"),
                now["spent_minor"],
                before.get("spent_minor"),
                lambda minor: t.money(minor, facts["currency"]),
                0,
            ),
        )
    )


def _tile(t: Texts, label: str, now: Any, before: Any, write: Callable[[Any], str], wanted: int) -> Tile:
    """`wanted`: 1 when more is good news, -1 when less is, 0 when it is neither."""
    if before is None:
        return Tile(label, write(now))
    difference = now - before
    if isinstance(difference, float):
        difference = half_up(difference, 1)
    if not difference:
        return Tile(label, write(now), t("change.same"))
    tone: Tone = "plain" if not wanted else "good" if difference * wanted > 0 else "bad"
    # A percentage that grows from 61 to 64.5 has grown by 3.5 points, not by 3.5 percent.
    amount = _points(abs(difference), t) if write == t.percent else write(abs(difference))
    words = t("change.more" if difference > 0 else "change.less", amount=amount)
    return Tile(label, write(now), words, tone)


def _points(difference: Decimal, t: Texts) -> str:
    return t("change.points_one" if difference == 1 else "change.points_other", n=t.plain(difference))


def _admin_grid(facts: AdminReport, t: Texts) -> Grid:
    return Grid(
        title=t("report.by_lot"),
        columns=(t("common.lot"), t("report.bookings"), t("report.revenue"), t("report.occupancy")),
        rows=tuple(
            (
                lot["name"],
                t.number(lot["bookings"]),
                t.money(lot["revenue_minor"], facts["currency"]),
                t.percent(lot["occupancy_percent"]),
            )
            for lot in facts["lots"][:MOST_LOTS]
        ),
    )


def _time_bars(facts: UserReport, t: Texts) -> tuple[Bar, ...]:
    whole = max(sum(lot["parked_seconds"] for lot in facts["lots"]), 1)
    return tuple(
        Bar(lot["name"], t.duration(lot["parked_seconds"]), round(100 * lot["parked_seconds"] / whole))
        for lot in facts["lots"][:MOST_BARS]
    )


def _user_grid(facts: UserReport, t: Texts) -> Grid:
    return Grid(
        title=t("report.by_lot"),
        columns=(t("common.lot"), t("report.visits"), t("report.parked"), t("report.spent")),
        rows=tuple(
            (
                lot["name"],
                t.number(lot["visits"]),
                t.duration(lot["parked_seconds"]),
                t.money(lot["spent_minor"], facts["currency"]),
            )
            for lot in facts["lots"][:MOST_LOTS]
        ),
    )


def _rest(lots: int, t: Texts, attached: bool) -> tuple[Para, ...]:
    if lots <= MOST_LOTS:
        return ()
    return (Para(t.count("report.more_lots" if attached else "report.more_lots_page", lots - MOST_LOTS), quiet=True),)


def _digest(since: str | None, t: Texts) -> tuple[Para, ...]:
    return (Para(t("report.digest", since=t.day(date.fromisoformat(since)))),) if since else ()


def _compared(facts: AdminReport | UserReport, t: Texts) -> tuple[Para, ...]:
    """Names the day or month the changes are measured against."""
    if not facts["previous"]:
        return ()
    if day := facts.get("day"):
        return (Para(t("report.compared", period=t.day(date.fromisoformat(str(day)) - _ONE_DAY)), quiet=True),)
    last = date.fromisoformat(f"{facts['month']}-01") - _ONE_DAY
    return (Para(t("report.compared", period=t.month(f"{last:%Y-%m}")), quiet=True),)
