"""The texts of the mails about an account."""

import pytest

from parking.mail import TEMPLATES
from parking.mail.rendering import render
from tests.mail.drafts import SITE, draft


def test_a_link_must_be_a_path_or_an_http_url():
    for link in ("javascript:alert(1)", "//evil.example", "data:text/html,x", ""):
        with pytest.raises(ValueError, match="https"):
            render.build(draft("password_reset", context={**TEMPLATES["password_reset"].sample(), "link": link}), SITE)


def test_the_notice_to_the_old_address_has_only_a_part_of_the_new_one():
    rendered = render.render(draft("email_changed_notice"), SITE)
    assert "amelia.new@" not in rendered.text + rendered.html
    assert "a…@example.com" in rendered.text
