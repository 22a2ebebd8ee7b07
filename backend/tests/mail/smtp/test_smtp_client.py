"""The session itself: no step hangs, TLS is checked, a refusal is understood."""

import contextlib
import socket
import ssl
import subprocess
import threading
import time

import pytest

from parking.mail.smtp import smtp_client
from parking.mail.smtp.smtp_client import Connection, LoginRefused, Lost, Refused, Server, ServerDown
from tests.mail.conftest import Server as SinkServer
from tests.ports import free_port

MESSAGE = b"Subject: x\r\n\r\n.a line that starts with a dot\r\nend\r\n"


def target(port: int, tls="none", user=None, password=None, host="127.0.0.1") -> Server:
    return Server(host, port, tls, user, password, "park.example.com")


@contextlib.contextmanager
def dripping(script):
    """A server that answers by `script(socket)`, one connection, in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))

    def run():
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection:
                script(connection)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        thread.join(10)


def drip(connection, every=0.1):
    """One byte now and then, for ever: each resets a socket's own time-out."""
    while True:
        connection.sendall(b"2")
        time.sleep(every)


def test_a_mail_goes_over_the_wire_unchanged(sink, smtp_server):
    connection = Connection(target(smtp_server.port))
    assert connection.send("a@example.com", "b@example.com", MESSAGE) == "250 2.0.0 accepted"
    connection.close()
    assert sink.accepted[0].content == MESSAGE


def test_a_closed_port_is_reported_at_once():
    with pytest.raises(ServerDown, match="Connection refused"):
        Connection(target(free_port()))


def test_a_slow_greeting_times_out(monkeypatch):
    monkeypatch.setattr(smtp_client, "CONNECT_SECONDS", 0.5)
    with dripping(drip) as port, pytest.raises(ServerDown, match="no answer within 1 s: connecting"):
        Connection(target(port), step_seconds=0.5)


def test_a_slow_reply_times_out_in_every_step():
    """The time counts for the step as a whole: a byte every 0.1 s against a second's limit."""

    def greeting_then_drip(connection):
        connection.sendall(b"220 hello\r\n")
        connection.recv(1000)
        drip(connection)

    started = time.monotonic()
    with dripping(greeting_then_drip) as port, pytest.raises(ServerDown, match="no answer within 1 s: EHLO"):
        Connection(target(port), step_seconds=1)
    assert time.monotonic() - started < 60


def test_without_the_timer_a_slow_server_blocks_its_client(monkeypatch):
    """The control: a socket's own time-out is not enough."""
    monkeypatch.setattr(Connection, "_cut", lambda self, what: None)

    def drip_a_while(connection):
        connection.sendall(b"220 hello\r\n")
        connection.recv(1000)
        end = time.monotonic() + 3.5
        while time.monotonic() < end:
            connection.sendall(b"2")
            time.sleep(0.1)

    started = time.monotonic()
    with dripping(drip_a_while) as port, contextlib.suppress(ServerDown):
        Connection(target(port), step_seconds=3)  # long beside the pauses of a busy machine, which the socket minds
    assert time.monotonic() - started > 3.2


@pytest.mark.parametrize("first", ["the timer", "the socket"])
def test_a_server_that_stops_answering_times_out(sink, smtp_server, first):
    """Both end a step after the same time; whichever looks first, the sentence is the same."""
    silent = threading.Event()

    def mute(_delivery):
        silent.wait(60)

    sink.on_data = mute
    connection = Connection(target(smtp_server.port))
    connection.step_seconds = {"the timer": 0.5, "the socket": 30}[first]
    connection._smtp.sock.settimeout({"the timer": 60, "the socket": 0.5}[first])
    with pytest.raises(Lost, match="no answer within"):
        connection.send("a@example.com", "b@example.com", MESSAGE)
    silent.set()
    connection.close()


def test_a_session_goes_on_after_a_refusal(sink, smtp_server):
    sink.on_rcpt = lambda address: "550 5.1.1 unknown" if address.startswith("bad") else None
    connection = Connection(target(smtp_server.port))
    with pytest.raises(Refused, match=r"550 5\.1\.1 unknown") as refusal:
        connection.send("a@example.com", "bad@example.com", MESSAGE)
    assert refusal.value.final
    connection.send("a@example.com", "good@example.com", MESSAGE)
    connection.close()
    assert [delivery.recipients for delivery in sink.accepted] == [["good@example.com"]]


@pytest.mark.parametrize(
    ("answer", "final"),
    [
        ("450 4.2.1 busy", False),
        ("550 5.4.5 Daily user sending limit exceeded", False),
        ("552 5.2.2 mailbox full", False),
        ("550 5.7.1 rejected as spam", True),
    ],
)
def test_a_temporary_and_a_permanent_refusal_are_distinguished(sink, smtp_server, answer, final):
    sink.on_data = lambda delivery: answer
    connection = Connection(target(smtp_server.port))
    with pytest.raises(Refused) as refusal:
        connection.send("a@example.com", "b@example.com", MESSAGE)
    connection.close()
    assert refusal.value.final is final


def test_a_wrong_password_is_one_attempt(sink, smtp_server):
    sink.accept_login = False
    with pytest.raises(LoginRefused, match="535"):
        Connection(target(smtp_server.port, user="me@example.com", password="wrong"))
    assert sink.logins == [(b"me@example.com", b"wrong")]


def test_an_address_beyond_ascii_needs_a_server_that_takes_it(sink, smtp_server):
    connection = Connection(target(smtp_server.port))
    connection.send("a@example.com", "zoë@example.com", MESSAGE)
    connection.close()
    assert sink.accepted[0].recipients == ["zoë@example.com"]
    plain = SinkServer(sink, enable_SMTPUTF8=False)
    plain.start()
    connection = Connection(target(plain.port))
    with pytest.raises(Refused, match="beyond ASCII") as refusal:
        connection.send("a@example.com", "zoë@example.com", MESSAGE)
    assert refusal.value.final
    connection.close()
    plain.stop()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost that nobody vouches for."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost"
        f" -keyout {folder}/key.pem -out {folder}/cert.pem".split(),
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture
def tls_server(sink, certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    server = SinkServer(sink, tls_context=context, require_starttls=True)
    server.start()
    yield server
    server.stop()


def test_starttls_encrypts_when_the_certificate_is_trusted(sink, tls_server, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    connection = Connection(target(tls_server.port, "starttls", host="localhost"))
    assert connection.tls_version.startswith("TLS")
    connection.send("a@example.com", "b@example.com", MESSAGE)
    connection.close()
    assert len(sink.accepted) == 1


def test_starttls_stops_at_an_untrusted_certificate(sink, tls_server):
    with pytest.raises(ServerDown, match="certificate"):
        Connection(target(tls_server.port, "starttls", user="me", password="secret", host="localhost"))
    assert sink.logins == []


def test_tls_from_the_first_byte(sink, certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate / "cert.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    server = SinkServer(sink, ssl_context=context)
    server.start()
    connection = Connection(target(server.port, "tls", user="me", password="secret", host="localhost"))
    connection.send("a@example.com", "b@example.com", MESSAGE)
    connection.close()
    server.stop()
    assert sink.logins == [(b"me", b"secret")]


def test_a_server_without_starttls_gets_no_password(sink, smtp_server):
    with pytest.raises(ServerDown, match="STARTTLS"):
        Connection(target(smtp_server.port, "starttls", user="me", password="secret"))
    assert sink.logins == []
