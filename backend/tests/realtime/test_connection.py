"""The event stream: who sees what, how often, how it resumes, and how it ends."""

from __future__ import annotations

import itertools
import time
from types import SimpleNamespace

import pytest

from parking.accounts.sessions import access_tokens
from parking.realtime import broker, service
from parking.realtime.feed import sort_key
from parking.realtime.publisher import STREAM
from tests.launch.conftest import wait_for
from tests.realtime.pages import Page
from tests.services import impatient

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # it is not asked here


def test_a_stream_requires_a_signed_in_user(site, people):
    page = Page(site.config["ADDRESS"], "forged")
    assert (page.status, page.problem["code"]) == (401, "unauthorized")


def test_a_change_arrives_in_every_page_with_an_id(visit, counts):
    alice, bob = visit("alice"), visit("bob")
    service.publish("lot", {}, lot_id=7)
    for page in (alice, bob):
        assert page.wait("lot", id=7).id


def test_events_of_spots_go_to_viewers_of_their_lot_and_do_not_name_the_driver(visit):
    here, elsewhere, home = visit("alice", lot_id=7), visit("bob", lot_id=8), visit("carol")
    data = {"id": 70, "spot_number": 3, "status": "Occupied", "user_id": 9, "user_email": "x@example.com"}
    service.publish("spot", data, lot_id=7)
    assert here.wait("spot").data == {"lot_id": 7, "id": 70, "spot_number": 3, "status": "Occupied"}
    service.publish("spot", data, lot_id=8)
    elsewhere.wait("spot", lot_id=8)
    assert len(here.all("spot")) == 1
    assert len(elsewhere.all("spot")) == 1
    assert home.all("spot") == []


def test_one_stream_serves_the_lots_of_several_tabs_also_after_a_break(visit):
    page = visit("alice", lots="7,8")
    spot = {"id": 70, "spot_number": 3, "status": "Occupied"}
    for lot in (7, 8, 9):
        service.publish("spot", spot, lot_id=lot)
    service.publish("booking", {"id": 1, "status": "Active"}, user_id=0)
    page.wait("spot", lot_id=8)
    assert [one.data["lot_id"] for one in page.all("spot")] == [7, 8]
    last = page.last_id
    page.leave()
    other = visit("bob", lots="9")
    for lot in (7, 9, 8):
        service.publish("spot", spot, lot_id=lot)
    other.wait("spot", lot_id=9)
    back = visit("alice", lots="7,8,9", after=last)
    back.wait("spot", lot_id=8)
    assert {7, 8, 9} == {one.data["lot_id"] for one in back.all("spot")}


@pytest.mark.parametrize("lots", ["", "x", "7,", ",7", "7;8", "-1", "1e3", "7, 8", "9" * 19, ",".join(["7"] * 101)])
def test_lots_that_are_none_are_refused(site, people, auth, lots):
    answer = site.test_client().get("/api/stream", query_string={"lots": lots}, headers=auth(people["alice"]))
    assert answer.status_code == 422, answer.text


def test_bookings_are_sent_to_their_owner_only_not_to_administrators(visit, people):
    alice, second_tab, bob, carol = visit("alice"), visit("alice"), visit("bob"), visit("carol")
    data = {"id": 5, "status": "Active", "vehicle_plate": "B-AD 1"}
    service.publish("booking", data, user_id=people["alice"].id)
    for page in (alice, second_tab):
        assert page.wait("booking").data == {"id": 5, "status": "Active"}
    service.publish("booking", data, user_id=people["bob"].id)
    bob.wait("booking")
    assert (len(alice.all("booking")), len(bob.all("booking")), carol.all("booking")) == (1, 1, [])


def test_many_changes_of_a_lot_become_one_event_per_quarter_of_a_second_with_the_last_state(visit, monkeypatch):
    """Told while the changes go on, at most four times a second however long that takes here, and the last one."""
    queries, changes = [], itertools.count(1)

    def counted(lots):
        queries.append(lots)
        return [{"id": lot, "change": change} for lot in lots]

    monkeypatch.setattr(service, "_lot_counts", counted)
    page, change, begun = visit("alice"), 0, time.monotonic()
    while len([one for one in page.all("lot") if one.data["id"] == 8]) < 4 and change < 6000:
        change = next(changes)
        service.publish("lot", {}, lot_id=7)
        service.publish("lot", {}, lot_id=8)
        time.sleep(0.01)
    for lot in (7, 8):
        page.wait("lot", id=lot, change=change)
    event_counts = [len([one for one in page.all("lot") if one.data["id"] == lot]) for lot in (7, 8)]
    times = len(queries)
    most = (time.monotonic() - begun) / broker.COUNTS_SECONDS + 1
    assert change > most, "there were more changes than may be told"
    assert 4 <= min(event_counts) <= max(event_counts) <= times <= most


def test_nothing_is_counted_while_no_page_is_open(visit, counts):
    service.publish("lot", {}, lot_id=7)
    assert service.flush(60)
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
    events = [(one.event, one.data.get("id"), one.data.get("status")) for one in back.seen if one.event != "ping"]
    assert events == [("booking", 1, "Completed"), ("spot", 70, "Occupied"), ("lot", 7, None)]


@pytest.mark.parametrize("after", ["1-0", "0-0", "nonsense", "9" * 40, "-1-1", "1-1-1"])
def test_a_page_that_was_away_too_long_gets_a_reset(visit, valkey, after):
    service.publish("lot", {}, lot_id=1)
    assert service.flush(60)
    assert visit("alice", after=after).wait("resync")


def test_a_page_that_missed_nothing_gets_no_reset(visit):
    page = visit("alice")
    service.publish("lot", {}, lot_id=1)
    assert service.flush(60)
    time.sleep(0.2)
    page.leave()
    first = visit("alice")
    again = visit("alice", after=first.last_id)
    assert again.all("resync") == []


def test_heartbeats_carry_the_newest_id(visit, people, monkeypatch):
    monkeypatch.setattr(broker, "PING_SECONDS", 0.5)
    page = visit("alice")
    service.publish("booking", {"id": 2, "status": "Active"}, user_id=people["bob"].id)
    wait_for(
        lambda: sort_key(page.all("ping")[-1].id) > sort_key(page.all("ping")[0].id), what="a heartbeat with a newer id"
    )


def test_a_stream_ends_with_its_token(site, people, monkeypatch):
    page = Page(site.config["ADDRESS"], access_tokens.issue(people["alice"].fs_uniquifier))
    time.sleep(2 * broker.TICK_SECONDS)
    assert page.all("bye") == []
    ended = time.time() + access_tokens.lifetime().total_seconds()
    later = SimpleNamespace(time=lambda: ended, monotonic=time.monotonic, sleep=time.sleep)
    monkeypatch.setattr(broker, "time", later)
    assert page.wait("bye").data == {"reason": "expired"}
    assert page.ended.wait(60)


def test_a_page_that_closes_frees_its_place_at_once(visit, site, monkeypatch):
    """The connection tells it: no heartbeat and no check is due that would stumble over it."""
    monkeypatch.setattr(broker, "PING_SECONDS", 3600)
    monkeypatch.setattr(broker, "CHECK_SECONDS", 3600)
    page = visit("alice")
    assert service.open_streams() == 1
    page.leave()
    wait_for(lambda: service.open_streams() == 0, what="the place to be free")


def test_one_account_has_so_many_streams_and_a_new_one_ends_its_oldest(visit, monkeypatch):
    monkeypatch.setattr(broker, "MAX_STREAMS_PER_USER", 2)
    first, second = visit("alice"), visit("alice")
    other = visit("bob")
    third = visit("alice")
    assert third.status == 200
    assert first.ended.wait(60)
    assert first.wait("bye").data == {"reason": "replaced"}
    assert not second.ended.is_set()
    assert not other.ended.is_set()


def test_an_account_that_has_its_share_gets_in_also_when_all_places_are_taken(visit, monkeypatch):
    monkeypatch.setattr(broker, "MAX_STREAMS_PER_USER", 2)
    monkeypatch.setattr(broker, "MAX_STREAMS", 2)
    first, _ = visit("alice"), visit("alice")
    assert visit("alice").status == 200
    assert first.ended.wait(60)


def test_many_accounts_behind_one_address_leave_places_for_others(visit, monkeypatch):
    monkeypatch.setattr(broker, "MAX_STREAMS_PER_ADDRESS", 2)
    visit("alice"), visit("bob")
    refused = visit("carol")
    assert (refused.status, refused.response.headers["Retry-After"]) == (503, "30")
    assert "network" in refused.problem["detail"]
    assert visit("carol", source="127.0.0.2").status == 200
    assert broker.MAX_STREAMS >= 4 * broker.MAX_STREAMS_PER_ADDRESS, "control: one address cannot take all as it is set"


def test_a_full_address_still_renews_the_streams_of_its_accounts(visit, monkeypatch):
    monkeypatch.setattr(broker, "MAX_STREAMS_PER_ADDRESS", 2)
    monkeypatch.setattr(broker, "MAX_STREAMS_PER_USER", 1)
    visit("alice"), visit("bob")
    assert visit("alice").status == 200


def test_a_connection_beyond_the_limit_gets_retry_after(visit, monkeypatch):
    monkeypatch.setattr(broker, "MAX_STREAMS", 1)
    visit("alice")
    second = visit("bob")
    assert (second.status, second.response.headers["Retry-After"]) == (503, "5")


@impatient
@pytest.mark.parametrize(("outage", "mend"), [("stop", "start"), ("freeze", "thaw")])
def test_without_redis_the_page_gets_a_poll_event_and_afterwards_a_reset(visit, valkey, counts, outage, mend):
    page = visit("alice")
    time.sleep(0.1)
    assert page.all("degraded") == []
    getattr(valkey, outage)()
    page.wait("degraded")
    newcomer = visit("bob")
    newcomer.wait("degraded")
    getattr(valkey, mend)()
    for one in (page, newcomer):
        one.wait("resync")
        assert len(one.all("resync")) == len(one.all("degraded"))
    wait_for(lambda: service.redis_state() == "up", what="the publisher's own breaker")
    service.publish("lot", {}, lot_id=7)
    for one in (page, newcomer):
        one.wait("lot", id=7)


def test_a_wiped_redis_goes_unnoticed_by_open_pages(visit, valkey, counts):
    page = visit("alice")
    service.publish("lot", {}, lot_id=7)
    page.wait("lot", id=7)
    valkey.wipe()
    service.publish("lot", {}, lot_id=8)
    page.wait("lot", id=8)
    assert page.all("degraded") == []


def test_a_broken_entry_or_a_failing_count_stops_no_other_request(visit, valkey, monkeypatch, people):
    def broken(lots):
        raise RuntimeError("database away")

    monkeypatch.setattr(service, "_lot_counts", broken)
    page = visit("alice")
    valkey.client.xadd(STREAM, {"e": "{not json"})
    service.publish("lot", {}, lot_id=7)
    time.sleep(0.3)
    monkeypatch.setattr(service, "_lot_counts", lambda lots: [{"id": lot} for lot in lots])
    service.publish("booking", {"id": 1, "status": "Active"}, user_id=people["alice"].id)
    page.wait("lot", id=7)
    page.wait("booking")
