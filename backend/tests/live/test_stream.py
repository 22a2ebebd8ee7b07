"""The event stream: who sees what, how often, how it resumes, and how it ends."""

from __future__ import annotations

import itertools
import time

import pytest

from parking.accounts import tokens
from parking.live import hub, service
from parking.live.courier import STREAM
from tests.live.pages import Page

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # it is not asked here


def test_a_stream_wants_a_signed_in_person(site, people):
    page = Page(site.config["ADDRESS"], "forged")
    assert (page.status, page.problem["code"]) == (401, "unauthorized")


def test_a_change_arrives_in_every_page_with_an_id(visit, counts):
    alice, bob = visit("alice"), visit("bob")
    service.publish("lot", {}, lot_id=7)
    for page in (alice, bob):
        assert page.wait("lot", 2, id=7).id


def test_spots_go_to_those_who_look_at_their_lot_and_say_nothing_of_the_driver(visit):
    here, elsewhere, home = visit("alice", lot_id=7), visit("bob", lot_id=8), visit("carol")
    data = {"id": 70, "spot_number": 3, "status": "Occupied", "user_id": 9, "user_email": "x@example.com"}
    service.publish("spot", data, lot_id=7)
    assert here.wait("spot").data == {"lot_id": 7, "id": 70, "spot_number": 3, "status": "Occupied"}
    service.publish("spot", data, lot_id=8)
    elsewhere.wait("spot", lot_id=8)
    assert len(here.all("spot")) == 1
    assert len(elsewhere.all("spot")) == 1
    assert home.all("spot") == []


def test_bookings_go_to_their_owner_alone_even_past_an_administrator(visit, people):
    alice, second_tab, bob, carol = visit("alice"), visit("alice"), visit("bob"), visit("carol")
    data = {"id": 5, "status": "Active", "vehicle_plate": "B-AD 1"}
    service.publish("booking", data, user_id=people["alice"].id)
    for page in (alice, second_tab):
        assert page.wait("booking").data == {"id": 5, "status": "Active"}
    service.publish("booking", data, user_id=people["bob"].id)
    bob.wait("booking")
    assert (len(alice.all("booking")), len(bob.all("booking")), carol.all("booking")) == (1, 1, [])


def test_many_changes_of_a_lot_become_one_event_in_a_quarter_of_a_second_and_the_last_is_told(visit, counts):
    page = visit("alice")
    for _ in range(150):
        service.publish("lot", {}, lot_id=7)
        service.publish("lot", {}, lot_id=8)
        time.sleep(0.01)
    end = time.monotonic()
    time.sleep(0.6)
    for lot in (7, 8):
        times = [one.at for one in page.all("lot") if one.data["id"] == lot]
        gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
        assert 4 <= len(times) <= 12
        assert min(gaps) > 0.2  # 0.25 less what the road varies
        assert times[-1] > end - 0.05
    assert len(counts) <= 12


def test_nobody_is_counted_for_while_no_page_is_open(visit, counts):
    service.publish("lot", {}, lot_id=7)
    assert service.flush(2)
    time.sleep(0.5)
    assert counts == []


def test_a_page_that_was_away_gets_what_it_missed_and_no_more(visit, people, counts):
    page = visit("alice", lot_id=7)
    service.publish("booking", {"id": 1, "status": "Active"}, user_id=people["alice"].id)
    page.wait("booking", id=1)
    last = page.last_id
    page.leave()
    other = visit("bob")
    service.publish("booking", {"id": 1, "status": "Completed"}, user_id=people["alice"].id)
    service.publish("booking", {"id": 2, "status": "Active"}, user_id=people["bob"].id)
    service.publish("spot", {"id": 70, "spot_number": 3, "status": "Occupied"}, lot_id=7)
    service.publish("spot", {"id": 80, "spot_number": 3, "status": "Occupied"}, lot_id=8)
    service.publish("lot", {}, lot_id=7)
    other.wait("lot", id=7)
    back = visit("alice", lot_id=7, after=last)
    back.wait("lot", id=7)
    told = [(one.event, one.data.get("id"), one.data.get("status")) for one in back.seen if one.event != "ping"]
    assert told == [("booking", 1, "Completed"), ("spot", 70, "Occupied"), ("lot", 7, None)]


@pytest.mark.parametrize("after", ["1-0", "0-0", "nonsense", "9" * 40, "-1-1", "1-1-1"])
def test_who_was_away_too_long_is_told_to_read_everything_anew(visit, valkey, after):
    service.publish("lot", {}, lot_id=1)
    service.flush(2)
    assert visit("alice", after=after).wait("resync")


def test_who_missed_nothing_is_not_told_to_read_anew(visit):
    page = visit("alice")
    service.publish("lot", {}, lot_id=1)
    service.flush(2)
    time.sleep(0.2)
    page.leave()
    first = visit("alice")
    again = visit("alice", after=first.last_id)
    assert again.all("resync") == []


def test_heartbeats_carry_the_newest_id(visit, people, monkeypatch):
    monkeypatch.setattr(hub, "PING_SECONDS", 0.5)
    page = visit("alice")
    service.publish("booking", {"id": 2, "status": "Active"}, user_id=people["bob"].id)
    time.sleep(2.5)
    pings = page.all("ping")
    assert len(pings) >= 2
    assert pings[-1].id > pings[0].id


def test_a_stream_ends_with_its_token(site, people, monkeypatch):
    monkeypatch.setattr(tokens, "LIFETIME", tokens.timedelta(seconds=2))
    page = Page(site.config["ADDRESS"], tokens.issue(people["alice"].fs_uniquifier))
    assert page.wait("bye", 5).data == {"reason": "expired"}
    assert page.ended.wait(2)


def test_a_page_that_closes_frees_its_place_at_once(visit, site):
    page = visit("alice")
    assert service.open_streams() == 1
    page.leave()
    end = time.monotonic() + 3
    while service.open_streams() and time.monotonic() < end:
        time.sleep(0.02)
    assert service.open_streams() == 0


def test_one_person_cannot_take_all_places(visit, monkeypatch):
    monkeypatch.setattr(hub, "MAX_STREAMS_PER_USER", 2)
    visit("alice"), visit("alice")
    third = visit("alice")
    assert third.status == 429
    assert third.response.headers["Retry-After"]
    assert visit("bob").status == 200


def test_when_all_places_are_taken_the_next_is_told_when_to_come_back(visit, monkeypatch):
    monkeypatch.setattr(hub, "MAX_STREAMS", 1)
    visit("alice")
    second = visit("bob")
    assert (second.status, second.response.headers["Retry-After"]) == (503, "5")


@pytest.mark.parametrize(("fault", "mend"), [("stop", "start"), ("freeze", "thaw")])
def test_without_redis_the_page_is_told_to_poll_and_afterwards_to_read_anew(visit, valkey, counts, fault, mend):
    page = visit("alice")
    time.sleep(0.1)
    assert page.all("degraded") == []
    getattr(valkey, fault)()
    page.wait("degraded", 6)
    newcomer = visit("bob")
    newcomer.wait("degraded", 6)
    getattr(valkey, mend)()
    for one in (page, newcomer):
        one.wait("resync", 8)
        assert len(one.all("resync")) == 1
    service.call_redis(lambda client: client.ping())
    time.sleep(1.1)  # the publisher's own breaker
    service.publish("lot", {}, lot_id=7)
    for one in (page, newcomer):
        one.wait("lot", 3, id=7)


def test_a_wiped_redis_goes_unnoticed_by_open_pages(visit, valkey, counts):
    page = visit("alice")
    service.publish("lot", {}, lot_id=7)
    page.wait("lot", id=7)
    valkey.wipe()
    service.publish("lot", {}, lot_id=8)
    page.wait("lot", id=8)
    assert page.all("degraded") == []


def test_a_broken_entry_or_a_failing_count_stops_nobody(visit, valkey, monkeypatch, people):
    def broken(lots):
        raise RuntimeError("database away")

    monkeypatch.setattr(service, "_lot_counts", broken)
    page = visit("alice")
    valkey.client.xadd(STREAM, {"e": "{not json"})
    service.publish("lot", {}, lot_id=7)
    time.sleep(0.3)
    monkeypatch.setattr(service, "_lot_counts", lambda lots: [{"id": lot} for lot in lots])
    service.publish("booking", {"id": 1, "status": "Active"}, user_id=people["alice"].id)
    page.wait("lot", 5, id=7)
    page.wait("booking", 5)
