"""Users turn templates on and off."""

import pytest

from parking import mail
from parking.database import db, transaction
from parking.mail.outbox import delivery
from tests.mail.conftest import as_recipient, put, states


def test_a_user_who_turned_a_report_off_still_gets_receipts(app, alice, sink):
    with transaction() as session:
        mail.set_preferences(session, alice.id, {"user_monthly_report": False})
    assert put("user_monthly_report", as_recipient(alice)).state == "suppressed"
    assert put("inactivity_reminder", as_recipient(alice)).state == "queued"
    assert put("release_receipt", as_recipient(alice)).state == "queued"
    assert delivery.deliver_due().sent == 2
    assert states() == {"suppressed": 1, "sent": 2}


def test_turning_a_template_off_suppresses_waiting_mails(app, alice, sink):
    put("user_monthly_report", as_recipient(alice))
    with transaction() as session:
        mail.set_preferences(session, alice.id, {"user_monthly_report": False})
    assert delivery.deliver_due().sent == 0
    assert states() == {"suppressed": 1}


def test_preferences_list_the_templates_of_the_role(app, alice, carol):
    assert mail.get_preferences(db.session(), alice.id) == {
        "reservation_reminder": True,
        "inactivity_reminder": True,
        "user_monthly_report": True,
    }
    assert set(mail.get_preferences(db.session(), carol.id, reports=True)) == set(mail.subscriptions())
    with transaction() as session:
        mail.set_preferences(session, alice.id, {"inactivity_reminder": False})
    assert mail.get_preferences(db.session(), alice.id)["inactivity_reminder"] is False
    assert mail.unwilling(db.session(), "inactivity_reminder", [alice.id, carol.id]) == {alice.id}
    with pytest.raises(KeyError), transaction() as session:
        mail.set_preferences(session, alice.id, {"release_receipt": False})
