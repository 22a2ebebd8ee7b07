"""The schedule over HTTP."""

from parking import clock
from parking.reports import schedule, tasks


def test_the_schedule_lists_last_and_next_runs(client, carol, bob, auth):
    schedule.begin()
    lines = {line["kind"]: line for line in client.get("/api/admin/schedule", headers=auth(carol)).json["schedule"]}
    assert [(line["time"], line["next_run"], line["last_run"]) for line in lines.values()] == [
        ("18:00", "2026-03-02T18:00:00Z", None),
        ("08:00", "2026-03-03T08:00:00Z", None),
        ("00:00", "2026-04-01T00:00:00Z", None),
        ("00:00", "2026-04-01T00:00:00Z", None),
        (None, None, None),
        (None, None, None),
    ]
    clock.travel(6 * 3600)
    schedule.run_due()
    assert [tasks.tidy_reports(), tasks.tidy_reports()] == [0, 0]
    lines = {line["kind"]: line for line in client.get("/api/admin/schedule", headers=auth(carol)).json["schedule"]}
    reminders = lines["inactivity_reminder"]
    assert (reminders["last_run"], reminders["last_count"], reminders["timezone"], reminders["running"]) == (
        "2026-03-02T18:00:00Z", 1, "UTC", False)  # fmt: skip
    assert reminders["next_run"] == "2026-03-03T18:00:00Z"
    housekeeping = lines["housekeeping"]
    assert (housekeeping["last_run"], housekeeping["last_count"], housekeeping["next_run"]) == (
        "2026-03-02T18:00:00Z", None, "2026-03-02T19:00:00Z")  # fmt: skip


def test_the_schedule_is_for_administrators(client, alice, auth):
    assert client.get("/api/admin/schedule", headers=auth(alice)).status_code == 403
