"""Shows the jobs at work: `python asynctask_demo.py --reminders | --reports | --exports | --all [--test]`.

Without `--test` it does what the schedule and the buttons do, here and now, and the worker (or the next sweep)
delivers the mails. With `--test` it changes nothing, sends nothing, and prints what would go to whom.
"""

from __future__ import annotations

import argparse
import sys

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import create_app
from parking import mail
from parking.accounts import Role, User
from parking.bookings import Booking, Filters, is_stay
from parking.database import db, schema
from parking.exports import build, files, queries, service, stream
from parking.exports.models import ExportJob
from parking.reports import batches, send_now
from parking.web import Identity

REMINDERS = ("inactivity_reminder",)
REPORTS = ("admin_daily_report", "user_monthly_report", "admin_monthly_report")


def main(arguments: list[str] | None = None) -> int:
    """Does what the options say; 2 when they say nothing."""
    options = _parser().parse_args(arguments)
    if not (options.all or options.reminders or options.reports or options.exports):
        _parser().print_help(sys.stderr)
        sys.stderr.write("\nPlease say which jobs: --reminders, --reports, --exports or --all.\n")
        return 2
    with create_app().app_context():
        if problems := schema.problems():
            sys.stderr.write(f"The database cannot be used: {problems[0]}. `python app.py` upgrades it at the start.\n")
            return 1
        if options.all or options.reminders:
            _mails("Reminders to the inactive", REMINDERS, options.test)
        if options.all or options.reports:
            _mails("Daily and monthly reports", REPORTS, options.test)
        if options.all or options.exports:
            _exports(options.test)
        if not options.test:
            _say(f"Mails waiting in the outbox: {mail.health(db.session())['queued']}.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="asynctask_demo.py", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--reminders", action="store_true", help="remind people who have not booked for a while")
    parser.add_argument("--reports", action="store_true", help="the daily and the monthly reports")
    parser.add_argument("--exports", action="store_true", help="one export of bookings and one of all data")
    parser.add_argument("--all", action="store_true", help="all of these")
    parser.add_argument("--test", action="store_true", help="send nothing; print what would go to whom")
    return parser


def _mails(title: str, kinds: tuple[str, ...], test: bool) -> None:
    _say(f"{title}:")
    recipients = send_now.preview(kinds)
    for kind, reader in recipients:
        _say(f"  {kind} -> {reader.user.email}")
    if not recipients:
        _say("  nobody: everyone who should have it has got it")
    if not test:
        send_now.start(kinds)
        _say(f"  queued: {batches.process_batches()}")


def _exports(test: bool) -> None:
    _say("Exports:")
    askers = _askers()
    if not askers:
        _say("  nobody: there is no booking and no administrator yet")
    for kind, person in askers:
        if test:
            rows = stream.count(queries.booking_count(_filters(kind, person), service.clock.now()))
            _say(f"  {kind} ({rows} booking(s)) -> {person.email}")
            continue
        job_id = service.request(person, kind)["export"]["id"]
        build.run(job_id)
        _say(f"  {kind} -> {person.email}: {_outcome(job_id)}")


def _filters(kind: str, person: Identity) -> Filters:
    return Filters() if kind == "all_data" else Filters(user_id=person.id)


def _askers() -> list[tuple[str, Identity]]:
    """The person who booked last, for their bookings, and the first administrator, for all data."""
    session = db.session()
    driver = session.scalar(
        select(User).join(Booking, Booking.user_id == User.id).where(is_stay).order_by(Booking.id.desc()).limit(1)
    )
    admin = session.scalar(
        select(User).where(User.active, User.roles.any(Role.name == "admin")).order_by(User.id).limit(1)
    )
    return [
        (kind, Identity(person.id, person.email, person.username, frozenset(role.name for role in person.roles)))
        for kind, person in (("bookings", driver), ("all_data", admin))
        if person is not None
    ]


def _outcome(job_id: int) -> str:
    session: Session = db.session()
    session.rollback()
    job = session.get_one(ExportJob, job_id, populate_existing=True)
    if job.file:
        return f"{job.rows_done} row(s), {files.absolute(job.file)}"
    return job.error or job.state


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
