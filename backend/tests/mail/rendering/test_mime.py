"""The bytes of a message: what the library's parser and writer make of the same parts, and the limits of RFC 2045."""

import email
import email.policy
import re
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from parking.mail.rendering import mime, render
from parking.mail.rendering.render import Attachment
from tests.mail.drafts import EVERY, SITE, draft, with_long_names
from tests.mail.smtp.test_header_folding import NAMES

TEXTS = [
    "plain\n",
    "",
    "\n",
    "no line break at the end",
    "one line of " + "words " * 40,
    "x" * 500,
    "ä" * 200,
    "trailing space \nand tab\t\nend\n",
    ".\n..\n.hidden\nFrom a stranger\n",
    "= ? =3D =\n==\n",
    "a\r\nb\rc\n\nd",
    "👩‍👩‍👧 " * 30,
    "--=_boundary_0\n--=_boundary_0--\n",
    *NAMES,
]


def by_the_library(content: str) -> str:
    """What a reader gets of a text that the library has written."""
    message = EmailMessage(policy=SMTP)
    message.set_content(content, cte="quoted-printable")
    return email.message_from_bytes(message.as_bytes(), policy=email.policy.default).get_content()


@pytest.mark.parametrize("content", TEXTS, ids=range(len(TEXTS)))
def test_a_text_is_read_as_the_library_writes_it(content):
    raw = mime.text("plain", content).as_bytes()
    assert raw.isascii()
    assert all(len(line) <= 76 for line in raw.split(b"\r\n")), "RFC 2045, 6.7, rule 5"
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert not re.search(rb"[ \t]\r\n", raw), "RFC 2045, 6.7, rule 3"
    assert email.message_from_bytes(raw, policy=email.policy.default).get_content() == by_the_library(content)


def test_the_library_alone_writes_lines_that_are_too_long():
    """The control for the limit of 76."""
    message = EmailMessage(policy=SMTP)
    message.set_content("x" * 500, cte="quoted-printable")
    assert any(len(line) > 76 for line in message.as_bytes().split(b"\r\n"))


@pytest.mark.parametrize(("kind", "lang"), EVERY)
def test_a_message_has_the_structure_its_parts_ask_for(kind, lang):
    files = (
        Attachment("bookings.csv", "text/csv", "\ufeffid,name\r\n1,Zoë\r\n".encode()),
        Attachment("an archive.zip", "application/zip", bytes(range(256)) * 40),
    )
    mail = draft(kind, lang, with_long_names(draft(kind, lang).context), attachments=files)
    rendered = render.render(mail, SITE)
    message = email.message_from_bytes(render.wire(mail, SITE), policy=email.policy.default)
    assert not any(part.defects for part in message.walk())
    assert message.get_content_type() == "multipart/mixed"
    for body, content in (("plain", rendered.text), ("html", rendered.html)):
        assert message.get_body((body,)).get_content().splitlines() == content.splitlines()
    *calendars, csv, archive = message.iter_attachments()
    assert [part.get_filename() for part in (csv, archive)] == ["bookings.csv", "an archive.zip"]
    assert (csv.get_payload(decode=True), archive.get_content()) == (files[0].data, files[1].data)
    assert len(calendars) == (rendered.message.calendar is not None) + bool(rendered.message.dates)
    boundaries = [part.get_boundary() for part in message.walk() if part.is_multipart()]
    assert boundaries == [f"=_{re.sub('[^A-Za-z0-9]', '', mail.message_id)[:40]}_{number}" for number in (0, 1)]


def test_the_headers_that_are_shown_are_those_that_are_sent():
    name = 'Zoë "the driver", Ö; (no)'
    mail = draft("user_monthly_report", name=name)
    message = email.message_from_bytes(render.wire(mail, SITE), policy=email.policy.default)
    rendered = dict(render.headers(mail, SITE))
    assert {name: str(message[name]) for name in rendered if name != "To"} == {
        name: value for name, value in rendered.items() if name != "To"
    }
    assert message["To"].addresses[0].display_name == name
    assert rendered["To"] == '"Zoë \\"the driver\\", Ö; (no)" <amelia@example.com>'
