"""What is too old, by the settings and the clock. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

OVERLAP = timedelta(days=2)
"""So much earlier than the last run ended the next one begins, for rows that were written late."""
YEAR_ENDS_EVERYWHERE = timedelta(days=1)
"""After midnight in UTC, until it is the new year in every time zone."""


@dataclass(frozen=True)
class Cutoffs:
    """Older than this is deleted; None: kept. `person_year`: bookings that began in this year or before it."""

    visitors: datetime | None = None
    plates: datetime | None = None
    ip_addresses: datetime | None = None
    audit_details: datetime | None = None
    person_year: int | None = None

    def __bool__(self) -> bool:
        return any(value is not None for value in asdict(self).values())

    def to_json(self) -> dict[str, Any]:
        return {
            name: value.isoformat() if isinstance(value, datetime) else value for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """The cutoffs of an earlier run; what it did not know is None."""
        moments = {
            name: datetime.fromisoformat(stored[name]).astimezone(UTC)
            for name in ("visitors", "plates", "ip_addresses", "audit_details")
            if stored.get(name)
        }
        return cls(**moments, person_year=stored.get("person_year"))


def cutoffs(
    now: datetime, *, visitor_days: int, plate_days: int, ip_days: int, audit_days: int, person_years: int
) -> Cutoffs:
    """The cutoffs at this moment; 0 days or years: kept.

    A person is taken off whole calendar years, which are over in every time zone and ended more than `person_years`
    years ago, so that a person counts once in each year's statistics before and after.
    """

    def before(days: int) -> datetime | None:
        return now - timedelta(days=days) if days else None

    last_year = (now - YEAR_ENDS_EVERYWHERE).year - 1
    return Cutoffs(
        visitors=before(visitor_days),
        plates=before(plate_days),
        ip_addresses=before(ip_days),
        audit_details=before(audit_days),
        person_year=last_year - person_years if person_years else None,
    )


def since(last: datetime | None) -> datetime | None:
    """Where a run begins after one that ended at `last`; None: at the beginning."""
    return last - OVERLAP if last else None
