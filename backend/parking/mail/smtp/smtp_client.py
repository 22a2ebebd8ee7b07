"""One SMTP connection that cannot hang: every step has a time-out in total, not per byte.

A socket's own time-out starts anew with every byte that arrives, so a server that sends one now and then holds its
client for ever. Here a thread cuts the connection when a step has taken too long, whatever it was waiting for.
"""

from __future__ import annotations

import contextlib
import re
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

CONNECT_SECONDS = 10.0
STEP_SECONDS = 30.0
MAIL_SECONDS = 100.0  # one mail, all its steps; shorter than the lease of its row
SLOWEST_BYTES_PER_SECOND = 50_000  # what a large mail may need on top
LOOK_SECONDS = 0.1  # how often the time of a step is looked at
MOST_REPLY = 500

Tls = Literal["none", "starttls", "tls"]
# 5xx answers that mean "not now": Gmail's daily limits, mailbox full, too many connections.
_NOT_NOW = re.compile(r"\b5\.4\.5\b|\b5\.2\.2\b|\b5\.5\.3\b|\b[45]\.7\.28\b")


@dataclass(frozen=True, slots=True)
class Server:
    """The mail server. `name` is the client's name in EHLO."""

    host: str
    port: int
    tls: Tls
    user: str | None
    password: str | None
    name: str


class ServerDown(Exception):
    """There is no session with the server: not reached, no TLS, closed, or no answer. No single mail is at fault."""


class LoginRefused(Exception):
    """The server refused the login. Further attempts can lock the account."""


class Lost(ServerDown):
    """The session ended after DATA or after a refusal: perhaps because of this mail."""


class Refused(Exception):
    """The server refused this mail. `final`: trying again is of no use."""

    def __init__(self, code: int, reply: bytes | str, *, final: bool) -> None:
        self.code = code
        self.final = final
        super().__init__(reply_text(code, reply))


def reply_text(code: int, reply: bytes | str) -> str:
    """The server's reply on one line."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return " ".join(f"{code} {text}".split())[:MOST_REPLY]


class Connection:
    """An open session, reused for many mails. Raises ServerDown or LoginRefused instead of opening."""

    def __init__(self, server: Server, step_seconds: float = STEP_SECONDS) -> None:
        self.server = server
        self.step_seconds = step_seconds
        self.deadline = float("inf")
        self.answered = False  # for a mail: a greeting alone does not show that the server works
        self._cut_at: str | None = None
        self._running: tuple[str, float] | None = None  # the present step and when it must have ended
        self._closed = threading.Event()
        self._smtp = _client(server)
        threading.Thread(target=self._watch, daemon=True).start()
        self._open()

    # opening -------------------------------------------------------------------------------

    def _open(self) -> None:
        try:
            self._greet()
            self._login()
        except BaseException:
            self._closed.set()
            self._smtp.close()
            raise

    def _greet(self) -> None:
        smtp, server = self._smtp, self.server
        with self._step(f"connecting to {server.host}:{server.port}", CONNECT_SECONDS + self.step_seconds):
            code, reply = smtp.connect(server.host, server.port)
        if code != 220:
            raise ServerDown(reply_text(code, reply))
        if smtp.sock is not None:
            smtp.sock.settimeout(self.step_seconds)
            # A mail ends in a half-full segment; waiting for the acknowledgement of the one before costs 40 ms each.
            smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._ehlo()
        if server.tls == "starttls":
            with self._step("STARTTLS"):
                smtp.starttls(context=_tls_context())
            self._ehlo()

    def _ehlo(self) -> None:
        with self._step("EHLO"):
            self._smtp.ehlo_or_helo_if_needed()

    def _login(self) -> None:
        """One attempt with one mechanism: smtplib's own login() tries them all, and each counts at the server."""
        smtp, server = self._smtp, self.server
        if not server.user:
            return
        mechanism = self._mechanism()
        smtp.user, smtp.password = server.user, server.password or ""
        with self._step("login"):
            try:
                smtp.auth(mechanism, getattr(smtp, "auth_" + mechanism.lower().replace("-", "_")))
            except smtplib.SMTPAuthenticationError as refusal:
                error = LoginRefused if refusal.smtp_code >= 500 else ServerDown
                raise error(reply_text(refusal.smtp_code, refusal.smtp_error)) from None

    def _mechanism(self) -> str:
        """How to log in: with the password itself, which TLS protects (CRAM-MD5 needs a hash that is broken)."""
        offered = self._smtp.esmtp_features.get("auth", "").upper().split()
        for mechanism in ("PLAIN", "LOGIN"):
            if mechanism in offered:
                return mechanism
        raise ServerDown("SMTP_USER is set, but the server offers no way to log in" + self._tls_hint())

    def _tls_hint(self) -> str:
        return "" if self.tls_version else " without TLS (SMTP_TLS=starttls or tls)"

    # sending -------------------------------------------------------------------------------

    def send(self, sender: str, recipient: str, message: bytes) -> str:
        """Sends one mail; returns the server's reply.

        Raises Refused, after which the session can go on; or ServerDown, after which it cannot: nothing of the message
        was sent, unless it is Lost. Lost after the last byte leaves open whether the mail arrived: only sending it
        again with the same Message-ID is safe.
        """
        self.deadline = time.monotonic() + MAIL_SECONDS + len(message) / SLOWEST_BYTES_PER_SECOND
        try:
            self._envelope(sender, recipient, len(message))
            self.answered = True
            with _blaming_the_mail():
                return self._body(message)
        except Refused:
            self.answered = True
            with _blaming_the_mail():
                self._reset()
            raise
        finally:
            self.deadline = float("inf")

    def _envelope(self, sender: str, recipient: str, size: int) -> None:
        options = [f"SIZE={size}"] if self._smtp.has_extn("size") else []
        if not (sender + recipient).isascii():
            if not self._smtp.has_extn("smtputf8"):
                raise Refused(553, "this server does not take addresses beyond ASCII", final=True)
            options.append("SMTPUTF8")
            self._smtp.command_encoding = "utf-8"
        with self._step("MAIL FROM"):
            code, reply = self._smtp.mail(sender, options)
        _check_open(code, reply)
        if code != 250:  # our own address or quota: nothing is wrong with the recipient
            raise Refused(code, reply, final=False)
        with self._step("RCPT TO"):
            code, reply = self._smtp.rcpt(recipient)
        _check_open(code, reply)
        if code not in (250, 251):
            raise Refused(code, reply, final=_is_final(code, reply))

    def _body(self, message: bytes) -> str:
        with self._step("DATA"):
            code, reply = self._smtp.docmd("DATA")
        if code != 354:
            raise Refused(code, reply, final=_is_final(code, reply))
        with self._step("the message", self.step_seconds + len(message) / SLOWEST_BYTES_PER_SECOND):
            self._smtp.send(_dotted(message))
        with self._step("the answer after the message"):
            code, reply = self._smtp.getreply()
        if code != 250:
            raise Refused(code, reply, final=_is_final(code, reply))
        return reply_text(code, reply)

    def _reset(self) -> None:
        with self._step("RSET"):
            self._smtp.rset()

    def check_sender(self, sender: str) -> str:
        """Checks whether the server accepts mail from this address, without sending. Raises Refused."""
        with self._step("MAIL FROM"):
            code, reply = self._smtp.mail(sender)
        self._reset()
        if code != 250:
            raise Refused(code, reply, final=False)
        return reply_text(code, reply)

    def close(self) -> None:
        """Sends QUIT, and waits at most 5 seconds for the reply."""
        with contextlib.suppress(ServerDown), self._step("QUIT", 5):
            self._smtp.quit()
        self._closed.set()
        self._smtp.close()

    @property
    def features(self) -> list[str]:
        return sorted(self._smtp.esmtp_features)

    @property
    def tls_version(self) -> str | None:
        sock = self._smtp.sock
        return sock.version() if isinstance(sock, ssl.SSLSocket) else None

    @property
    def certificate_expires_at(self) -> datetime | None:
        """When the server's certificate ends; None without TLS."""
        sock = self._smtp.sock
        certificate = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
        if not certificate:
            return None
        return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)

    # time ----------------------------------------------------------------------------------

    @contextmanager
    def _step(self, what: str, seconds: float | None = None) -> Iterator[None]:
        """Runs one exchange. Raises ServerDown, with a sentence that names the step, for every error."""
        remaining = max(min(seconds or self.step_seconds, self.deadline - time.monotonic()), 0)
        self._running = (what, time.monotonic() + remaining)
        try:
            yield
            if self._cut_at:  # half a line before the cut can look like a whole answer
                raise TimeoutError
        except (OSError, ValueError, smtplib.SMTPException) as error:
            if isinstance(error, smtplib.SMTPAuthenticationError):
                raise
            raise ServerDown(self._explain(what, remaining, error)) from error
        finally:
            self._running = None

    def _watch(self) -> None:
        """Cuts the connection when a step takes too long. One thread for all steps: a timer for each, five a mail,
        cost 0.5 ms."""
        while not self._closed.wait(LOOK_SECONDS):
            running = self._running
            if running is not None and time.monotonic() >= running[1]:
                self._cut(running[0])

    def _cut(self, what: str) -> None:
        self._cut_at = what
        sock = self._smtp.sock
        if sock is not None:
            with contextlib.suppress(OSError):
                # The plain socket's method: SSLSocket's own would pull the TLS state from under the waiting thread.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def _explain(self, what: str, seconds: float, error: Exception) -> str:
        # The timer or the socket, whichever looks first; smtplib wraps the socket's own time-out in a disconnection.
        if self._cut_at or isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError):
            return f"no answer within {seconds:.0f} s: {what}"
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return " ".join(f"{what}: {text}".split())[:MOST_REPLY]


@contextmanager
def _blaming_the_mail() -> Iterator[None]:
    try:
        yield
    except ServerDown as error:
        raise Lost(str(error)) from error


def _client(server: Server) -> smtplib.SMTP:
    # local_hostname is given because looking it up can block for long on a machine with a broken resolver.
    client = (
        smtplib.SMTP_SSL(local_hostname=server.name, timeout=CONNECT_SECONDS, context=_tls_context())
        if server.tls == "tls"
        else smtplib.SMTP(local_hostname=server.name, timeout=CONNECT_SECONDS)
    )
    # The name the certificate is checked against; smtplib sets it only when it connects from its constructor, where
    # no timer could watch it.
    client._host = server.host  # type: ignore[attr-defined]  # its own name for it
    return client


def _tls_context() -> ssl.SSLContext:
    return ssl.create_default_context()


def _dotted(message: bytes) -> bytes:
    """The message as SMTP sends it: leading dots doubled, a line with one dot at the end (RFC 5321, 4.5.2)."""
    body = message if message.endswith(b"\r\n") else message + b"\r\n"
    return re.sub(rb"(?m)^\.", b"..", body) + b".\r\n"


def _check_open(code: int, reply: bytes) -> None:
    """Raises ServerDown for 421, by which a server says that it hangs up (RFC 5321, 3.8)."""
    if code == 421:
        raise ServerDown(reply_text(code, reply))


def _is_final(code: int, reply: bytes) -> bool:
    return code >= 500 and not _NOT_NOW.search(reply.decode("utf-8", "replace"))
