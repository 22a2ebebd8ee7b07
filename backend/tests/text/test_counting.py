"""Numbers with their noun."""

import pytest

from parking.text.counting import counted


@pytest.mark.parametrize(("number", "expected"), [(0, "0 lots"), (1, "1 lot"), (2, "2 lots"), (10_000, "10,000 lots")])
def test_the_noun_agrees_with_the_number(number, expected):
    assert counted(number, "lot") == expected


def test_an_irregular_plural_is_given():
    assert [counted(n, "line is", "lines are") for n in (1, 2)] == ["1 line is", "2 lines are"]
