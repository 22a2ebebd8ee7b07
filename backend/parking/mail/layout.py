"""A letter before it has a form: the text and the HTML are both drawn from these blocks,
so that they cannot say different things."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

Tone = Literal["good", "bad", "plain"]


@dataclass(frozen=True, slots=True)
class Hero:
    """The top of the letter. `figure` is what the reader came for (spot number, total), shown large."""

    title: str
    status: str = ""
    figure_label: str = ""
    figure: str = ""
    place: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Para:
    """`url`: where it leads on, shown below the text."""

    kind: ClassVar[str] = "para"
    text: str
    quiet: bool = False
    url: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str
    strong: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    kind: ClassVar[str] = "facts"
    rows: tuple[Fact, ...]
    title: str = ""


@dataclass(frozen=True, slots=True)
class Tile:
    """One summary figure; `change` says in words what `tone` says in colour."""

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
    """A table with a header row; every column but the first is a number and stands right."""

    kind: ClassVar[str] = "grid"
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Button:
    kind: ClassVar[str] = "button"
    label: str
    url: str


Block = Para | Facts | Tiles | Bars | Grid | Button


@dataclass(frozen=True, slots=True)
class Letter:
    """`calendar_method`: what becomes of the booking's entry in the reader's diary, if anything."""

    subject: str
    preheader: str
    hero: Hero
    blocks: tuple[Block, ...]
    reason: str = ""  # why the reader gets this letter, for the foot
    calendar_method: Literal["", "REQUEST", "CANCEL"] = ""
