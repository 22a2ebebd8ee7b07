"""The worker's jobs of this domain, together."""

from __future__ import annotations

from typing import Any

from parking.reports import rollup_tasks, schedule_tasks

BEAT: dict[str, dict[str, Any]] = {**rollup_tasks.BEAT, **schedule_tasks.BEAT}
"""Entries for Beat's schedule, in seconds."""
