"""The scheduled mails: each file holds contexts, subjects, messages, samples, and the writers that fill them.

`parking.reports.schedule` queues them. Every metric comes from `statistics`, as on the page.
"""

from __future__ import annotations

from parking.reports.emails.admin_reports import admin_daily, admin_monthly
from parking.reports.emails.attachments import LOT_FIGURES
from parking.reports.emails.inactivity_reminder import reminders
from parking.reports.emails.parts import Days, Writer, Written
from parking.reports.emails.user_report import user_monthly

__all__ = ["LOT_FIGURES", "Days", "Writer", "Written", "admin_daily", "admin_monthly", "reminders", "user_monthly"]
