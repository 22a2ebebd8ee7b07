"""What a stream has to do with the database: it asks it now and then who may still listen, and holds none of it."""

from __future__ import annotations

import time

import pytest

from parking.database import db
from parking.realtime import broker, service


def disable(user):
    user.active = False


def sign_out(user):
    user.fs_uniquifier = "another"


@pytest.mark.parametrize("act", [disable, sign_out])
@pytest.mark.parametrize("hint", [True, False])
def test_the_stream_of_a_disabled_or_signed_out_person_ends(visit, people, act, hint, monkeypatch):
    monkeypatch.setattr(broker, "CHECK_SECONDS", 3600 if hint else 0.5)
    alice, bob = visit("alice"), visit("bob")
    act(people["alice"])
    db.session.commit()
    if hint:
        service.publish("account", {}, user_id=people["alice"].id)
    assert alice.wait("bye").data == {"reason": "signed out"}
    assert alice.ended.wait(60)
    time.sleep(1.2)
    assert not bob.ended.is_set()


def test_an_open_stream_holds_no_connection_to_the_database(visit, site, counts):
    pages = [visit("alice") for _ in range(5)] + [visit("bob", lot_id=3)]
    service.publish("lot", {}, lot_id=7)
    pages[-1].wait("lot")
    db.session.remove()
    assert db.engine.pool.checkedout() == 0
