"""Every kind in every language: what it says, how long, how large, and that text and HTML agree."""

import email
import email.policy
import html.parser
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from parking.mail import TEMPLATES, render, subscriptions
from parking.mail.i18n import LANGUAGES, Texts, catalogue
from parking.mail.render import Attachment, Draft, Site

SITE = Site("Parkwell", "https://park.example.com", "noreply@park.example.com")
MADE_AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SNAPSHOTS = Path(__file__).with_name("snapshots")
EVERY = [(kind, lang) for kind in TEMPLATES for lang in LANGUAGES]
LONG = "Überlandparkhaus am Nordwestkreuz mit sehr langem Namen und noch einem Zusatz für die Ostseite GmbH & Co"


def draft(kind, lang="en", context=None, **more):
    link = "https://park.example.com/unsubscribe/token" if kind in subscriptions() else ""
    given = {
        "template": kind,
        "email": "amelia@example.com",
        "name": "Amelia Stone",
        "locale": lang,
        "timezone": "Europe/Berlin",
        "context": context if context is not None else TEMPLATES[kind].sample(),
        "created_at": MADE_AT,
        "message_id": f"<{kind}.{lang}@park.example.com>",
        "unsubscribe_url": link,
        "unsubscribe_mail": "unsubscribe%20token" if link else "",
    }
    return Draft(**{**given, **more})


def parsed(kind, lang="en", **more):
    return email.message_from_bytes(render.wire(draft(kind, lang, **more), SITE), policy=email.policy.default)


class Page(html.parser.HTMLParser):
    """What a reader sees of the HTML, its links and its tags."""

    def __init__(self, source):
        super().__init__()
        self.words, self.links, self.tags, self._hidden = [], [], [], 0
        self.feed(source)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag in ("style", "title"):
            self._hidden += 1
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_endtag(self, tag):
        if tag in ("style", "title"):
            self._hidden -= 1

    def handle_data(self, data):
        if not self._hidden:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def numbers(text):
    """Every figure of a text, in order of size, without the ones in web addresses."""
    return sorted(re.findall(r"\d[\d.,:]*\d|\d", re.sub(r"https?://\S+", "", text)))


@pytest.mark.parametrize(("kind", "lang"), EVERY)
def test_the_letter_is_as_it_was_approved(kind, lang):
    """Delete a file under snapshots/ and run the test to approve a new wording or look."""
    shown = render.render(draft(kind, lang), SITE)
    seen = f"Subject: {shown.subject}\nPreheader: {shown.message.preheader}\n\n{shown.text}"
    contents = {f"{kind}.{lang}.txt": seen}
    if lang == "en":  # the look is the same in every language
        contents[f"{kind}.html"] = shown.html
    new = [name for name in contents if not (SNAPSHOTS / name).exists()]
    for name in new:
        SNAPSHOTS.mkdir(exist_ok=True)
        (SNAPSHOTS / name).write_text(contents[name], encoding="utf-8")
    assert new == [], "these were not there and have been written: look at them and run again"
    for name, content in contents.items():
        assert content == (SNAPSHOTS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize(("kind", "lang"), EVERY)
def test_subject_and_preheader_have_their_length(kind, lang):
    rendered = render.render(draft(kind, lang), SITE)
    preheader = rendered.message.preheader
    assert 10 <= len(rendered.subject) <= 60
    assert 40 <= len(preheader) <= 100
    assert Page(rendered.html).text.count(" ".join(preheader.split())) == 1


@pytest.mark.parametrize(("kind", "lang"), EVERY)
def test_text_and_html_say_the_same(kind, lang):
    shown = render.render(draft(kind, lang), SITE)
    page = Page(shown.html)
    in_html = page.text.replace(shown.message.preheader, "", 1)
    assert set(numbers(in_html)) == set(numbers(shown.text)), "a figure is missing on one side"
    for block in shown.message.blocks:
        for said in _words_of(block):
            assert " ".join(said.split()) in page.text
            assert " ".join(said.split()) in " ".join(shown.text.split())


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


@pytest.mark.parametrize(("kind", "lang"), EVERY)
def test_the_html_is_what_mail_programs_can_show(kind, lang):
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
def test_the_message_is_built_as_the_standards_want(kind, lang):
    raw = render.wire(draft(kind, lang), SITE)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert raw.isascii()
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert message["Message-ID"] == f"<{kind}.{lang}@park.example.com>"
    assert message["Date"].datetime == MADE_AT
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Feedback-ID"] == f"{kind}:parking:park.example.com"
    bodies = message if message.get_content_type() == "multipart/alternative" else next(message.iter_parts())
    assert [part.get_content_type() for part in bodies.iter_parts()][:2] == ["text/plain", "text/html"]
    assert all(part.get_content_charset() == "utf-8" for part in list(bodies.iter_parts())[:2])


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


@pytest.mark.parametrize("kind", list(TEMPLATES))
def test_a_mail_drawn_twice_is_the_same_to_the_byte(kind):
    assert render.wire(draft(kind), SITE) == render.wire(draft(kind), SITE)


def _with_long_names(value):
    if isinstance(value, dict):
        return {k: LONG if k in ("lot_name", "name", "lot_address") else _with_long_names(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_with_long_names(item) for item in value]
    return value


@pytest.mark.parametrize(("kind", "lang"), EVERY)
def test_long_names_break_neither_subject_nor_size(kind, lang):
    context = _with_long_names(TEMPLATES[kind].sample())
    message = parsed(kind, lang, context=context, name="محمد عبد الرحمن بن عبد العزيز آل سعود الكبير " * 4)
    assert len(message["Subject"]) <= 60
    assert len(render.build(draft(kind, lang, context), SITE).preheader) <= 100
    assert len(render.render(draft(kind, lang, context), SITE).html) <= 100 * 1024


def test_a_long_lot_name_leaves_the_spot_readable():
    context = _with_long_names(TEMPLATES["booking_confirmation"].sample())
    subject = render.subject(draft("booking_confirmation", context=context), SITE)
    assert subject.startswith("Reserved: spot 17 at Überland")
    assert subject.endswith("…")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_report_of_hundreds_of_lots_stays_below_what_gmail_clips(lang):
    lots = [
        {"name": f"{LONG[:90]} {n}", "bookings": n, "revenue_minor": n, "occupancy_percent": 50} for n in range(500)
    ]
    context = {**TEMPLATES["admin_monthly_report"].sample(), "lots": lots}
    shown = render.render(draft("admin_monthly_report", lang, context), SITE)
    assert len(shown.html.encode()) <= 100 * 1024
    assert "460" in shown.text  # how many more lots there are


@pytest.mark.parametrize("lang", LANGUAGES)
def test_letters_about_nothing_say_so(lang):
    zero = {"bookings": 0, "revenue_minor": 0, "occupancy_percent": 0.0, "new_users": 0}
    empty = {**TEMPLATES["admin_daily_report"].sample(), "figures": zero, "previous": None, "lots": []}
    text = render.render(draft("admin_daily_report", lang, empty), SITE).text
    assert Texts(lang)("report.nothing") in text
    user = {**TEMPLATES["user_monthly_report"].sample(), "lots": [], "previous": None}
    assert Texts(lang)("report.nothing") in render.render(draft("user_monthly_report", lang, user), SITE).text
    nobody = {"days_since_last": None, "lots": []}
    shown = render.render(draft("inactivity_reminder", lang, nobody), SITE)
    assert Texts(lang)("inactivity_reminder.never") in " ".join(shown.text.split())


DAYS = [
    {"starts": "2026-11-24T08:00:00Z", "seconds": 57_600, "amount_minor": 1800, "capped": True},
    {"starts": "2026-11-25T00:00:00Z", "seconds": 3_661, "amount_minor": 254},
]


def said_of(lines, lang, **booking):
    context = {"booking": {**TEMPLATES["release_receipt"].sample()["booking"], **booking, "lines": lines}}
    return render.render(draft("release_receipt", lang, context), SITE).text.replace("\u00a0", " ")


def test_the_lines_of_a_receipt_are_in_the_readers_language():
    assert "Tue 24 Nov 2026: €18.00 (16 h × €2.50, the most a day costs)" in said_of(DAYS, "en")
    german = said_of(DAYS, "de")
    assert "Di., 24. Nov. 2026: 18,00 € (16 Std. × 2,50 €, Höchstpreis am Tag)" in german
    assert "Mi., 25. Nov. 2026: 2,54 € (1 Std. 1 Min. 1 s × 2,50 €)" in german
    free = [{"starts": DAYS[0]["starts"], "seconds": 300, "amount_minor": 0, "free": True}]
    assert "5 Min. × 2,50 €: 0,00 €, innerhalb der freien Minuten" in said_of(free, "de")


def test_a_receipt_tells_the_stay_from_the_time_that_was_reserved():
    """Who leaves early pays the window: the hours parked are not the hours charged."""
    window = {"reserved_start": "2026-11-23T10:00:00Z", "reserved_end": "2026-11-23T18:00:00Z"}
    text = said_of([], "en", **window, duration_seconds=28_800)
    assert "Duration: 5 h 28 min\n" in text
    assert "Reserved: Mon 23 Nov 2026, 10:00 – 18:00\n" in text
    assert "Time charged: 8 h\n" in text


def test_a_report_whose_bookings_are_too_large_for_a_mail_leads_to_them():
    context = {**TEMPLATES["admin_monthly_report"].sample(), "bookings_attached": False}
    shown = render.render(draft("admin_monthly_report", context=context), SITE)
    assert "Two files are attached" not in shown.text
    assert "\nhttps://park.example.com/admin/exports\n" in shown.text
    assert "https://park.example.com/admin/exports" in Page(shown.html).links


def test_times_are_the_lots_and_also_the_readers_where_they_differ():
    context = TEMPLATES["booking_confirmation"].sample()
    abroad = render.render(draft("booking_confirmation", context=context, timezone="Asia/Kolkata"), SITE).text
    abroad = abroad.replace("\u00a0", " ")
    assert "From: Tue 24 Nov 2026, 09:00" in abroad
    assert "Time zone: Europe/London (UTC+0)" in abroad
    assert "In your time: Tue 24 Nov 2026, 14:30 – 23:00 (Asia/Kolkata, UTC+5:30)" in abroad
    at_home = render.render(draft("booking_confirmation", context=context, timezone="Europe/London"), SITE).text
    assert "In your time" not in at_home


def test_utc_is_named_once():
    assert Texts("en").zone_label("UTC", "2026-10-24T22:00:00Z") == "UTC"
    assert Texts("de").in_zone("10:30 Uhr", "UTC", "2026-10-24T22:00:00Z") == "10:30 Uhr (UTC)"
    assert Texts("de").in_zone("10:30", "Asia/Kolkata", "2026-10-24T22:00:00Z") == "10:30 (Asia/Kolkata,\u00a0UTC+5:30)"


@pytest.mark.parametrize(
    ("kind", "day_or_month", "english", "german"),
    [
        ("admin_daily_report", {"day": "2026-03-01"}, "Sat 28 Feb 2026", "Sa., 28. Feb. 2026"),
        ("admin_monthly_report", {"month": "2026-01"}, "December 2025", "Dezember 2025"),
        ("user_monthly_report", {"month": "2026-01"}, "December 2025", "Dezember 2025"),
    ],
)
def test_a_report_names_what_its_changes_are_measured_against(kind, day_or_month, english, german):
    for lang, period in (("en", f"Compared with {english}."), ("de", f"Verglichen mit {german}.")):
        context = {**TEMPLATES[kind].sample(), **day_or_month}
        assert period in render.render(draft(kind, lang, context), SITE).text.replace("\u00a0", " ")
        alone = render.render(draft(kind, lang, {**context, "previous": None}), SITE).text
        assert period.split()[0] not in alone


def test_a_percentage_that_rounds_to_a_whole_one_has_no_nought():
    assert [Texts("en").percent(value) for value in (3.96, 4, 4.04, 4.06)] == ["4%", "4%", "4%", "4.1%"]


def test_one_point_is_one_point():
    context = TEMPLATES["admin_daily_report"].sample()
    context = {**context, "figures": {**context["figures"], "occupancy_percent": 62.0}}
    assert "▲ 1 point more" in render.render(draft("admin_daily_report", "en", context), SITE).text
    assert "▲ 1 Punkt mehr" in render.render(draft("admin_daily_report", "de", context), SITE).text


def test_a_stay_over_the_change_of_clocks_names_both_offsets():
    assert (
        Texts("de").zone_label("Europe/Berlin", "2026-10-24T22:00:00Z", "2026-10-25T05:00:00Z")
        == "Europe/Berlin (UTC+2, dann UTC+1)"
    )


@pytest.mark.parametrize(
    ("minor", "currency", "english", "german"),
    [
        (123456789, "EUR", "€1,234,567.89", "1.234.567,89\u00a0€"),
        (5, "GBP", "£0.05", "0,05\u00a0£"),
        (-150, "USD", "−$1.50", "−1,50\u00a0$"),
        (50000, "JPY", "¥500", "500\u00a0¥"),
        (100, "CHF", "CHF\u00a01.00", "1,00\u00a0CHF"),
        (2**53 + 1, "EUR", "€90,071,992,547,409.93", "90.071.992.547.409,93\u00a0€"),
    ],
)
def test_money_is_written_exactly(minor, currency, english, german):
    assert Texts("en").money(minor, currency) == english
    assert Texts("de").money(minor, currency) == german


def test_the_catalogue_has_every_sentence_in_every_language_with_the_same_blanks():
    for section, entries in catalogue().items():
        for key, texts in entries.items():
            assert set(texts) == set(LANGUAGES), f"{section}.{key}"
            blanks = {lang: set(re.findall(r"{(\w+)}", text)) for lang, text in texts.items()}
            assert blanks["en"] == blanks["de"], f"{section}.{key}"


def test_html_is_escaped_and_text_is_not():
    context = TEMPLATES["booking_confirmation"].sample()
    context["booking"]["lot_name"] = "<script>alert(1)</script> & Söhne"
    shown = render.render(draft("booking_confirmation", context=context, name="<b>Bob</b>"), SITE)
    assert "<script>alert" not in shown.html
    assert "<b>Bob" not in shown.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; Söhne" in shown.html
    assert "<script>alert(1)</script> & Söhne" in shown.text
    assert render.ENVIRONMENTS[".mjml"].autoescape is True
    assert render.ENVIRONMENTS[".txt"].autoescape is False


def test_a_link_that_is_no_web_address_is_refused():
    for link in ("javascript:alert(1)", "//evil.example", "data:text/html,x", ""):
        with pytest.raises(ValueError, match="https"):
            render.build(draft("password_reset", context={**TEMPLATES["password_reset"].sample(), "link": link}), SITE)


def test_files_travel_as_they_are():
    csv = "\ufeffid,name\r\n1,Zoë\r\n".encode()
    report = Attachment("bookings 2026-10 – Zoë.csv", "text/csv", csv)
    message = parsed("user_monthly_report", attachments=[report])
    (part,) = message.iter_attachments()
    assert part.get_filename() == "bookings 2026-10 – Zoë.csv"
    assert part.get_content_type() == "text/csv"
    assert part.get_payload(decode=True) == csv


def test_no_mail_tells_about_other_users():
    for kind in TEMPLATES:
        if not TEMPLATES[kind].admin_only:
            shown = render.render(draft(kind), SITE)
            addresses = set(re.findall(r"[\w.]+@[\w.]+", shown.text))
            assert addresses <= {"amelia@example.com", "amelia.new@example.com"}, kind


def test_the_old_address_learns_only_a_part_of_the_new_one():
    shown = render.render(draft("email_changed_notice"), SITE)
    assert "amelia.new@" not in shown.text + shown.html
    assert "a…@example.com" in shown.text
