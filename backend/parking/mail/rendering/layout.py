"""A message as blocks. Its text and its HTML are both made from the same blocks, so that they cannot differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from parking.mail.rendering.calendar import CalendarEntry

Tone = Literal["good", "bad", "plain"]


@dataclass(frozen=True, slots=True)
class Summary:
    """The top of a message. `value` is its main value (spot number, total), shown large."""

    title: str
    status: str = ""
    value_label: str = ""
    value: str = ""
    place: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """`url` is shown below the text; `quiet` makes the text small."""

    kind: ClassVar[str] = "paragraph"
    text: str
    quiet: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Detail:
    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Details:
    kind: ClassVar[str] = "details"
    rows: tuple[Detail, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One metric; `change` says in words what `tone` says in colour."""

    label: str
    value: str
    change: str = ""
    tone: Tone = "plain"


@dataclass(frozen=True, slots=True)
class Tiles:
    kind: ClassVar[str] = "tiles"
    tiles: tuple[Tile, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    label: str
    value: str
    percent: int  # length of the bar, 0..100


@dataclass(frozen=True, slots=True)
class Bars:
    kind: ClassVar[str] = "bars"
    title: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table with a header row; every column but the first holds numbers and is aligned right."""

    kind: ClassVar[str] = "grid"
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Button:
    kind: ClassVar[str] = "button"
    label: str
    url: str


News = Paragraph | Details
Block = Paragraph | Details | Tiles | Bars | Grid | Button


@dataclass(frozen=True, slots=True)
class Message:
    """The body of a mail; its subject is made apart (`Template.subject`)."""

    preheader: str
    summary: Summary
    blocks: tuple[Block, ...]
    reason: str = ""  # why the recipient gets this mail, for the foot
    notice: tuple[News, ...] = ()  # what a notice on the page tells of the same event
    calendar: CalendarEntry | None = None  # adds, changes or removes an entry of the recipient's calendar
    dates: tuple[CalendarEntry, ...] = ()  # a file of several entries, for the recipient to open
