"""flask mail doctor, render, test, unsubscribe."""

import json

import pytest

from parking import mail
from parking.database import db
from parking.mail import unsubscribe
from parking.mail.registry import TEMPLATES


@pytest.fixture
def flask(app):
    return app.test_cli_runner().invoke


def test_the_doctor_finds_all_well_and_sends_nothing(flask, sink):
    result = flask(args=["mail", "doctor"])
    assert result.exit_code == 0, result.output
    assert "ok    connection: reached" in result.output
    assert "ok    From: noreply@park.example.com: 250" in result.output
    assert "_dmarc.park.example.com" in result.output
    assert sink.accepted == []


def test_the_doctor_names_what_is_broken(reconfigure, sink, smtp_server):
    sink.accept_login = False
    runner = reconfigure(smtp_user="parking@example.org", smtp_password="wrong").test_cli_runner()
    result = runner.invoke(args=["mail", "doctor", "--json"])
    assert result.exit_code == 1
    broken = [check for check in json.loads(result.output) if check["ok"] is False]
    assert [check["check"] for check in broken] == ["login"]
    assert "535" in broken[0]["said"]
    sink.accept_login, sink.on_mail = True, lambda sender: "553 5.7.1 not yours"
    result = runner.invoke(args=["mail", "doctor"])
    assert result.exit_code == 1
    assert "FAIL  From" in result.output
    assert "the login @example.org" in result.output
    smtp_server.stop()
    result = runner.invoke(args=["mail", "doctor"])
    assert result.exit_code == 1
    assert "FAIL  connection" in result.output
    result = reconfigure(smtp_host=None).test_cli_runner().invoke(args=["mail", "doctor"])
    assert result.exit_code == 1
    assert "SMTP_HOST is not set" in result.output


def test_render_writes_every_kind_in_every_language(flask, tmp_path):
    result = flask(args=["mail", "render", str(tmp_path / "mails")])
    assert result.exit_code == 0, result.output
    names = {path.name for path in (tmp_path / "mails").iterdir()}
    assert names == {
        f"{kind}.{lang}.{end}" for kind in TEMPLATES for lang in ("en", "de") for end in ("html", "txt", "eml")
    }


def test_a_test_mail_is_sent_at_once(flask, sink):
    result = flask(args=["mail", "test", "me@example.com"])
    assert result.exit_code == 0, result.output
    assert "Accepted for me@example.com: 250" in result.output
    assert [delivery.recipients for delivery in sink.accepted] == [["me@example.com"]]
    sink.on_rcpt = lambda address: "550 5.1.1 unknown"
    result = flask(args=["mail", "test", "me@example.com"])
    assert result.exit_code == 1
    assert "550 5.1.1 unknown" in result.output
    assert flask(args=["mail", "test", "not an address"]).exit_code == 1


def test_an_unsubscribe_mail_can_be_obeyed_by_hand(flask, settings, alice):
    token = unsubscribe.make(settings, alice.id, "inactivity_reminder")
    result = flask(args=["mail", "unsubscribe", f"unsubscribe {token}"])
    assert result.exit_code == 0, result.output
    db.session.remove()
    assert mail.get_preferences(db.session(), alice.id)["inactivity_reminder"] is False
    assert flask(args=["mail", "unsubscribe", "nonsense"]).exit_code == 1
