"""The reports that are sent on a schedule: when, to whom, and by which builder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from typing import Literal

from parking import settings
from parking.reports import emails, recipients
from parking.reports.emails import Writer
from parking.reports.periods import Period, Rule
from parking.settings import Settings


@dataclass(frozen=True, slots=True)
class ReportType:
    """One line of the schedule. `has_statistics`: its period must have ended in the zones of all lots."""

    kind: str
    description: str
    every: Literal["day", "month"]
    at: Callable[[Settings], time]
    group: recipients.Group
    writer: Callable[[Period], Writer]
    has_statistics: bool = True

    def rule(self) -> Rule:
        """The schedule of this report by the current settings."""
        current = settings.current()
        return Rule(self.every, self.at(current), current.zone)


REPORTS: dict[str, ReportType] = {
    report.kind: report
    for report in (
        ReportType(
            "inactivity_reminder",
            "Reminder to users who have not booked for 7, 14 or 30 days",
            "day",
            lambda current: current.reminder_time,
            "inactive",
            emails.reminders,
            has_statistics=False,
        ),
        ReportType(
            "admin_daily_report",
            "Yesterday's statistics, to administrators and managers",
            "day",
            lambda current: current.daily_report_time,
            "reports",
            emails.admin_daily,
        ),
        ReportType(
            "user_monthly_report",
            "Each driver's month, to drivers",
            "month",
            lambda current: current.monthly_report_time,
            "drivers",
            emails.user_monthly,
        ),
        ReportType(
            "admin_monthly_report",
            "The month's statistics, to administrators and managers",
            "month",
            lambda current: current.monthly_report_time,
            "reports",
            emails.admin_monthly,
        ),
    )
}
