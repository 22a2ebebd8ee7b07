"""The daily and the monthly report of a manager: their lots alone, and nothing of the site."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from parking import clock, mail
from parking.database import db
from parking.exports import files
from parking.mail.models import OutboxMail
from parking.mail.rendering import render
from parking.reports import batches, recipients, schedule
from tests.conftest import make_user
from tests.mail.drafts import SITE, draft
from tests.staff.conftest import OTHER, SECRET, hire


@pytest.fixture
def begun(own, other, carol, monkeypatch):
    monkeypatch.setattr(batches, "MAX_PAUSE_SECONDS", 0.0)
    schedule.begin()


def to(*moment):
    clock.travel((datetime(*moment, tzinfo=UTC) - clock.now()).total_seconds())
    schedule.run_due()


def mails(kind):
    db.session.close()
    rows = db.session.scalars(select(OutboxMail).where(OutboxMail.kind == kind).order_by(OutboxMail.id)).all()
    return {one.user_id: one for one in rows}


def test_each_manager_gets_the_day_of_their_lots(begun, mona, vera, bob, carol, own, other):
    """Administrators get all lots; viewers, attendants and drivers get none. Who manages and administers gets one."""
    hire(bob, own.id, "manager")
    hire(bob, other.id, "manager")
    hire(carol, own.id, "manager")
    to(2026, 3, 3, 12)
    reports = mails("admin_daily_report")
    assert set(reports) == {mona.id, bob.id, carol.id}
    assert [lot["name"] for lot in reports[mona.id].facts["lots"]] == [own.name]
    lots = {frozenset(lot["name"] for lot in reports[user.id].facts["lots"]) for user in (bob, carol)}
    assert lots == {frozenset({own.name, other.name})}
    figures = {user.id: reports[user.id].facts["figures"] for user in (mona, bob, carol)}
    site = figures[carol.id].pop("new_users")
    assert site
    assert figures[bob.id] == figures[carol.id]
    assert figures[mona.id]["bookings"] * 2 == figures[bob.id]["bookings"] > 0
    assert OTHER not in json.dumps(reports[mona.id].facts)
    assert ("of_manager" in reports[mona.id].facts, "of_manager" in reports[carol.id].facts) == (True, False)


def test_the_month_of_a_manager_has_files_of_their_lots(begun, mona, carol, own, other):
    to(2026, 4, 1, 12)
    reports = mails("admin_monthly_report")
    attached = {
        user.id: [one.get("text") or files.absolute(one["path"]).read_text() for one in reports[user.id].attachments]
        for user in (mona, carol)
    }
    assert all(own.name in text for text in attached[mona.id])
    assert not any(OTHER in text or SECRET in text for text in attached[mona.id])
    assert all(OTHER in text for text in attached[carol.id])
    assert mona.id in mails("user_monthly_report"), "a manager drives, too"


def test_the_mail_of_a_manager_says_why_and_has_no_number_of_the_site():
    def written(**more):
        context = mail.TEMPLATES["admin_daily_report"].sample()
        for part in ("figures", "previous"):
            context[part] = {k: v for k, v in context[part].items() if not more or k != "new_users"}
        return render.render(draft("admin_daily_report", "en", context=context | more), SITE)

    of_manager, of_admin = written(of_manager=True), written()
    assert "because you manage parking lots" in of_manager.text
    assert "because you are an administrator" in of_admin.text
    assert ("New accounts" in of_manager.text, "New accounts" in of_admin.text) == (False, True)
    assert 40 <= len(of_manager.message.preheader) <= 100


def test_a_manager_can_turn_the_reports_off_and_no_driver_can(begun, ask, mona, bob, own):
    kinds = {"admin_daily_report", "admin_monthly_report"}
    assert kinds <= ask(mona, "GET", "/auth/me", 200)["user"]["mail_preferences"].keys()
    off = {"mail_preferences": dict.fromkeys(kinds, False)}
    assert ask(mona, "PATCH", "/auth/me", 200, json=off)["user"]["mail_preferences"]["admin_daily_report"] is False
    assert ask(bob, "PATCH", "/auth/me", json=off).status_code == 422
    to(2026, 3, 3, 12)
    assert mona.id not in mails("admin_daily_report")


def test_who_stopped_managing_in_this_moment_gets_nothing(begun, mona, own, monkeypatch):
    """Chosen as a recipient, but no longer a manager when their lots are read."""
    monkeypatch.setattr(recipients, "managed_lots", lambda session, ids: {})
    to(2026, 3, 3, 12)
    assert mona.id not in mails("admin_daily_report")


def test_a_manager_of_a_deleted_lot_gets_no_report(begun, mona, own):
    from parking.lots import Lot

    make_user("dora", "user")
    db.session.get(Lot, own.id).deleted_at = clock.now()
    db.session.commit()
    to(2026, 3, 3, 12)
    assert mona.id not in mails("admin_daily_report")
