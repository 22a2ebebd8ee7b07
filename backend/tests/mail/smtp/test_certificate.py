"""The end of the mail server's certificate: read when mail is sent, and by nobody else."""

from __future__ import annotations

import dataclasses
import re
import ssl
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask_migrate import downgrade
from sqlalchemy import text

from parking import clock, mail
from parking.database import db, schema, transaction
from parking.mail.models import MailCertificate
from parking.mail.outbox import delivery
from parking.mail.smtp import certificate
from parking.mail.smtp.smtp_client import Connection
from tests.mail.conftest import Server, put

DAY = timedelta(days=1)


def openssl(*arguments: object) -> str:
    ended = subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, text=True)
    return ended.stdout.strip()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> Path:
    """Two for localhost, of 20 and of 90 days, and `all.pem`, which trusts both."""
    folder = tmp_path_factory.mktemp("certificates")
    for days in (20, 90):
        names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
        files = ("-keyout", folder / f"{days}.key", "-out", folder / f"{days}.pem")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", days, *names, *files)
    (folder / "all.pem").write_text("".join((folder / f"{days}.pem").read_text() for days in (20, 90)))
    return folder


def end_of(certificates: Path, days: int) -> datetime:
    line = openssl("x509", "-enddate", "-noout", "-in", certificates / f"{days}.pem")
    return datetime.strptime(line.removeprefix("notAfter="), "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC)


@pytest.fixture
def serve(sink, certificates, monkeypatch):
    """Starts the mail server on its one port with the certificate of so many days."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates / "all.pem"))
    server = Server(sink)

    def start(days: int) -> Server:
        server.stop()
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificates / f"{days}.pem", certificates / f"{days}.key")
        server.more = {"tls_context": context, "require_starttls": True}
        server.start()
        return server

    yield start
    server.stop()


@pytest.fixture
def settings(settings, serve):
    return dataclasses.replace(settings, smtp_host="localhost", smtp_port=serve(20).port, smtp_tls="starttls")


def send() -> None:
    put()
    assert delivery.deliver_due().sent == 1
    db.session.remove()


def test_it_is_known_once_mail_was_sent_and_well_until_fourteen_days_before_its_end(app, certificates):
    unknown = mail.certificate_health(db.session())
    assert (unknown["ok"], unknown["host"], unknown["expires_at"]) == (True, "localhost", None)
    send()
    end = end_of(certificates, 20)
    for left, ok, words in (
        (14 * DAY + timedelta(seconds=1), True, "Valid"),
        (14 * DAY, False, "less than 15 days"),
        (timedelta(hours=5), False, "less than 1 day:"),
        (timedelta(0), False, "has expired"),
        (-DAY, False, "has expired"),
    ):
        with clock.set_to(end - left):
            status = mail.certificate_health(db.session())
        assert (status["ok"], status["expires_at"], words in status["detail"]) == (ok, end, True), status


def test_a_new_certificate_replaces_the_old_one_and_the_same_is_not_written_again(
    app, certificates, serve, monkeypatch
):
    send()
    serve(90)
    send()
    assert mail.certificate_health(db.session())["expires_at"] == end_of(certificates, 90)
    db.session.remove()
    monkeypatch.setattr(certificate, "store", lambda *_: pytest.fail("written again"))
    send()


def test_it_is_that_of_the_present_server_and_of_tls_alone(app, reconfigure):
    send()
    for changes, expected in (
        ({"smtp_host": "mail.example.com"}, ("mail.example.com", None)),
        ({"smtp_tls": "none"}, None),
        ({"smtp_host": None}, None),
    ):
        reconfigure(**changes)
        status = mail.certificate_health(db.session())
        assert (status and (status["host"], status["expires_at"])) == expected
        assert status is None or status["ok"]


def test_no_request_opens_a_connection(app, client, auth, carol, certificates, monkeypatch):
    send()
    monkeypatch.setattr(Connection, "_open", lambda self: pytest.fail("a request has opened a connection"))
    end = end_of(certificates, 20)
    answer = client.get("/api/admin/system", headers=auth(carol))
    assert answer.json["system"]["mail_certificate"]["expires_at"] == f"{end:%Y-%m-%dT%H:%M:%SZ}"
    [line] = re.findall(r"^parking_smtp_certificate_expiry_seconds (.+)$", client.get("/metrics").text, re.MULTILINE)
    assert float(line) == (end - clock.now()).total_seconds()


def test_without_tls_there_is_none(sink, smtp_server, app, reconfigure):
    reconfigure(smtp_host="127.0.0.1", smtp_port=smtp_server.port, smtp_tls="none")
    send()
    assert db.session.get(MailCertificate, 1) is None


def test_the_table_goes_and_comes_with_live_rows(app):
    put()
    with transaction() as session:
        certificate.store(session, "mail.example.com", clock.now() + 30 * DAY)
    db.session.remove()
    downgrade(directory=str(schema.MIGRATIONS), revision="0023")
    mails = text("SELECT count(*) FROM outbox_mail")
    assert db.session.scalar(mails) == 1
    db.session.remove()
    schema.upgrade()
    assert schema.problems() == []
    assert (db.session.scalar(mails), db.session.get(MailCertificate, 1)) == (1, None)
    db.session.remove()
    with transaction() as session:
        certificate.store(session, "mail.example.com", clock.now() + 30 * DAY)
    assert certificate.is_stored(db.session(), "mail.example.com", clock.now() + 30 * DAY)
