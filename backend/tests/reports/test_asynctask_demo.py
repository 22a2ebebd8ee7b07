"""The client's `asynctask_demo.py` and `flask reports run`: what is printed is what is sent; a test sends nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

import asynctask_demo
from parking import clock
from parking.database import db
from parking.exports.models import ExportJob
from parking.mail.models import OutboxMail
from parking.reports.models import ReportBatch, ReportRun
from tests.exports.stage import make_lot, stay


@pytest.fixture
def demo(app, alice, carol, monkeypatch, capsys):
    stay(alice, make_lot(), clock.now() - timedelta(days=9))
    db.session.close()
    monkeypatch.setattr(asynctask_demo, "create_app", lambda: app)

    def run(*arguments):
        code = asynctask_demo.main(list(arguments))
        db.session.close()
        return code, capsys.readouterr().out

    return run


def mails():
    db.session.close()
    rows = sorted(tuple(row) for row in db.session.execute(select(OutboxMail.kind, OutboxMail.email)))
    db.session.close()
    return rows


def test_a_test_prints_everything_and_changes_nothing(demo, settings):
    code, output = demo("--all", "--test")
    assert code == 0
    for line in (
        "inactivity_reminder -> alice@example.com",
        "admin_daily_report -> carol@example.com",
        "user_monthly_report -> alice@example.com",
        "admin_monthly_report -> carol@example.com",
        "bookings (1 booking(s)) -> alice@example.com",
        "all_data (1 booking(s)) -> carol@example.com",
    ):
        assert line in output
    for table in (OutboxMail, ReportBatch, ReportRun, ExportJob):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0
    assert not list(settings.export_dir.rglob("*"))


def test_what_was_printed_is_what_is_sent_once(demo, settings):
    output = demo("--reminders", "--reports", "--test")[1]
    promised = [line.strip().split(" -> ") for line in output.splitlines() if "->" in line]
    assert demo("--reminders", "--reports")[0] == 0
    assert mails() == sorted(tuple(pair) for pair in promised)
    demo("--reminders", "--reports")
    assert len(mails()) == len(promised) == 4


@pytest.mark.parametrize(
    ("option", "kinds"),
    [
        ("--reminders", ["inactivity_reminder"]),
        ("--reports", ["admin_daily_report", "admin_monthly_report", "user_monthly_report"]),
        ("--exports", ["admin_export_ready", "export_ready"]),
    ],
)
def test_each_option_does_its_part(demo, option, kinds):
    demo(option)
    assert [kind for kind, _ in mails()] == kinds


def test_exports_leave_files_at_the_printed_paths(demo, settings):
    _, output = demo("--exports")
    [csv_file] = settings.export_dir.glob("user_*/*.csv")
    [archive] = settings.export_dir.glob("admin/*.zip")
    assert str(csv_file) in output
    assert str(archive) in output


def test_no_option_says_how(demo, capsys):
    assert demo()[0] == 2


def test_the_terminals_dry_run_and_run(app, alice, carol):
    runner = app.test_cli_runner()
    tried = runner.invoke(args=["reports", "run", "--dry-run", "inactivity_reminder"])
    assert (tried.exit_code, tried.output.splitlines()[0]) == (0, "inactivity_reminder\talice@example.com")
    assert mails() == []
    done = runner.invoke(args=["reports", "run", "inactivity_reminder"])
    assert (done.exit_code, done.output) == (0, "1 email queued.\n")
    assert mails() == [("inactivity_reminder", "alice@example.com")]
