"""What the mails and notices of the waitlist say."""

import pytest

from parking import clock
from parking.bookings import service as bookings
from parking.mail import TEMPLATES
from parking.mail.rendering import render
from parking.waitlist import emails
from tests.bookings.helpers import make_lot, park
from tests.mail.drafts import SITE, draft
from tests.waitlist.stage import wait

WAITS = {"en": "Waiting until", "de": "Sie warten bis"}


def text(kind, lang="en", **changes):
    context = {**TEMPLATES[kind].sample(), **changes}
    return render.render(draft(kind, lang, context), SITE).text


@pytest.mark.parametrize("lang", WAITS)
def test_only_who_waits_is_told_until_when(lang):
    walk_in = {"reserved_start": None, "reserved_end": None}
    assert WAITS[lang] in text("waitlist_joined", lang, **walk_in)
    assert WAITS[lang] in text("waitlist_withdrawn", lang, **walk_in)
    assert WAITS[lang] not in text("waitlist_withdrawn", lang, **walk_in, closed=True)
    assert WAITS[lang] not in text("waitlist_lapsed", lang, **walk_in)
    assert WAITS[lang] not in render.render(draft("waitlist_offer", lang, emails.instant_offer_sample()), SITE).text


@pytest.mark.parametrize("after", [0, 16 * 60])
def test_notices_of_an_offer_and_of_its_lapse_do_not_say_that_one_waits(client, auth, alice, bob, carol, after):
    lot = make_lot(carol, capacity=1)
    stay = park(alice, lot)
    wait(bob, lot)
    bookings.release(stay["id"], alice.id)
    clock.travel(after)
    client.get("/api/waitlist", headers=auth(bob))
    [notice] = client.get("/api/notices", headers=auth(bob)).json["notices"]
    assert notice["kind"] == ("waitlist_lapsed" if after else "waitlist_offer")
    assert WAITS["en"] not in [detail["label"] for detail in notice["details"]]


def test_a_spot_that_is_not_held_is_booked_on_the_page_of_its_lot_at_the_time_that_was_waited_for():
    link = "/lots/3?later=1&from=2026-11-24T09%3A00%3A00Z&to=2026-11-24T17%3A30%3A00Z"
    assert link in text("waitlist_free")
    before = {name: value for name, value in TEMPLATES["waitlist_free"].sample().items() if name != "lot_id"}
    assert "/waitlist/12" in render.render(draft("waitlist_free", "en", before), SITE).text
