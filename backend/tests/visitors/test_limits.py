"""Mails to people who did not ask for them are counted for whoever causes them, and for each address."""

from __future__ import annotations

import dataclasses

import pytest

from tests.visitors.conftest import ADDRESS, mails, window


@pytest.fixture
def settings(settings):
    return dataclasses.replace(settings, rate_limits=True, guests_per_user=40, max_open_bookings_per_user=0)


@pytest.mark.parametrize(("who", "most"), [("bob", 5), ("arno", 30)])
def test_a_driver_may_invite_fewer_than_the_staff_of_the_lot(ask, lot, bob, arno, who, most):
    person, path = {"bob": bob, "arno": arno}[who], f"/api/lots/{lot['id']}/visitors"
    bad = {"name": "Vera", "email": "nobody"}  # it counts all the same, and books nothing
    for _ in range(most):
        ask(person, "POST", path, 422, json=bad)
    refused = ask(person, "POST", path, 429, json=bad)
    assert refused["retry_after"] > 0
    ask(bob if person is arno else arno, "POST", path, 422, json=bad)


def test_an_address_gets_thirty_mails_a_day_at_most(ask, invite, arno):
    """Whoever makes the bookings."""
    for n in range(16):
        booking = invite(arno, email=ADDRESS, **window(1 + n))
        path = f"/api/admin/bookings/{booking['id']}/cancel"
        ask(arno, "POST", path, 200, json={"reason": "Not needed"})
    states = [mail.state for mail in mails()]
    assert (states.count("queued"), states.count("suppressed")) == (30, 2)


def test_the_link_is_asked_for_by_addresses_so_often(ask):
    for _ in range(120):
        ask(None, "POST", "/api/visitors/booking", 404, json={"token": "guess"})
    ask(None, "POST", "/api/visitors/booking/cancel", 404, json={"token": "guess"})
    ask(None, "POST", "/api/visitors/booking", 429, json={"token": "guess"})
