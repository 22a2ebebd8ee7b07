"""The routes of the schedule: its list, and sending reports now."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from parking.reports import housekeeping, reservation_reminders, send_now
from parking.reports import schedule as schedules
from parking.reports.schemas import DryRun, Line, Processing, ScheduleOut, SendQuery
from parking.web import answer, documented, identity, requires

bp = APIBlueprint("schedule", __name__, tag="Reports")


@bp.get("/api/admin/schedule")
@requires("admin")
@bp.output(ScheduleOut)
def schedule() -> Response:
    """The scheduled emails: next time, last time, and number of recipients."""
    lines = [
        Line(**line).model_dump(mode="json")
        for line in (*schedules.views(), reservation_reminders.view(), housekeeping.view())
    ]
    return answer({"schedule": lines})


@bp.post("/api/admin/send-daily-reminder")
@requires("admin")
@bp.input(SendQuery, location="query", arg_name="query")
@bp.output(Processing, status_code=202)
@documented(also={200: DryRun})
def send_daily_reminder(query: SendQuery) -> Response:
    """Send reminders to inactive users now. `dry_run` only counts; `force` also sends to users who already got one."""
    return _send(query, "inactivity_reminder")


@bp.post("/api/admin/send-daily-report")
@requires("admin")
@bp.input(SendQuery, location="query", arg_name="query")
@bp.output(Processing, status_code=202)
@documented(also={200: DryRun})
def send_daily_report(query: SendQuery) -> Response:
    """Send yesterday's report to administrators and managers of lots now."""
    return _send(query, "admin_daily_report")


@bp.post("/api/admin/send-monthly-report")
@requires("admin")
@bp.input(SendQuery, location="query", arg_name="query")
@bp.output(Processing, status_code=202)
@documented(also={200: DryRun})
def send_monthly_report(query: SendQuery) -> Response:
    """Send last month's reports to drivers, administrators and managers of lots now."""
    return _send(query, "user_monthly_report", "admin_monthly_report")


def _send(query: SendQuery, *kinds: str) -> Response:
    if query.dry_run:
        return answer(DryRun(**send_now.dry_run(kinds, force=query.force)).model_dump())
    return answer(send_now.start(kinds, by=identity().id, force=query.force), 202)
