"""What a person is told of an address that cannot be used."""

import pytest

from parking.text import email_addresses


@pytest.mark.parametrize("given", ["a@☃.de", "a@·.de", "a@אa.com"])
def test_a_refusal_speaks_of_no_code_points(given):
    with pytest.raises(ValueError) as refused:
        email_addresses.stored(given)
    assert str(refused.value) == (
        "This email address cannot be used: The part after the @-sign contains a character that cannot stand there."
    )


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("a b@x.de", "invalid characters before the @-sign: SPACE."),
        ("a@x", "The part after the @-sign is not valid. It should have a period."),
        ("a@b_c.de", "The part after the @-sign contains invalid characters: '_'."),
    ],
)
def test_what_a_person_can_read_stays(given, reason):
    with pytest.raises(ValueError, match="This email address cannot be used") as refused:
        email_addresses.stored(given)
    assert reason in str(refused.value)
