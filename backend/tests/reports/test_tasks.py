"""The tasks of the reports."""

from parking import mail
from parking.reports import report_types, tasks


def test_the_clients_tasks_send_reports_now(carol, bob):
    assert tasks.send_daily_reminders() == 1
    assert tasks.send_daily_admin_report() == 1
    assert tasks.send_monthly_report() == 2
    assert tasks.send_monthly_report() == 0


def test_every_scheduled_task_and_report_is_registered():
    from celery import current_app as celery

    names = {entry["task"] for entry in tasks.BEAT.values()}
    clients = {"tasks.send_daily_reminders", "tasks.send_monthly_report", "tasks.send_daily_admin_report"}
    assert (names | clients) <= set(celery.tasks)
    assert report_types.REPORTS.keys() <= mail.TEMPLATES.keys()
