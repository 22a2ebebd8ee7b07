"""RFC 2047: encoded words of at most 75 characters on lines of at most 76, and the reader sees what was written."""

import email
import email.policy
import re
import unicodedata
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from parking.mail import TEMPLATES
from parking.mail.rendering import render
from parking.mail.rendering.render import Attachment, Site
from parking.mail.smtp import header_folding
from parking.mail.smtp.addresses import Mailbox
from parking.mail.smtp.header_folding import encoded_words
from tests.mail.drafts import EVERY, SITE, draft

WORD = re.compile(r"=\?utf-8\?([bq])\?[^? ]*\?=")
UNFOLDED = ("message-id:", "list-unsubscribe:", "list-id:", "feedback-id:")
NAMES = [
    "Парковка у Большого театра на Петровской набережной",
    "Александра Константиновна Преображенская-Вознесенская, доктор наук",
    "Πάρκινγκ Αγίου Κωνσταντίνου και Ελένης στην πλατεία Ομονοίας",
    "北京市朝阳区建国门外大街一号国贸三期地下停车场东侧入口二层",
    "駐車場・東京駅八重洲口地下一階",
    "موقف السيارات بجانب محطة القطار المركزية في المدينة القديمة",
    "पार्किंग स्थल नई दिल्ली रेलवे स्टेशन के पास",
    "🅿️👩‍👩‍👧‍👦🚗" * 12,
    "🇩🇪🇬🇷🇷🇺🇨🇳" * 9,
    unicodedata.normalize("NFD", "Überländer Parkhäuser Größenwahn Ångström École Nguyễn Thị Ánh"),
    "Straße " * 20,
    "Z" + "\u0301\u0302\u0303" * 30,
    'Zoë "the driver", Ö; <x@y.example> (no)',
    "Harbour Street Garage",
    "A name that has only ASCII letters but goes on and on until it is longer than any line of a mail may be at all",
    'ASCII, but "quoted" \\ and long: ' + "harbour street garage " * 6,
    "x" * 190,
    "ä",
    "a ä b ö c",
]


def header_lines(raw):
    """Every line of every header, those of the parts too."""
    message = email.message_from_bytes(raw)
    for part in message.walk():
        for name, value in part.raw_items():
            yield from f"{name}: {value}".splitlines()


def check(raw):
    for line in header_lines(raw):
        alone = " " not in line.strip() and "=?" not in line  # a long address stands on a line of its own
        if not alone and not line.lower().startswith(UNFOLDED):
            assert len(line) <= 76, line
        assert line.strip(), "no line of a header is blank"
        for word in re.findall(r"=\?\S+\?=", line):
            assert WORD.fullmatch(word)
            assert len(word) <= 75
            decode_header(word)[0][0].decode()  # raises where a character is split


def name_in(header):
    """The display name as RFC 2047 reads it. (The library's address parser leaves the space between encoded words.)"""
    before = header.replace("\r\n", "").rpartition("<")[0].strip()
    if before.startswith('"'):
        return re.sub(r"\\(.)", r"\1", before[1:-1])
    return str(make_header(decode_header(before)))


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_names_of_every_script_fit_and_come_back(name):
    context = TEMPLATES["booking_confirmation"].sample()
    context["booking"]["lot_name"] = name
    site = Site(name, SITE.public_url, SITE.sender)
    filled = draft("booking_confirmation", context=context, name=name)
    raw = render.wire(filled, site)
    check(raw)
    assert raw.isascii()
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message["Subject"] == render.subject(filled, site).strip()
    expected = " ".join(name.split())[:200].strip()
    assert message["To"].addresses[0].addr_spec == "amelia@example.com"
    plain = email.message_from_bytes(raw)
    assert str(make_header(decode_header(plain["Subject"].replace("\r\n", "")))) == message["Subject"]
    assert name_in(plain["To"]) == name_in(plain["From"]) == expected


@pytest.mark.parametrize("name", NAMES, ids=range(len(NAMES)))
def test_subscriptions_keep_their_links_on_one_line(name):
    site = Site(name, SITE.public_url, f"{'n' * 60}@a-very-long-host-name-of-a-parking-operator.example.com")
    filled = draft(
        "user_monthly_report", name=name, unsubscribe_url="https://park.example.com/unsubscribe/" + "t" * 200
    )
    raw = render.wire(filled, site)
    check(raw)
    lines = raw.decode().split("\r\n\r\n")[0].split("\r\n")
    assert f"List-Unsubscribe: <{filled.unsubscribe_url}>, <mailto:{site.sender_email}?subject=" in "\n".join(lines)
    assert f"Message-ID: {filled.message_id}" in lines


@pytest.mark.parametrize(("kind", "lang"), EVERY)
def test_every_template_has_lines_of_an_allowed_length(kind, lang):
    long_name = "Ρ" * 90
    attachment = Attachment(f"{'bookings_' * 12}2026-10.csv", "text/csv", b"x")
    site = Site(long_name, SITE.public_url, SITE.sender)
    check(render.wire(draft(kind, lang, name=long_name, attachments=(attachment,)), site))
    check(render.wire(draft(kind, lang), SITE))


def test_no_cluster_is_split():
    """A letter and its accents, the parts of an emoji and the halves of a flag stay in one word."""
    clusters = ["e\u0301", "👩‍👩‍👧", "👍🏽", "🇬🇷", "नि", "ü"]
    text = "".join(cluster for _ in range(20) for cluster in clusters)
    for room in range(14, 76):
        words = [decode_header(word)[0][0].decode() for word in encoded_words(text, room)]
        assert "".join(words) == text
        for word in words:
            rest = word
            while rest:
                first = next(cluster for cluster in clusters if rest.startswith(cluster))
                rest = rest[len(first) :]


def test_a_local_part_beyond_ascii_is_written_as_itself():
    """RFC 6532: an encoded word may not stand in an address; such a mail goes by SMTPUTF8 alone."""
    line = header_folding.mailbox("To", Mailbox("Zoë", "zoë@example.com"))
    assert line == "To: =?utf-8?q?Zo=C3=AB?= <zoë@example.com>\r\n"


@pytest.mark.parametrize("value", ["a\r\nBcc: x@example.com", "a\nb", "a\x00", "a\u2028b"])
def test_a_token_with_a_line_break_is_no_header(value):
    with pytest.raises(ValueError, match="List-Id"):
        header_folding.token("List-Id", value)


def test_the_library_without_our_policy_writes_words_that_are_too_long():
    """The control: what these tests look for is there without our folding."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = NAMES[0]
    raw = message.as_bytes(policy=SMTP.clone(cte_type="7bit", max_line_length=900))
    with pytest.raises(AssertionError):
        check(raw)
    check(f"{header_folding.text('Subject', NAMES[0])}\r\n".encode())


def test_every_template_is_checked():
    assert {kind for kind, _ in EVERY} == set(TEMPLATES)
