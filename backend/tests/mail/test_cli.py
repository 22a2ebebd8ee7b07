"""flask mail check, render, test, unsubscribe."""

import json

import pytest

from parking import mail
from parking.database import db
from parking.mail import unsubscribe
from parking.mail.registry import TEMPLATES


@pytest.fixture
def flask(app):
    return app.test_cli_runner().invoke


def test_check_passes_and_sends_nothing(flask, sink):
    result = flask(args=["mail", "check"])
    assert result.exit_code == 0, result.output
    assert "ok    connection: reached" in result.output
    assert "ok    From: noreply@park.example.com: 250" in result.output
    assert "_dmarc.park.example.com" in result.output
    assert sink.accepted == []


def test_check_names_the_check_that_failed(reconfigure, sink, smtp_server):
    sink.accept_login = False
    runner = reconfigure(smtp_user="parking@example.org", smtp_password="wrong").test_cli_runner()
    result = runner.invoke(args=["mail", "check", "--json"])
    assert result.exit_code == 1
    broken = [check for check in json.loads(result.output) if check["ok"] is False]
    assert [check["check"] for check in broken] == ["login"]
    assert "535" in broken[0]["said"]
    sink.accept_login, sink.on_mail = True, lambda sender: "553 5.7.1 not yours"
    result = runner.invoke(args=["mail", "check"])
    assert result.exit_code == 1
    assert "FAIL  From" in result.output
    assert "the login @example.org" in result.output
    smtp_server.stop()
    result = runner.invoke(args=["mail", "check"])
    assert result.exit_code == 1
    assert "FAIL  connection" in result.output
    result = reconfigure(smtp_host=None).test_cli_runner().invoke(args=["mail", "check"])
    assert result.exit_code == 1
    assert "SMTP_HOST is not set" in result.output


def test_doctor_is_the_hidden_old_name_of_check(flask):
    assert flask(args=["mail", "doctor"]).output == flask(args=["mail", "check"]).output
    assert "doctor" not in flask(args=["mail", "--help"]).output


def test_render_writes_every_template_in_every_language(flask, tmp_path):
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


def test_an_unsubscribe_mail_can_be_handled_by_command(flask, settings, alice):
    token = unsubscribe.make(settings, alice.id, "inactivity_reminder")
    result = flask(args=["mail", "unsubscribe", f"unsubscribe {token}"])
    assert result.exit_code == 0, result.output
    db.session.remove()
    assert mail.get_preferences(db.session(), alice.id)["inactivity_reminder"] is False
    assert flask(args=["mail", "unsubscribe", "nonsense"]).exit_code == 1
