"""Whoever reads the database, or a copy of it, holds no link: it is made when the mail is sent."""

import dataclasses
import hashlib
import re

import pytest
from itsdangerous import URLSafeSerializer
from sqlalchemy import text

from parking import mail, signing
from parking.accounts import emails, one_time_tokens
from parking.database import db, transaction
from parking.mail import unsubscribe
from parking.mail.models import OutboxMail
from parking.mail.outbox import delivery, entries
from parking.settings import current
from tests.mail.conftest import Sink, sink, smtp_server  # noqa: F401  # fixtures

NEW = "a brand new password"


@pytest.fixture
def settings(settings, smtp_server):  # noqa: F811 - a fixture from elsewhere
    return dataclasses.replace(settings, smtp_host="127.0.0.1", smtp_port=smtp_server.port, smtp_tls="none")


def whole_database() -> str:
    rows = [
        repr(tuple(row))
        for table in db.metadata.sorted_tables
        for row in db.session.execute(text(f"SELECT * FROM {table.name}"))
    ]
    db.session.rollback()
    return "\n".join(rows)


def mailed_secret(sink: Sink) -> str:  # noqa: F811 - a fixture from elsewhere
    body = sink.accepted[-1].message.get_body(("plain",)).get_content()
    return re.search(r"#token=([\w-]+)\s", body)[1]


def ask(client, alice, auth, kind: str) -> None:
    if kind == "password_reset":
        assert client.post("/auth/password/forgot", json={"email": alice.email}).status_code == 202
        return
    body = {"email": "new@example.com", "password": "correct horse battery"}
    assert client.post("/auth/email/change", json=body, headers=auth(alice)).status_code == 202


def use(client, kind: str, secret: str) -> int:
    if kind == "password_reset":
        return client.post("/auth/password/reset", json={"token": secret, "password": NEW}).status_code
    return client.post("/auth/email/confirm", json={"token": secret}).status_code


TEMPLATES = ["password_reset", "email_confirm"]


@pytest.mark.parametrize("kind", TEMPLATES)
def test_the_database_holds_no_link_that_works_and_the_mail_does(app, client, alice, auth, sink, kind):  # noqa: F811 - a fixture from elsewhere
    ask(client, alice, auth, kind)
    stored = whole_database()
    assert delivery.deliver_due().sent == 1
    secret = mailed_secret(sink)
    assert secret not in stored
    for word in set(re.findall(r"[\w-]{16,}", stored)):
        assert use(client, kind, word) in (404, 429)
    assert use(client, kind, secret) == 200


@pytest.mark.parametrize("kind", TEMPLATES)
def test_nothing_remains_of_a_mail_that_was_sent(app, client, alice, auth, sink, mails, kind):  # noqa: F811 - a fixture from elsewhere
    ask(client, alice, auth, kind)
    seed = mails(kind)[0].facts["seed"]
    delivery.deliver_due()
    assert seed not in whole_database()
    assert entries.is_erased(mails(kind)[0])


def test_an_administrators_retry_of_a_refused_mail_works(app, client, alice, carol, auth, sink, mails):  # noqa: F811 - a fixture from elsewhere
    ask(client, alice, auth, "password_reset")
    sink.on_rcpt = lambda address: "550 no such mailbox"
    delivery.deliver_due()
    [failed] = mails("password_reset")
    assert failed.state == "failed"
    path = f"/api/admin/emails/{failed.id}"
    sink.on_rcpt = lambda address: None
    assert client.post(f"{path}/retry", headers=auth(carol)).status_code == 200
    delivery.deliver_due()
    assert use(client, "password_reset", mailed_secret(sink)) == 200


def test_the_preview_shows_an_administrator_neither_link_nor_seed(app, client, alice, carol, auth, mails):
    ask(client, alice, auth, "password_reset")
    [row] = mails("password_reset")
    preview = client.get(f"/api/admin/emails/{row.id}", headers=auth(carol)).text
    secret = signing.one_time_secret(current(), row.facts["seed"])
    assert secret not in preview
    assert row.facts["seed"] not in preview


def test_a_mail_that_waited_over_the_upgrade_still_brings_its_link(app, client, alice, sink, mails):  # noqa: F811 - a fixture from elsewhere
    """Before, the whole link stood in the outbox, and its secret was no seed's."""
    with transaction() as session:
        issued = one_time_tokens.issue(session, "password_reset", alice.id)
        facts = {"link": f"/reset-password?token={issued.secret}", "expires_at": "2026-03-02T12:30:00Z"}
        mail.queue(session, "password_reset", emails.recipient(alice), facts, expires_at=issued.expires_at)
    assert delivery.deliver_due().sent == 1
    assert f"/reset-password?token={issued.secret}" in sink.accepted[0].message.get_body(("plain",)).get_content()
    assert entries.is_erased(mails("password_reset")[0])
    assert use(client, "password_reset", issued.secret) == 200


def test_another_key_makes_another_secret(app):
    other = dataclasses.replace(current(), secret_key="another key of at least thirty-two bytes")
    assert signing.one_time_secret(current(), "seed") != signing.one_time_secret(other, "seed")
    assert signing.one_time_secret(current(), "seed") != signing.one_time_secret(current(), "seed2")
    assert len(signing.one_time_secret(current(), "seed")) >= 43


def test_a_seed_is_no_secret(app, client, alice, mails, auth):
    ask(client, alice, auth, "password_reset")
    assert use(client, "password_reset", mails("password_reset")[0].facts["seed"]) == 404


# signatures ---------------------------------------------------------------------------------


def test_links_are_signed_with_sha256(app):
    token = unsubscribe.make(current(), 1, "inactivity_reminder")
    assert len(token.rpartition(".")[2]) == 43, "32 bytes in base64; SHA-1 has 20"


def test_a_link_signed_with_sha1_is_refused(app, client, alice):
    weakly = {"digest_method": hashlib.sha1}
    weak = URLSafeSerializer(current().secret_key, salt="mail-unsubscribe", signer_kwargs=weakly)
    assert client.get(f"/unsubscribe/{weak.dumps([alice.id, 'inactivity_reminder'])}").status_code == 404
    token = unsubscribe.make(current(), alice.id, "inactivity_reminder")
    assert client.get(f"/unsubscribe/{token}").status_code == 200
    assert client.get(f"/unsubscribe/{token}x").status_code == 404


def test_no_link_has_its_secret_in_the_query(app, alice, mails, client, auth):
    for kind in TEMPLATES:
        ask(client, alice, auth, kind)
    for row in db.session.query(OutboxMail):
        link = delivery.draft(row, current()).context["link"]
        assert "?" not in link
        assert "#token=" in link
