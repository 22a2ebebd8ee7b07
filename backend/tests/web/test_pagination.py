"""Cursors: every key comes back, everything else is refused with one sentence."""

from __future__ import annotations

import base64

import pytest

from parking.errors import Invalid
from parking.web import pagination


def test_a_key_of_numbers_comes_back() -> None:
    assert pagination.decode(pagination.encode(1760000000, 2**63 - 1), int, int) == (1760000000, 2**63 - 1)


@pytest.mark.parametrize("name", ["car park 5", "a.b.c", "Łódź 🚗", "", "12"])
def test_a_key_that_ends_in_text_comes_back(name: str) -> None:
    assert pagination.decode(pagination.encode(6, name), int, str) == (6, name)


def test_a_cursor_of_two_numbers_fits_the_longest_that_the_api_takes() -> None:
    assert len(pagination.encode(9_999_999_999, 2**63 - 1)) <= 40


@pytest.mark.parametrize(
    "plain", ["", "1", "1.2.3", "-1.2", "1.-2", "1_0.2", " 1.2", "x.1", f"1.{2**63}", "1.", "١.٢", "1e3.2"]
)
def test_a_key_that_no_list_has_is_refused(plain: str) -> None:
    with pytest.raises(Invalid, match="This cursor does not belong to this list"):
        pagination.decode(base64.urlsafe_b64encode(plain.encode()).decode(), int, int)


@pytest.mark.parametrize("cursor", ["bad", "\x00", "é", "x" * 3001, "====", "gICA"])
def test_text_that_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Invalid):
        pagination.decode(cursor, int, int)


def test_text_with_a_nul_is_refused() -> None:
    with pytest.raises(Invalid):
        pagination.decode(pagination.encode(1, "a\x00b"), int, str)
