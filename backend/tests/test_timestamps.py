"""Instants as text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

from parking.timestamps import to_rfc3339


def test_an_instant_is_written_in_utc_with_whole_seconds() -> None:
    moment = datetime(2026, 3, 2, 9, 0, 0, 999_999, timezone(timedelta(hours=2)))
    assert to_rfc3339(moment) == "2026-03-02T07:00:00Z"
    assert to_rfc3339(datetime(1, 1, 1, tzinfo=UTC)) == "0001-01-01T00:00:00Z"


def test_no_instant_stays_none() -> None:
    assert to_rfc3339(None) is None
