"""Codes: the vectors of RFC 6238, the slack of a phone's clock, QR codes, recovery codes."""

from datetime import UTC, datetime

import pytest

from parking.accounts.second_factor import codes

KEY = b"12345678901234567890"
"""The key of the vectors in appendix B of RFC 6238."""


def at(seconds):
    return datetime.fromtimestamp(seconds, UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_the_vectors_of_the_rfc(seconds, code):
    assert codes.code_at(KEY, at(seconds)) == code
    assert codes.step_of(KEY, code, at(seconds)) == seconds // 30


def test_a_phone_may_be_half_a_minute_wrong():
    now = 1234567890
    of = {n: codes.code_at(KEY, at(now + 30 * n)) for n in range(-2, 3)}
    steps = {n: codes.step_of(KEY, code, at(now)) for n, code in of.items()}
    assert steps == {-2: None, -1: now // 30 - 1, 0: now // 30, 1: now // 30 + 1, 2: None}


@pytest.mark.parametrize("typed", ["005 924", " 005924 ", "005-924"])
def test_a_code_may_be_typed_with_spaces(typed):
    assert codes.step_of(KEY, typed, at(1234567890)) == 1234567890 // 30


@pytest.mark.parametrize("wrong", ["", "0", "00592", "0059240", "x05924", "００５９２４", "5924"])
def test_other_texts_are_no_code(wrong):
    assert codes.step_of(KEY, wrong, at(1234567890)) is None


def test_the_picture_holds_the_address_that_apps_read():
    uri = codes.uri(KEY, "zoë@straße.example", "Park: Süd")
    assert uri.startswith("otpauth://totp/")
    assert "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" in uri
    picture = codes.qr_code(uri)
    assert picture.startswith("<svg")
    assert "<script" not in picture
    assert codes.secret_text(KEY).replace(" ", "") in uri


def test_recovery_codes_are_random_and_forgiving_to_type():
    fresh = codes.new_recovery_codes()
    assert len(set(fresh)) == codes.RECOVERY_CODES == 10
    one = fresh[0]
    hashes = {codes.recovery_hash(form) for form in (one, one.lower(), one.replace("-", " "), one.replace("-", ""))}
    assert len(hashes) == 1
    assert codes.recovery_hash(fresh[1]) not in hashes
