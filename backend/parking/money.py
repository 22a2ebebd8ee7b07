"""Exact money: integer minor units (hundredths of any currency) inside, a JSON number with at most two decimals
outside.

A currency without hundredths (ISO 4217: yen, won, króna …) is stored in the same unit, so that sums and exchanges of
rows need no second rule; its prices are whole, and so is everything that is charged.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

MAX_MINOR = 10**11
"""A billion in major units: far above any price, far below where a double loses a cent."""


WHOLE = frozenset(
    (
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    )
)
"""Currencies without hundredths (ISO 4217, exponent 0). The page has the same list (shared/currencies.ts)."""


SIGNS = {
    "CHF": "Fr.",
    "CZK": "Kč",
    "DKK": "kr",
    "EUR": "€",
    "GBP": "£",
    "HUF": "Ft",
    "INR": "₹",
    "JPY": "¥",
    "KRW": "₩",
    "NOK": "kr",
    "PLN": "zł",
    "SEK": "kr",
    "TRY": "₺",
    "UAH": "₴",
    "USD": "$",
}
"""How people write these currencies beside an amount."""


def without_sign(text: str, currency: str) -> str:
    """The amount that people wrote with the sign or code of the currency before or after it; other text as it is."""
    amount = text.strip()
    for sign in (SIGNS.get(currency), currency):
        if sign and amount.casefold().startswith(sign.casefold()):
            return amount[len(sign) :].strip()
        if sign and amount.casefold().endswith(sign.casefold()):
            return amount[: -len(sign)].strip()
    return text


def unit(currency: str) -> int:
    """The smallest amount of this currency that can be charged, in minor units."""
    return 100 if currency in WHOLE else 1


def check_price(minor: int, currency: str) -> None:
    """Raises ValueError, with a sentence for a person, for an amount with decimals in a currency that has none."""
    if minor % unit(currency):
        raise ValueError(f"An amount in {currency} must be a whole number.")


def plain_text(minor: int, currency: str) -> str:
    """ "2.50" or "300": for words in English. An amount in a currency without
    hundredths has decimals only in rows from before that rule."""
    return str(minor // 100) if minor % 100 == 0 and currency in WHOLE else f"{minor // 100}.{minor % 100:02d}"


def to_minor(value: Any) -> int:
    """Cents of a JSON number or decimal string.

    Raises ValueError for anything else, for more than two decimals, negative, infinite or absurd amounts.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("An amount must be a number.")
    try:
        amount = Decimal(str(value)) * 100
    except InvalidOperation:
        raise ValueError("An amount must be a number.") from None
    if not amount.is_finite() or amount < 0 or amount > MAX_MINOR:
        raise ValueError("An amount must be between 0 and 1,000,000,000.")
    if amount != amount.to_integral_value():
        raise ValueError("An amount can have at most two decimals.")
    return int(amount)


def to_number(minor: int) -> float | int:
    """The JSON number of an amount. Dividing by 100 gives the double nearest to the exact decimal, and its
    shortest form, which is what JSON prints, is that decimal again (true to 2**53 cents)."""
    return minor // 100 if minor % 100 == 0 else minor / 100


MoneyOut = Annotated[
    int,
    PlainSerializer(to_number, return_type=float | int),
    WithJsonSchema({"type": "number", "description": "Amount in major units, at most two decimals"}),
]
MoneyIn = Annotated[
    int,
    BeforeValidator(to_minor),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": MAX_MINOR // 100, "multipleOf": 0.01}),
]
