"""Two Beats and two workers as real processes, their schedule files deleted and they themselves killed: every report of
the timetable must still come, once.

    make bench-job WHAT=beats

The machine was off for three days, and one report becomes due (by the real clock, at a time of day set for it) while
every quarter of a minute one Beat is killed and both schedule files are deleted. About three minutes.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import config
from bench.product import ROOT
from parking import clock, create_app
from parking.database import db, schema
from parking.reports import schedule
from tests.conftest import make_user
from tests.launch.conftest import Run
from tests.mail.conftest import Server, Sink
from tests.services import Valkey

logging.getLogger("mail.log").setLevel(logging.WARNING)  # the server would tell every line it hears
OFF = timedelta(days=3)
ADMINS, DRIVERS = ("carol", "dora"), ("alice", "bob", "erin")
DAMAGE_SECONDS, BEFORE_SECONDS, AFTER_SECONDS = 15, 75, 75
MailCounts = Counter[tuple[str, str, str]]
"""(kind, reader, subject) of the mails that came."""


def main() -> int:
    at = (clock.now() + timedelta(seconds=BEFORE_SECONDS + 60)).replace(second=0)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        (folder / "valkey").mkdir()
        valkey, sink = Valkey(folder / "valkey"), Sink()
        stack.callback(valkey.stop)
        smtp = Server(sink)
        smtp.start()
        stack.callback(smtp.stop)
        run = _installation(folder, valkey, smtp, f"{at:%H:%M}")
        _off_for_days(run)
        run.start()
        stack.callback(run.clean_up)
        stack.callback(run.stop)
        run.ready()
        killed = _damage(run, folder, at, stack)
        return _judge(_mail_counts(sink), at.date(), killed)


def _installation(folder: Path, valkey: Valkey, smtp: Server, time_of_day: str) -> Run:
    times = {"TIMEZONE": "UTC", "DAILY_REPORT_TIME": time_of_day, "REMINDER_TIME": time_of_day}
    mail = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(smtp.port), "SMTP_TLS": "none"}
    return Run(folder, REDIS_URL=valkey.url, BCRYPT_ROUNDS="4", **times, **mail)


def _off_for_days(run: Run) -> None:
    """An installation whose timetable was last looked at three days ago."""
    app = create_app(config.load(run.environ))
    with app.app_context():
        schema.upgrade()
        with clock.set_to(clock.now() - OFF):
            for name in (*ADMINS, *DRIVERS):
                make_user(name, "user", *(["admin"] if name in ADMINS else []))
            schedule.begin()
        db.session.remove()
        db.engine.dispose()


def _damage(run: Run, folder: Path, at: datetime, stack: contextlib.ExitStack) -> int:
    """Kills and deletes until a while after the moment; how many Beats died."""
    beat = ["beat", "--pidfile=", "-s", str(folder / "second-schedule")]
    worker = ["worker", "--pool", "threads", "--concurrency", "2", "--without-gossip", "--without-mingle", "-n", "two"]
    start = _starter(run, folder, stack)
    start(worker)
    second, killed = start(beat), 0
    while clock.now() < at + timedelta(seconds=AFTER_SECONDS):
        time.sleep(DAMAGE_SECONDS)
        for file in (*folder.glob("second-schedule*"), *run.data.glob("celerybeat-schedule*")):
            file.unlink(missing_ok=True)
        if killed % 2:
            second.kill()
            second.wait(10)
            second = start(beat)
        elif (pid := run.process_with("celery", "beat", "--quiet")) is not None:
            os.kill(pid, signal.SIGKILL)
        killed += 1
    return killed


def _starter(run: Run, folder: Path, stack: contextlib.ExitStack) -> Callable[[list[str]], subprocess.Popen]:
    def start(arguments: list[str]) -> subprocess.Popen:
        log = stack.enter_context((folder / f"second-{arguments[0]}.log").open("ab"))
        command = [sys.executable, "-m", "celery", "-A", "celery_worker.celery", *arguments]
        process = subprocess.Popen(command, cwd=ROOT / "backend", env=run.environ, stdout=log, stderr=log)
        stack.callback(process.kill)
        return process

    return start


def _mail_counts(sink: Sink) -> MailCounts:
    mails = [delivery.message for delivery in sink.accepted]
    return Counter(
        (str(m["Feedback-ID"]).split(":")[0], m["To"].addresses[0].username, str(m["Subject"])) for m in mails
    )


def _judge(counts: MailCounts, today: date, killed: int) -> int:
    """Yesterday's report became due under fire, those of three days before were missed: four for each administrator.
    Who never booked is reminded once. A month that ended meanwhile is told once to everybody."""
    expected = {("admin_daily_report", name): OFF.days + 1 for name in ADMINS}
    expected |= {("inactivity_reminder", name): 1 for name in DRIVERS}
    if (today - OFF).month != today.month:
        expected |= {("admin_monthly_report", name): 1 for name in ADMINS}
        expected |= {("user_monthly_report", name): 1 for name in DRIVERS}
    came = Counter((kind, reader) for kind, reader, _ in counts.elements())
    twice = [mail for mail, copies in counts.items() if copies > 1]
    missing = sum((Counter(expected) - came).values())
    print(
        f"{killed} Beats killed, as often both schedule files deleted; {came.total()} mails, {len(counts)} different:"
    )
    for (kind, reader, subject), copies in sorted(counts.items()):
        print(f"  {copies} × {kind} to {reader}: {subject}")
    print(f"missing {missing}, twice {len(twice)}, unasked {sum((came - Counter(expected)).values())}")
    good = came == Counter(expected) and not twice
    print("within the promise" if good else "NOT within: none missing, none twice")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
