"""Ratios beside their goals, as a Markdown table."""

from __future__ import annotations

import math
from dataclasses import dataclass

HEAD = "| what | ratio | goal | met | ours | against | p50 ms | p99 ms |\n|---|---|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Goal:
    """What a ratio should be, and how long one operation in a hundred may take."""

    least: float = 0.0
    most: float = math.inf
    p99_ms: float = math.inf
    p99_per_p50: float = 0.0

    def met(self, ratio: float, p50: float = 0.0, p99: float = 0.0) -> bool:
        """Times are milliseconds."""
        even = not self.p99_per_p50 or p99 <= self.p99_per_p50 * p50
        return self.least <= ratio <= self.most and p99 <= self.p99_ms and even

    def __str__(self) -> str:
        parts = [f"≥ {self.least:g}"] if self.least else []
        parts += [f"≤ {self.most:g}"] if self.most < math.inf else []
        parts += [f"p99 ≤ {self.p99_ms:g} ms"] if self.p99_ms < math.inf else []
        parts += [f"p99 ≤ {self.p99_per_p50:g} × p50"] if self.p99_per_p50 else []
        return ", ".join(parts)


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    ratio: float
    goal: Goal
    ours: str
    against: str
    p50: float = 0.0
    p99: float = 0.0

    def __str__(self) -> str:
        goal = str(self.goal)
        met = ("yes" if self.goal.met(self.ratio, self.p50, self.p99) else "**no**") if goal else ""
        times = [f"{value:.1f}" if value else "" for value in (self.p50, self.p99)]
        return f"| {' | '.join([self.what, f'{self.ratio:.2f}', goal, met, self.ours, self.against, *times])} |"


def quantile(values: list[float], part: float) -> float:
    """The value below which this part of them lies. Raises IndexError when there is none."""
    return sorted(values)[int(part * (len(values) - 1))]
