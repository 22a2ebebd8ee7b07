"""Rounding for people: once, half up, where a number is shown. Everything before that stays unrounded."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def half_up(value: float | Decimal, digits: int) -> Decimal:
    """The value with so many decimals, halves away from zero: 0.25 -> 0.3 and 3.4486 -> 3.4.

    A float is taken as its shortest decimal form, which is what JSON and a browser round; `round` would take its
    binary value and round halves to even, and mail and page would differ.
    """
    exact = value if isinstance(value, Decimal) else Decimal(repr(value))
    return exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
