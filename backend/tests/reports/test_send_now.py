"""Reports that an administrator sends by hand."""

import pytest
from sqlalchemy import select

from parking import clock
from parking.audit.models import AuditEntry
from parking.database import db
from parking.reports import batches, schedule
from tests.reports.stage import DAY, mails

REPORTS_BY_PATH = {
    "send-daily-reminder": ["inactivity_reminder"],
    "send-daily-report": ["admin_daily_report"],
    "send-monthly-report": ["user_monthly_report", "admin_monthly_report"],
}


@pytest.mark.parametrize("path", REPORTS_BY_PATH)
def test_reports_are_previewed_sent_once_and_sent_again_when_forced(path, client, carol, bob, auth):
    url, kinds = f"/api/admin/{path}", REPORTS_BY_PATH[path]
    count = lambda: sum(len(mails(kind)) for kind in kinds)  # noqa: E731 - a word for the lines below
    preview = client.post(f"{url}?dry_run=true", headers=auth(carol))
    assert (preview.status_code, preview.json["recipients"], count()) == (200, len(kinds), 0)
    assert preview.json["addresses"]
    for _ in range(2):
        answer = client.post(url, headers=auth(carol))
        assert answer.status_code == 202
        assert (answer.json["status"], bool(answer.json["task_id"])) == ("processing", True)
        batches.process_batches()
        assert count() == len(kinds)
    assert client.post(f"{url}?dry_run=true", headers=auth(carol)).json["recipients"] == 0
    assert client.post(f"{url}?dry_run=true&force=true", headers=auth(carol)).json["recipients"] == len(kinds)
    client.post(f"{url}?force=true", headers=auth(carol))
    batches.process_batches()
    assert count() == 2 * len(kinds)


@pytest.mark.parametrize("path", REPORTS_BY_PATH)
def test_sending_now_is_for_administrators_and_in_the_audit_log(path, client, alice, carol, auth):
    url = f"/api/admin/{path}"
    assert client.post(url).status_code == 401
    assert client.post(url, headers=auth(alice)).status_code == 403
    client.post(f"{url}?dry_run=true", headers=auth(carol))
    assert db.session.scalar(select(AuditEntry)) is None
    client.post(url, headers=auth(carol))
    db.session.rollback()
    entries = db.session.scalars(select(AuditEntry)).all()
    assert {(entry.action, entry.actor_id) for entry in entries} == {("report.send", carol.id)}
    assert [entry.after["kind"] for entry in entries] == REPORTS_BY_PATH[path]


def test_a_report_sent_before_its_time_is_not_sent_again_by_the_schedule(client, carol, auth):
    schedule.begin()
    clock.travel(17 * 3600)  # 05:00 of the next day
    client.post("/api/admin/send-daily-report", headers=auth(carol))
    batches.process_batches()
    clock.travel(4 * 3600)
    schedule.run_due()
    assert [row.facts["day"] for row in mails("admin_daily_report")] == ["2026-03-02"]


def test_sending_now_sends_missed_periods_too(client, carol, auth):
    schedule.begin()
    clock.travel(3 * DAY)
    client.post("/api/admin/send-daily-report", headers=auth(carol))
    batches.process_batches()
    assert [row.facts["day"] for row in mails("admin_daily_report")] == ["2026-03-02", "2026-03-03", "2026-03-04"]
