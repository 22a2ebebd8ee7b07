"""Without a mail server nobody is promised an email."""

import dataclasses

import pytest

from tests.conftest import PASSWORD


@pytest.fixture(params=[None, "smtp.example.com"], ids=["without", "with"])
def settings(settings, request):
    return dataclasses.replace(settings, smtp_host=request.param)


def test_an_answer_promises_an_email_only_where_one_can_be_sent(client, settings, alice, carol, auth):
    driver, operator = auth(alice), auth(carol)
    answers = [
        client.post("/auth/password/forgot", json={"email": "alice@example.com"}),
        client.post("/auth/email/change", json={"email": "new@example.com", "password": PASSWORD}, headers=driver),
        client.post("/api/exports", json={"kind": "bookings"}, headers=driver),
        client.post("/api/admin/export-all-data?dry_run=true", headers=operator),
        client.post("/api/admin/send-daily-report", headers=operator),
        client.post("/api/admin/emails/preview/booking_confirmation/send", headers=operator),
    ]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 200, 202, 202]
    messages = [answer.json["message"] for answer in answers]
    if settings.smtp_host:
        assert not any("wait in the outbox" in text or "does not send email" in text for text in messages)
        assert all("get an email" in text for text in messages[:3])
        return
    assert all("contact the operator" in text for text in messages[:2])
    assert "email" not in messages[2]
    assert all("No mail server is configured, so emails wait in the outbox." in text for text in messages[3:])
