"""How names are written down."""

import pytest

from parking.accounts import names


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (" Alice@Example.COM ", "alice@example.com"),
        ("a+b@sub.example.co.uk", "a+b@sub.example.co.uk"),
        ("x@bücher.example.com", "x@bücher.example.com"),
        ("x@bu\u0308cher.example.com", "x@bücher.example.com"),
    ],
)
def test_an_address_is_kept_in_one_spelling(given, kept):
    assert names.email(given) == kept
    assert names.sought_email(given) == kept


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
    ("given", "kept"), [("  Ann   Lee ", "Ann Lee"), ("Zoe\u0308", "Zoë"), ("李", "李"), ("👩\u200d🚒", "👩\u200d🚒")]
)
def test_a_name_is_tidied(given, kept):
    assert names.username(given) == kept


@pytest.mark.parametrize(
    "given", ["", "   ", "a\nb", "a\x1b[31m", "x" * 81, "\u202eecila", "\u200d", "a\u2028b", "\u0301"]
)
def test_a_name_one_cannot_see_or_that_plays_tricks_is_refused(given):
    with pytest.raises(ValueError, match="name"):
        names.username(given)


def test_plates_are_capitals_each_once():
    assert names.plates(["b-ab 123", "B-AB  123", "wob·x 1", "Ö 1"]) == ["B-AB 123", "WOB·X 1", "Ö 1"]


@pytest.mark.parametrize("given", [[""], ["-1"], ["A" * 16], ["A--1"], ["A\n1;"], [f"A{n}" for n in range(11)]])
def test_what_is_no_plate_is_refused(given):
    with pytest.raises(ValueError, match="plate"):
        names.plates(given)
