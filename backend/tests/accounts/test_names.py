"""How names are written down."""

import pytest

from parking.accounts import names


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (" Alice@Example.COM ", "alice@example.com"),
        ("a+b@sub.example.co.uk", "a+b@sub.example.co.uk"),
        ("x@bücher.example.com", "x@bücher.example.com"),
        ("x@bu\u0308cher.example.com", "x@bücher.example.com"),
    ],
)
def test_an_address_is_kept_in_one_spelling(given, stored):
    assert names.email(given) == stored


@pytest.mark.parametrize(
    "given",
    [
        "",
        "alice",
        "a@b",
        "a@localhost",
        "a b@example.com",
        "a@example.com\r\nBcc: x@example.com",
        "ä@example.com",
        "a@example.com, b@example.com",
        f"{'a' * 65}@example.com",
        f"a@{'b' * 250}.com",
        "a@example..com",
        "<a@example.com>",
    ],
)
def test_what_is_no_address_is_refused(given):
    with pytest.raises(ValueError, match="address"):
        names.email(given)


@pytest.mark.parametrize(
    ("given", "stored"), [("  Ann   Lee ", "Ann Lee"), ("Zoe\u0308", "Zoë"), ("李", "李"), ("👩\u200d🚒", "👩\u200d🚒")]
)
def test_a_name_is_tidied(given, stored):
    assert names.username(given) == stored


@pytest.mark.parametrize(
    "given",
    [
        *("", "   ", "a\nb", "a\x1b[31m", "x" * 81, "\u202eecila", "\u200d", "a\u2028b", "\u0301"),
        *("\ud800a", "a\ufdd0", "a\U0010ffff", "\u3164", "\u2800", "\u200f\u200f", "a\u2066b\u202d", "a\U000e0041b"),
        *("a\ue000", "\ufe0f", "\U000e0100"),
    ],
)
def test_a_name_one_cannot_see_or_that_plays_tricks_is_refused(given):
    with pytest.raises(ValueError, match="name"):
        names.username(given)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        *(
            (name,) * 2
            for name in ("Mia 😀", "👨\u200d👩\u200d👧", "नमस्ते", "אבי", "می\u200cخواهم", "J.R. Smith", "O\u2019Neil")
        ),
        *((name,) * 2 for name in ("Mia \U0001fa77", "Ola \U0001fae8", "\U000323b0", "\U0001fac6 new")),
        ("Flag 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",) * 2,
        ("🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",) * 2,
        ("عمر\u200f", "عمر"),
        ("\u200eאבי\u200f ", "אבי"),
        ("\u2068Ann\u2069", "Ann"),
    ],
)
def test_a_name_may_be_newer_than_the_interpreter(given, stored):
    assert names.username(given) == stored


@pytest.mark.parametrize(
    "given",
    [
        *(
            "http://evil.example",
            "Free at https://a.b",
            "see www.evil.example",
            "WWW.evil.example",
            "evil.com",
            "Win evil.DE",
        ),
        *(
            "evil.example/a",
            "evil.example?x=1",
            "a.evil.example:8080/",
            "ｅｖｉｌ．ｃｏｍ",
            "evil。com",
            "x@evil.com/a",
        ),
    ],
)
def test_a_name_holds_no_link(given):
    with pytest.raises(ValueError, match="link"):
        names.username(given)


@pytest.mark.parametrize(
    "given", ["Dr. St.John", "anna.maria", "bob@mail.example.com", "Node.js", "1.5 Fritz", "A/B", "e.K."]
)
def test_a_full_stop_makes_no_link(given):
    assert names.username(given) == given


def test_plates_are_capitals_each_once():
    assert names.plates(["b-ab 123", "B-AB  123", "wob·x 1", "Ö 1"]) == ["B-AB 123", "WOB·X 1", "Ö 1"]


@pytest.mark.parametrize("given", [[""], ["-1"], ["A" * 16], ["A--1"], ["A\n1;"], [f"A{n}" for n in range(11)]])
def test_what_is_no_plate_is_refused(given):
    with pytest.raises(ValueError, match="plate"):
        names.plates(given)
