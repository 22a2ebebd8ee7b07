"""The texts of the scheduled mails."""

import pytest

from parking.mail import TEMPLATES
from parking.mail.i18n import LANGUAGES, Texts
from parking.mail.rendering import render
from tests.mail.drafts import LONG, SITE, Page, draft


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_report_of_500_lots_stays_below_100_kilobytes(lang):
    lots = [
        {"name": f"{LONG[:90]} {n}", "bookings": n, "revenue_minor": n, "occupancy_percent": 50} for n in range(500)
    ]
    context = {**TEMPLATES["admin_monthly_report"].sample(), "lots": lots}
    rendered = render.render(draft("admin_monthly_report", lang, context), SITE)
    assert len(rendered.html.encode()) <= 100 * 1024
    assert "460" in rendered.text  # how many more lots there are


@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_empty_report_says_that_it_is_empty(lang):
    zero = {"bookings": 0, "revenue_minor": 0, "occupancy_percent": 0.0, "new_users": 0}
    empty = {**TEMPLATES["admin_daily_report"].sample(), "figures": zero, "previous": None, "lots": []}
    text = render.render(draft("admin_daily_report", lang, empty), SITE).text
    assert Texts(lang)("report.nothing") in text
    user = {**TEMPLATES["user_monthly_report"].sample(), "lots": [], "previous": None}
    assert Texts(lang)("report.nothing") in render.render(draft("user_monthly_report", lang, user), SITE).text
    context = {"days_since_last": None, "lots": []}
    rendered = render.render(draft("inactivity_reminder", lang, context), SITE)
    assert Texts(lang)("inactivity_reminder.never") in " ".join(rendered.text.split())


def test_a_report_without_its_file_links_to_the_page_of_exports():
    context = {**TEMPLATES["admin_monthly_report"].sample(), "bookings_attached": False}
    rendered = render.render(draft("admin_monthly_report", context=context), SITE)
    assert "Two files are attached" not in rendered.text
    assert "\nhttps://park.example.com/admin/exports\n" in rendered.text
    assert "https://park.example.com/admin/exports" in Page(rendered.html).links


@pytest.mark.parametrize(
    ("kind", "day_or_month", "english", "german"),
    [
        ("admin_daily_report", {"day": "2026-03-01"}, "Sat 28 Feb 2026", "Sa., 28. Feb. 2026"),
        ("admin_monthly_report", {"month": "2026-01"}, "December 2025", "Dezember 2025"),
        ("user_monthly_report", {"month": "2026-01"}, "December 2025", "Dezember 2025"),
    ],
)
def test_a_report_names_the_period_of_its_comparison(kind, day_or_month, english, german):
    for lang, period in (("en", f"Compared with {english}."), ("de", f"Verglichen mit {german}.")):
        context = {**TEMPLATES[kind].sample(), **day_or_month}
        assert period in render.render(draft(kind, lang, context), SITE).text.replace("\u00a0", " ")
        alone = render.render(draft(kind, lang, {**context, "previous": None}), SITE).text
        assert period.split()[0] not in alone


def test_a_change_of_one_point_is_in_the_singular():
    context = TEMPLATES["admin_daily_report"].sample()
    context = {**context, "figures": {**context["figures"], "occupancy_percent": 62.0}}
    assert "▲ 1 point more" in render.render(draft("admin_daily_report", "en", context), SITE).text
    assert "▲ 1 Punkt mehr" in render.render(draft("admin_daily_report", "de", context), SITE).text
