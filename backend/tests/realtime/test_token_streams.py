"""The event stream of a program with an API token: its lots alone, and its end."""

from __future__ import annotations

import pytest
from sqlalchemy import delete

from parking.accounts.tokens import store
from parking.accounts.tokens.models import ApiToken
from parking.clock import now
from parking.database import db, transaction
from parking.realtime import broker, service
from tests.realtime.pages import Page


@pytest.fixture
def listen(site, people):
    """`listen("lots:read", lot_ids=[3])` opens alice's stream with such a token."""
    opened: list[Page] = []

    def listen(*scopes: str, lot_ids: list[int] | None = None, **more) -> Page:
        secret = store.new_secret()
        db.session.close()
        with transaction() as session:
            session.add(
                ApiToken(
                    user_id=people["alice"].id,
                    name=f"token {len(opened)}",
                    name_key=f"token {len(opened)}",
                    token_hash=store.hash_of(secret),
                    scopes=scopes,
                    lot_ids=lot_ids,
                    as_admin=False,
                    created_at=now(),
                )
            )
        page = Page(site.config["ADDRESS"], secret, **more)
        opened.append(page)
        return page

    yield listen
    for page in opened:
        page.leave()


def test_a_stream_has_what_its_scopes_and_lots_say(listen, visit, people, counts):
    display = listen("lots:read", lot_ids=[3], lots="3")
    reader = listen("lots:read", "bookings:read", lots="3")
    page = visit("alice", lots="3,7")
    for lot in (7, 3):
        service.publish("lot", {}, lot_id=lot)
        service.publish("spot", {"lot_id": lot, "id": lot, "spot_number": 1, "status": "Occupied"}, lot_id=lot)
    service.publish("booking", {"id": 5, "status": "Active"}, user_id=people["alice"].id)
    service.publish("spot", {"lot_id": 3, "id": 99, "spot_number": 2, "status": "Available"}, lot_id=3)
    for one in (display, reader, page):
        one.wait("spot", id=99)
        one.wait("lot", id=3)
    page.wait("lot", id=7)
    reader.wait("lot", id=7)
    assert {one.data["lot_id"] for one in display.all("spot")} == {3}
    assert {one.data["id"] for one in display.all("lot")} == {3}
    assert display.all("booking") == []
    assert len(reader.all("booking")) == len(page.all("booking")) == 1


def test_a_stream_without_the_scope_of_lots_is_refused(listen):
    refused = listen("bookings:read")
    assert (refused.status, refused.problem["code"]) == (403, "insufficient_scope")


@pytest.mark.parametrize("hint", [True, False])
def test_a_stream_ends_with_its_token(listen, people, hint, monkeypatch):
    monkeypatch.setattr(broker, "CHECK_SECONDS", 3600 if hint else 0.5)
    display = listen("lots:read")
    with transaction() as session:
        session.execute(delete(ApiToken))
    if hint:
        service.publish("account", {}, user_id=people["alice"].id)
    assert display.wait("bye").data == {"reason": "signed out"}
    assert display.ended.wait(60)
