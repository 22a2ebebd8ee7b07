"""An installation with one administrator; runs without a time limit."""

import pytest

from parking.reports import batches, schedule


@pytest.fixture(autouse=True)
def _no_time_limits(monkeypatch):
    """A run finishes on a busy machine too, and never pauses."""
    monkeypatch.setattr(batches, "RUN_SECONDS", 3600.0)
    monkeypatch.setattr(batches, "MAX_PAUSE_SECONDS", 0.0)


@pytest.fixture
def begun(app, carol):
    """An installation with one administrator, begun on Monday 2 March 2026, 12:00 UTC."""
    schedule.begin()
    return carol
