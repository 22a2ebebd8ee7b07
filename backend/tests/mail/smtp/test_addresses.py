"""Nothing that a user types can add a header or a recipient."""

import email
import email.policy

import pytest

from config import ConfigError
from parking import mail
from parking import mail as mail_domain
from parking.database import transaction
from parking.mail import TEMPLATES
from parking.mail.outbox import delivery
from parking.mail.rendering import render
from parking.mail.smtp.addresses import BadAddress, addr_spec, header_text, mailbox
from tests.conftest import make_user
from tests.mail.conftest import AMELIA, put, states
from tests.mail.drafts import SITE, draft

BREAKS = [
    "\r\n", "\n", "\r", "\n\r", "\r\r\n", "\x85", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f",
    "\x00", "\t\r\n ", "\r\n\t", "%0d%0a", "\\r\\n", "\u000d\u000a",
]  # fmt: skip


TAILS = ["Bcc: victim@example.com", "Subject: replaced\r\n\r\nA body of the attacker"]


VARIANTS = [before + tail for before in BREAKS for tail in TAILS]


EXPECTED = [
    "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "X-Auto-Response-Suppress",
    "Feedback-ID", "MIME-Version", "Content-Type", "Content-Language",
]  # fmt: skip


def test_there_are_forty_attacks():
    assert len(VARIANTS) == 40


@pytest.mark.parametrize("attack", VARIANTS)
def test_names_and_lots_add_no_header(attack):
    context = TEMPLATES["booking_confirmation"].sample()
    context["booking"]["lot_name"] = "Lot" + attack
    context["booking"]["vehicle_plate"] = "P" + attack
    context["booking"]["reference"] = "R" + attack
    raw = render.wire(draft("booking_confirmation", context=context, name="Amelia" + attack), SITE)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert list(message.keys()) == EXPECTED
    assert [address.addr_spec for address in message["To"].addresses] == ["amelia@example.com"]
    assert b"\r\nBcc:" not in raw.split(b"\r\n\r\n")[0]
    text = message.get_body(("plain",)).get_content()
    assert not any(line.startswith(("Bcc", "A body")) for line in text.splitlines())
    calendar = message.get_payload()[-1].get_content()
    assert not any(line.startswith(("Bcc", "Subject")) for line in calendar.splitlines())


@pytest.mark.parametrize("attack", VARIANTS)
def test_an_address_with_more_than_an_address_in_it_is_no_address(attack):
    with pytest.raises(BadAddress):
        addr_spec("amelia@example.com" + attack)


@pytest.mark.parametrize(
    "wrong",
    [
        "", "amelia", "@example.com", "amelia@", "a b@example.com", "a@b@c", "a,b@example.com", "<a@example.com>",
        '"a"@example.com', "a@example.com, b@example.com", "a..b@example.com", ".a@example.com", "a(x)@example.com",
        "a@exa mple.com", "a@example.com>", "a@ex\u200bample.com", "a;b@example.com", "a@" + "x" * 300 + ".com",
    ],
)  # fmt: skip
def test_a_text_that_is_not_one_address_is_refused(wrong):
    with pytest.raises(BadAddress):
        addr_spec(wrong)


def test_names_from_all_over_the_world_are_kept():
    for name in ("Zoë O'Neill", "محمد", "王小明", "नमस्ते", "👩‍👩‍👧", "می‌خواهم"):
        assert header_text(name) == name
    assert addr_spec("zoë@exämple.com") == "zoë@xn--exmple-cua.com"


def test_encoded_words_in_names_stay_text():
    raw = render.wire(draft("test_message", name="=?utf-8?q?=0D=0ABcc:_x@example.com?="), SITE)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert message["To"].addresses[0].addr_spec == "amelia@example.com"
    assert "\r" not in message["To"].addresses[0].display_name
    assert b"=?utf-8?q?=0D" not in raw


def test_a_name_cannot_turn_the_reading_direction():
    assert header_text("abc\u202egnp.exe\u2066x") == "abc gnp.exe x"


def test_the_server_sees_only_the_recipient_and_the_bad_one_fails(app, sink):
    for attack in VARIANTS[:6]:
        with transaction() as session:
            mail.queue(session, "test_message", mail.Recipient("eve@example.com" + attack, "Eve" + attack), {})
    put("test_message", context={})
    delivery.deliver_due()
    assert [delivery.recipients for delivery in sink.accepted] == [[AMELIA.email]]
    assert states() == {"failed": 6, "sent": 1}


@pytest.mark.parametrize(
    ("email", "envelope"),
    [
        ("a@straße.example", "a@xn--strae-oqa.example"),
        ("a@STRASSE.example", "a@STRASSE.example"),
        ("a@faß.example", "a@xn--fa-hia.example"),
        ("a@βόλος.com", "a@xn--nxasmm1c.com"),
        ("a@क्ष.example", "a@xn--11b2ezc.example"),
        ("a@BÜCHER。example", "a@xn--bcher-kva.example"),
    ],
)
def test_a_domain_goes_out_by_idna_2008(email, envelope):
    assert addr_spec(email) == envelope
    assert mailbox(email).addr_spec.partition("@")[2] == envelope.partition("@")[2]


@pytest.mark.parametrize("email", ["a@☃.example", "a@ü_.example", "a@xn--ü.example", "a@" + "ü" * 64 + ".example"])
def test_a_domain_without_an_ascii_form_gets_no_mail(email):
    with pytest.raises(BadAddress):
        addr_spec(email)


def test_envelope_and_headers_have_the_same_domain(app, sink, reconfigure):
    reconfigure(mail_from="Straße <post@straße.example>")
    put(to=mail.Recipient("vera@faß.example", "Vera 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"))
    put("reservation_reminder", to=mail.Recipient("vera@faß.example", "Vera", user_id=make_user("vera", "user").id))
    delivery.deliver_due()
    assert len(sink.accepted) == 2
    for delivered in sink.accepted:
        assert delivered.sender == "post@xn--strae-oqa.example"
        assert delivered.recipients == ["vera@xn--fa-hia.example"]
        assert "vera@xn--fa-hia.example" in str(delivered.message["To"])
        assert "post@xn--strae-oqa.example" in str(delivered.message["From"])
        assert "strasse" not in delivered.content.decode("latin-1")
    assert "\U000e0067" in sink.accepted[0].message["To"].addresses[0].display_name
    assert "<mailto:post@xn--strae-oqa.example?" in str(sink.accepted[1].message["List-Unsubscribe"])


@pytest.mark.parametrize("sender", ["a@☃.example", "Parkwell <a..b@example.com>", "a@" + "ü" * 64 + ".example"])
def test_the_start_refuses_a_sender_from_whom_no_mail_can_come(app, reconfigure, sender):
    assert mail_domain.at_start() == []
    reconfigure(mail_from=sender)
    with pytest.raises(ConfigError, match="MAIL_FROM"):
        mail_domain.at_start()
