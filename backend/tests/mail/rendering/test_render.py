"""From a draft to its text, HTML and message."""

import dataclasses
import email
import email.policy
import re

import pytest

from parking.mail import TEMPLATES
from parking.mail.rendering import render
from parking.mail.rendering.render import Attachment, Operator
from tests.mail.drafts import CREATED_AT, EVERY, SITE, Page, draft, parsed


@pytest.mark.parametrize(("kind", "lang"), EVERY)
def test_the_html_uses_only_what_mail_programs_show(kind, lang):
    source = render.render(draft(kind, lang), SITE).html
    page = Page(source)
    tags = dict(page.tags[:1])
    assert len(source.encode()) <= 100 * 1024
    assert tags["html"]["lang"] == lang
    assert tags["html"]["dir"] == "ltr"
    assert "{{" not in source
    assert "{%" not in source
    assert "googleapis" not in source
    assert len(re.search(r"<style.*</style>", source, re.S)[0]) < 16 * 1024
    assert {tag for tag, _ in page.tags} & {"script", "form", "iframe", "img", "svg", "object"} == set()
    assert [tag for tag, _ in page.tags].count("h1") == 1
    assert all(link.startswith("https://park.example.com/") for link in page.links)
    layout = [attrs for tag, attrs in page.tags if tag == "table"]
    assert all(attrs.get("role") in ("presentation", "table") or "grid" not in str(attrs) for attrs in layout)
    assert len([attrs for tag, attrs in page.tags if tag == "div" and "button" in attrs.get("class", "")]) <= 1


@pytest.mark.parametrize(("kind", "lang"), EVERY)
def test_the_message_follows_the_standards(kind, lang):
    raw = render.wire(draft(kind, lang), SITE)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert raw.isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert message["Message-ID"] == f"<{kind}.{lang}@park.example.com>"
    assert message["Date"].datetime == CREATED_AT
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Feedback-ID"] == f"{kind}:parking:park.example.com"
    bodies = message if message.get_content_type() == "multipart/alternative" else next(message.iter_parts())
    assert [part.get_content_type() for part in bodies.iter_parts()][:2] == ["text/plain", "text/html"]
    assert all(part.get_content_charset() == "utf-8" for part in list(bodies.iter_parts())[:2])


@pytest.mark.parametrize("kind", list(TEMPLATES))
def test_a_mail_rendered_twice_has_the_same_bytes(kind):
    assert render.wire(draft(kind), SITE) == render.wire(draft(kind), SITE)


OPERATOR = Operator(
    "Müller & Söhne",
    "+49 30 123456",
    "tel:+4930123456",
    "https://example.com/imprint?a=1&b=2",
    "https://example.com/privacy",
)


def test_the_foot_says_who_runs_the_site():
    rendered = render.render(draft("release_receipt", "de"), dataclasses.replace(SITE, operator=OPERATOR))
    foot = rendered.text.partition("\n-- \n")[2]
    assert "\n\nMüller & Söhne\n+49 30 123456\nImpressum: https://example.com/imprint?a=1&b=2\n" in foot
    assert "Datenschutz: https://example.com/privacy\n" in foot
    assert "Müller &amp; Söhne &nbsp;·&nbsp; <a" in rendered.html
    assert {"tel:+4930123456", OPERATOR.imprint_url, OPERATOR.privacy_url} <= set(Page(rendered.html).links)


def test_the_foot_shows_nothing_of_an_operator_that_is_not_set():
    one = render.render(
        draft("release_receipt", "en"), dataclasses.replace(SITE, operator=Operator(imprint_url="https://i.example"))
    )
    assert one.text.rstrip().endswith("Legal notice: https://i.example")
    assert "Privacy" not in one.text + one.html
    none = render.render(draft("release_receipt", "en"), SITE)
    assert "Legal notice" not in none.text + none.html


def test_html_is_escaped_and_text_is_not():
    context = TEMPLATES["booking_confirmation"].sample()
    context["booking"]["lot_name"] = "<script>alert(1)</script> & Söhne"
    rendered = render.render(draft("booking_confirmation", context=context, name="<b>Bob</b>"), SITE)
    assert "<script>alert" not in rendered.html
    assert "<b>Bob" not in rendered.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne" in rendered.html
    assert "<script>alert(1)</script> & Söhne" in rendered.text
    assert render.ENVIRONMENTS[".mjml"].autoescape is True
    assert render.ENVIRONMENTS[".txt"].autoescape is False


def test_attached_files_are_unchanged():
    csv = "\ufeffid,name\r\n1,Zoë\r\n".encode()
    report = Attachment("bookings 2026-10 – Zoë.csv", "text/csv", csv)
    message = parsed("user_monthly_report", attachments=[report])
    (part,) = message.iter_attachments()
    assert part.get_filename() == "bookings 2026-10 – Zoë.csv"
    assert part.get_content_type() == "text/csv"
    assert part.get_payload(decode=True) == csv


@pytest.mark.parametrize("letter", ["x", "ж", "車", "🚗"])
def test_a_long_name_of_a_file_fits_on_a_line_and_keeps_its_end(letter):
    raw = render.wire(draft("export_ready", attachments=[Attachment(letter * 120 + "/9.csv", "text/csv", b"x")]), SITE)
    assert all(len(line) <= 998 for line in raw.split(b"\r\n")), "RFC 5322, 2.1.1"
    (part,) = email.message_from_bytes(raw, policy=email.policy.default).iter_attachments()
    assert part.get_filename().endswith(letter * 60 + "_9.csv")
