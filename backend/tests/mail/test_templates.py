"""Every template in every language: its text, its size, and that text and HTML agree."""

import json
import re
from pathlib import Path

import pytest

from parking.mail import TEMPLATES, subscriptions
from parking.mail.rendering import render
from tests.mail.drafts import EVERY, SITE, Page, draft, parsed, with_long_names

SNAPSHOTS = Path(__file__).with_name("snapshots")


def numbers(text):
    """Every figure of a text, in order of size, without the ones in web addresses."""
    return sorted(re.findall(r"\d[\d.,:]*\d|\d", re.sub(r"https?://\S+", "", text)))


def emptied(value):
    """Empties every dict and list in it, at any depth."""
    for inner in list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ():
        emptied(inner)
    if isinstance(value, dict | list):
        value.clear()


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_a_sample_belongs_to_its_caller(template):
    before = json.dumps(template.sample())
    emptied(template.sample())
    assert json.dumps(template.sample()) == before


@pytest.mark.parametrize(("kind", "lang"), EVERY)
def test_every_template_matches_its_snapshot(kind, lang):
    """Delete a file under snapshots/ and run the test to approve a new wording or look."""
    rendered = render.render(draft(kind, lang), SITE)
    seen = f"Subject: {rendered.subject}\nPreheader: {rendered.message.preheader}\n\n{rendered.text}"
    contents = {f"{kind}.{lang}.txt": seen}
    if lang == "en":  # the look is the same in every language
        contents[f"{kind}.html"] = rendered.html
    new = [name for name in contents if not (SNAPSHOTS / name).exists()]
    for name in new:
        SNAPSHOTS.mkdir(exist_ok=True)
        (SNAPSHOTS / name).write_text(contents[name], encoding="utf-8")
    assert new == [], "these were not there and have been written: look at them and run again"
    for name, content in contents.items():
        assert content == (SNAPSHOTS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(("kind", "lang"), EVERY)
def test_subject_and_preheader_have_an_allowed_length(kind, lang):
    rendered = render.render(draft(kind, lang), SITE)
    preheader = rendered.message.preheader
    assert 10 <= len(rendered.subject) <= 60
    assert 40 <= len(preheader) <= 100
    assert "…" not in preheader, "no usual value needs to be cut"
    assert Page(rendered.html).text.count(" ".join(preheader.split())) == 1


@pytest.mark.parametrize(("kind", "lang"), EVERY)
def test_text_and_html_have_the_same_content(kind, lang):
    rendered = render.render(draft(kind, lang), SITE)
    page = Page(rendered.html)
    in_html = page.text.replace(rendered.message.preheader, "", 1)
    assert set(numbers(in_html)) == set(numbers(rendered.text)), "a figure is missing on one side"
    for block in rendered.message.blocks:
        for word in _words_of(block):
            assert " ".join(word.split()) in page.text
            assert " ".join(word.split()) in " ".join(rendered.text.split())


def _words_of(block):
    if block.kind == "paragraph":
        return [block.text]
    if block.kind == "details":
        return [word for row in block.rows for word in (row.label, row.value)]
    if block.kind == "tiles":
        return [word for tile in block.tiles for word in (tile.label, tile.value, tile.change)]
    if block.kind == "bars":
        return [word for bar in block.bars for word in (bar.label, bar.value)]
    if block.kind == "grid":
        return [word for row in block.rows for word in row]
    return [block.label]


@pytest.mark.parametrize("kind", list(TEMPLATES))
def test_only_reminders_and_reports_can_be_unsubscribed_from(kind):
    message = parsed(kind)
    source = render.render(draft(kind), SITE).html
    if kind in subscriptions():
        assert message["List-Unsubscribe"] == (
            "<https://park.example.com/unsubscribe/token>,"
            " <mailto:noreply@park.example.com?subject=unsubscribe%20token>"
        )
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert message["List-Id"] == f"<{kind.replace('_', '-')}.park.example.com>"
        own = "Reports" if kind.endswith("_report") else "Reminders"
        assert message["From"].addresses[0].display_name == f"Parkwell – {own}"
        assert "https://park.example.com/unsubscribe/token" in source
    else:
        assert [name for name in message if name.startswith("List-")] == []
        assert message["From"].addresses[0].display_name == "Parkwell"
        assert "unsubscribe" not in source


@pytest.mark.parametrize(("kind", "lang"), EVERY)
def test_long_names_break_neither_subject_nor_size(kind, lang):
    context = with_long_names(TEMPLATES[kind].sample())
    message = parsed(kind, lang, context=context, name="محمد عبد الرحمن بن عبد العزيز آل سعود الكبير " * 4)
    assert len(message["Subject"]) <= 60
    assert len(render.build(draft(kind, lang, context), SITE).preheader) <= 100
    assert len(render.render(draft(kind, lang, context), SITE).html) <= 100 * 1024


def test_no_mail_tells_about_other_users():
    for kind in TEMPLATES:
        if not TEMPLATES[kind].admin_only:
            rendered = render.render(draft(kind), SITE)
            addresses = set(re.findall(r"[\w.]+@[\w.]+", rendered.text))
            assert addresses <= {"amelia@example.com", "amelia.new@example.com"}, kind
