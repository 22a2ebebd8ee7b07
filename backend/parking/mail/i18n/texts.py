"""The texts of every mail, from one catalogue, and how a language writes numbers and times."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import timezones
from parking.money import WHOLE
from parking.rounding import half_up

LANGUAGES = ("en", "de")
SUBJECT_LIMIT = 60
PREHEADER_LIMIT = 100
_CATALOGUE = Path(__file__).with_name("catalogue.toml")
_THOUSANDS_DECIMAL = {"en": (",", "."), "de": (".", ",")}
_SIGNS = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥", "INR": "₹"}


@cache
def catalogue() -> dict[str, dict[str, dict[str, str]]]:
    """section → key → language → text."""
    with _CATALOGUE.open("rb") as file:
        return tomllib.load(file)


def language(locale: str | None) -> str:
    """The catalogue's language for a locale tag; English where it has none."""
    tag = (locale or "").replace("_", "-").split("-")[0].lower()
    return tag if tag in LANGUAGES else LANGUAGES[0]


def shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: max(limit - 1, 0)].rstrip() + "…"


def parse_instant(instant: str) -> datetime:
    """An ISO 8601 instant as a datetime in UTC. Raises ValueError without a zone: that is a bug of the caller."""
    moment = datetime.fromisoformat(instant)
    if moment.tzinfo is None:
        raise ValueError(f"instant without zone: {instant!r}")
    return moment.astimezone(UTC)


def zone_info(name: str) -> ZoneInfo:
    """The zone of a stored name; UTC for an unknown one, so that the mail still goes out."""
    return ZoneInfo(timezones.mended(name, "UTC"))


def _offset(moment: datetime) -> str:
    minutes = int((moment.utcoffset() or timedelta()).total_seconds() // 60)
    sign, minutes = ("-" if minutes < 0 else "+"), abs(minutes)
    hours, minutes = divmod(minutes, 60)
    return f"UTC{sign}{hours}" + (f":{minutes:02d}" if minutes else "")


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of one language, and its formats."""

    lang: str

    def __call__(self, key: str, /, **values: Any) -> str:
        section, _, name = key.partition(".")
        return catalogue()[section][name][self.lang].format(**values)

    def has(self, key: str) -> bool:
        section, _, name = key.partition(".")
        return name in catalogue().get(section, {})

    def count(self, key: str, n: int, /, **values: Any) -> str:
        """`key.one` or `key.other`, with {n} written in the language's way."""
        form = "one" if n == 1 else "other"
        return self(f"{key}_{form}", n=self.number(n), **values)

    def fitted(self, key: str, limit: int, /, **values: str) -> str:
        """The text in at most `limit` characters: its longest value gives way first."""
        whole = self(key, **values)
        while len(whole) > limit and any(len(v) > 4 for v in values.values()):
            longest = max(values, key=lambda name: len(values[name]))
            room = len(values[longest]) - (len(whole) - limit)
            values[longest] = shorten(values[longest], max(room, 4))
            whole = self(key, **values)
        return shorten(whole, limit)

    def subject(self, key: str, /, **values: str) -> str:
        """Its spaces are plain ones: a header is not wrapped by the mail program, and so stays ASCII where it can."""
        return self.fitted(key, SUBJECT_LIMIT, **values).replace("\u00a0", " ")

    def preheader(self, key: str, /, **values: str) -> str:
        return self.fitted(key, PREHEADER_LIMIT, **values)

    # numbers -------------------------------------------------------------------------------

    def number(self, value: float | Decimal, digits: int = 0) -> str:
        thousands, decimal = _THOUSANDS_DECIMAL[self.lang]
        plain = f"{half_up(value, digits):,f}"
        return plain.translate(str.maketrans(",.", thousands + decimal))

    def plain(self, value: float | Decimal) -> str:
        """At most one decimal, and none where it would be a zero."""
        rounded = half_up(value, 1)
        return self.number(rounded, 0 if rounded == int(rounded) else 1)

    def percent(self, value: float) -> str:
        return self.plain(value) + ("%" if self.lang == "en" else "\u00a0%")

    def money(self, minor: int, currency: str, *, short: bool = False) -> str:
        """Exact: built from the integer (hundredths of the currency, see parking.money), never through a float.

        `short`: whole amounts without decimals, for prices in a line of text.
        """
        whole, hundredths = divmod(abs(minor), 100)
        thousands, decimal = _THOUSANDS_DECIMAL[self.lang]
        amount = f"{whole:,}".replace(",", thousands)
        if hundredths or (currency not in WHOLE and not short):
            amount += f"{decimal}{hundredths:02d}"
        sign = "−" if minor < 0 else ""
        if self.lang == "de":
            return f"{sign}{amount}\u00a0{_SIGNS.get(currency, currency)}"
        symbol = _SIGNS.get(currency)
        return f"{sign}{symbol}{amount}" if symbol else f"{sign}{currency}\u00a0{amount}"

    def size(self, size_bytes: int) -> str:
        for unit, scale in (("MB", 1_000_000), ("kB", 1_000)):
            if size_bytes >= scale:
                return f"{self.number(size_bytes / scale, 1)}\u00a0{unit}"
        return f"{self.number(size_bytes)}\u00a0B"

    def duration(self, seconds: int, *, exact: bool = False) -> str:
        """Hours and minutes, `exact` also with the seconds beside hours; days are not used because a day may have 23
        hours."""
        if 0 < seconds < 60:
            return self("unit.seconds", n=seconds)
        minutes, remaining = divmod(seconds, 60)
        hours, minutes = divmod(minutes, 60)
        parts = [
            self("unit.hours", n=self.number(hours)) if hours else "",
            self("unit.minutes", n=minutes) if minutes or not seconds else "",
            self("unit.seconds", n=remaining) if remaining and (exact or not hours) else "",
        ]
        return " ".join(part for part in parts if part)

    # time ----------------------------------------------------------------------------------

    def day(self, day: date) -> str:
        weekday = self("time.weekdays").split()[day.weekday()]
        month = self("time.months_short").split()[day.month - 1]
        return self("time.day", weekday=weekday, day=day.day, month=month, year=day.year)

    def month(self, month: str) -> str:
        """A month, "2026-10", as "October 2026"."""
        year, number = month.split("-")
        return f"{self('time.months').split()[int(number) - 1]} {year}"

    def moment(self, instant: str, zone_name: str) -> str:
        """Day and time as a clock in that zone shows them; `zone_label` names the zone."""
        local = parse_instant(instant).astimezone(zone_info(zone_name))
        return self("time.moment", day=self.day(local.date()), time=f"{local:%H:%M}")

    def span(self, start: str, end: str, zone_name: str) -> str:
        """From–until as a clock in that zone shows them; a day that is the same is written once."""
        first, last = (parse_instant(i).astimezone(zone_info(zone_name)) for i in (start, end))
        if first.date() != last.date():
            return self("time.span", start=self.moment(start, zone_name), end=self.moment(end, zone_name))
        return self("time.span_day", day=self.day(first.date()), start=f"{first:%H:%M}", end=f"{last:%H:%M}")

    def clock(self, instant: str, zone_name: str) -> str:
        return f"{parse_instant(instant).astimezone(zone_info(zone_name)):%H:%M}"

    def in_zone(self, text: str, zone_name: str, *instants: str | None) -> str:
        """A text about these instants with the zone behind it: "10:00 (Europe/Berlin, UTC+1)", "10:00 (UTC)"."""
        there = zone_info(zone_name)
        offsets = self._offsets(there, *instants)
        named = f"{there.key},\u00a0{offsets}" if offsets else there.key
        return f"{text} ({named})"

    def zone_label(self, zone_name: str, *instants: str | None) -> str:
        """ "Europe/Berlin (UTC+1)"; both offsets when the clocks change between the instants."""
        there = zone_info(zone_name)
        offsets = self._offsets(there, *instants)
        return f"{there.key} ({offsets})" if offsets else there.key

    def _offsets(self, there: ZoneInfo, *instants: str | None) -> str:
        """Its distance from UTC at these moments, one after the other; empty for UTC, whose name says it."""
        if there.key in ("UTC", "Etc/UTC"):
            return ""
        return self("time.then").join(dict.fromkeys(_offset(parse_instant(i).astimezone(there)) for i in instants if i))
