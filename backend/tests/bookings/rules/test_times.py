"""Times as clients send them."""

from datetime import UTC, datetime

import pytest

from parking.bookings.rules.times import read_time
from parking.errors import Invalid


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2025-12-01T10:00:00", "UTC", (2025, 12, 1, 10, 0)),
        ("2025-12-01T10:00:00", "America/New_York", (2025, 12, 1, 15, 0)),
        ("2025-12-01T10:00", "Asia/Kolkata", (2025, 12, 1, 4, 30)),
        ("2025-12-01T10:00:00Z", "America/New_York", (2025, 12, 1, 10, 0)),
        ("2025-12-01T10:00:00.999+02:00", "UTC", (2025, 12, 1, 8, 0)),
        ("2026-10-25T01:30:00", "Europe/London", (2026, 10, 25, 0, 30)),  # occurs twice: the first
    ],
)
def test_a_time_without_offset_is_in_the_zone_of_the_lot(text, zone, instant):
    assert read_time(text, zone, "from") == datetime(*instant, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2026-03-29T01:30:00", "does not exist"),
        ("tomorrow", "date and time"),
        ("0001-01-01T00:00:00+14:00", "out of range"),
        ("2026-02-30T10:00:00", "date and time"),
    ],
)
def test_another_text_is_refused_at_its_field(text, message):
    with pytest.raises(Invalid, match=message) as refused:
        read_time(text, "Europe/London", "reserved_start")
    assert list(refused.value.errors) == ["reserved_start"]
