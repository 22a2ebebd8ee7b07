"""A real SMTP server on the loopback that behaves as badly as it is told to."""

from __future__ import annotations

import asyncio
import dataclasses
import email
import email.policy
import threading
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from parking import create_app, mail
from parking.database import db, transaction
from parking.mail import service
from parking.mail.models import OutboxMail
from tests.ports import free_port


@dataclasses.dataclass
class Delivery:
    sender: str
    recipients: list[str]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.content, policy=email.policy.default)

    @property
    def message_id(self) -> str:
        return str(self.message["Message-ID"])


class Sink:
    """The handler: records what it accepts. The tests set the attributes to make it misbehave."""

    def __init__(self) -> None:
        self.accepted: list[Delivery] = []
        self.connections = 0
        self.logins: list[tuple[bytes, bytes]] = []
        self.on_mail: Callable[[str], str | None] = lambda sender: None
        self.on_rcpt: Callable[[str], str | None] = lambda address: None
        self.on_data: Callable[[Delivery], str | None] = lambda delivery: None
        self.on_hello: Callable[[], None] = lambda: None
        self.hangs_up_at = ""  # the command that it answers by cutting the connection
        self.drop_after_data = False
        self.slow_reader = False  # stop after the first line of a message, and set `reading`
        self.reading = threading.Event()
        self.accept_login = True
        self.login_reply = "535 5.7.8 Username and Password not accepted"

    async def _ask(self, question, *arguments):
        """A question that stops the world (a Gate) must not stop the server's loop."""
        if isinstance(question, Gate):
            return await asyncio.get_running_loop().run_in_executor(None, question, *arguments)
        return question(*arguments)

    async def handle_EHLO(self, server, session: Session, envelope: Envelope, hostname, responses):
        self.connections += 1
        await self._ask(self.on_hello)
        self.hang_up(server, "EHLO")
        session.host_name = hostname
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        answer = await self._ask(self.on_mail, address)
        self.hang_up(server, "MAIL")
        if answer:
            return answer
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = await self._ask(self.on_rcpt, address)
        self.hang_up(server, "RCPT")
        if answer:
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        delivery = Delivery(envelope.mail_from, list(envelope.rcpt_tos), envelope.content)
        answer = await self._ask(self.on_data, delivery)
        if answer:
            return answer
        self.accepted.append(delivery)
        if self.drop_after_data:
            server.transport.abort()
        return "250 2.0.0 accepted"

    def hang_up(self, server, command: str) -> None:
        if command == self.hangs_up_at:
            server.transport.abort()

    def authenticate(self, server, session, envelope, mechanism, auth_data):
        self.logins.append((auth_data.login, auth_data.password))
        if self.accept_login:
            return AuthResult(success=True)
        return AuthResult(success=False, handled=False, message=self.login_reply)

    def message_ids(self) -> list[str]:
        """No property: for every connection, aiosmtpd reads all attributes of its handler, and with it every mail that
        arrived was parsed anew. On a busy machine that took longer than a client waits for the greeting."""
        return [delivery.message_id for delivery in self.accepted]


class _SMTP(SMTP):
    async def smtp_DATA(self, arg: str) -> None:
        self.event_handler.hang_up(self, "DATA")
        if not self.event_handler.slow_reader:
            await super().smtp_DATA(arg)
            return
        await self.push("354 go on")
        await self._reader.readline()
        self.event_handler.reading.set()
        await asyncio.Event().wait()  # until the client is gone


class _Controller(Controller):
    def factory(self):
        return _SMTP(
            self.handler,
            hostname="sink.example.com",
            authenticator=self.handler.authenticate,
            auth_require_tls=False,
            **self.SMTP_kwargs,
        )


class Server:
    """The sink on one port, which stays the same over stop and start."""

    def __init__(self, sink: Sink, **more) -> None:
        self.sink, self.more, self.port = sink, more, free_port()
        self.running: _Controller | None = None

    def start(self) -> None:
        self.running = _Controller(self.sink, hostname="127.0.0.1", port=self.port, ready_timeout=60, **self.more)
        self.running.start()

    def stop(self) -> None:
        if self.running is not None:
            self.running.stop()
            self.running = None


@pytest.fixture
def sink():
    return Sink()


@pytest.fixture
def smtp_server(sink):
    server = Server(sink)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def settings(settings, smtp_server):
    return dataclasses.replace(
        settings,
        smtp_host="127.0.0.1",
        smtp_port=smtp_server.port,
        smtp_tls="none",
        mail_from="Parkwell <noreply@park.example.com>",
        public_url="https://park.example.com",
    )


@pytest.fixture
def reconfigure(app, settings):
    """Another application on the same database, with other settings; its context is entered."""
    contexts = []

    def new_settings(**changes):
        other = create_app(dataclasses.replace(settings, **changes))
        context = other.app_context()
        context.push()
        contexts.append(context)
        return other

    yield new_settings
    for context in reversed(contexts):
        db.session.remove()
        db.engine.dispose()
        context.pop()


AMELIA = mail.Recipient("amelia@example.com", "Amelia Stone", "en", "Europe/London")


def as_recipient(user, **more) -> mail.Recipient:
    return mail.Recipient(user.email, user.username, "en", "UTC", user.id, **more)


def put(kind: str = "booking_confirmation", to: mail.Recipient = AMELIA, **more):
    """One mail of this kind, with its sample context, in the outbox."""
    context = more.pop("context", None) or mail.TEMPLATES[kind].sample()
    with transaction() as session:
        mail_id = mail.queue(session, kind, to, context, **more)
        row = session.get_one(OutboxMail, mail_id, populate_existing=True) if mail_id else None
    if row:
        db.session.expunge(row)
    return row


def states() -> dict[str, int]:
    return {state: n for state, n in service.counts(db.session()).items() if n}


class Gate:
    """Stops the server inside a step until the test lets it go on."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, *_arguments) -> None:
        self.reached.set()
        self.go_on.wait(60)


class Meeting(Gate):
    """Stops the first that comes until a second has come."""

    def __init__(self) -> None:
        super().__init__()
        self._both = threading.Barrier(2, action=self.reached.set)

    def __call__(self, *_arguments) -> None:
        if not self.reached.is_set():
            self._both.wait(60)


def named(number: int) -> mail.Recipient:
    return dataclasses.replace(AMELIA, email=f"driver{number}@example.com")


def put_many(count: int, kind: str = "booking_confirmation") -> None:
    context = mail.TEMPLATES[kind].sample()
    with transaction() as session:
        for number in range(count):
            mail.queue(session, kind, named(number), context, booking_id=number)
