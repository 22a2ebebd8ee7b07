"""Wake-ups and cache marks: they arrive, and a Redis that is away never holds anybody up."""

from __future__ import annotations

import base64
import json
import os
import threading
import time

import pytest
from celery import Celery

from parking import create_app
from parking.realtime import publisher, redis_client, service
from tests.conftest import make_settings
from tests.launch.conftest import wait_for
from tests.realtime.waits import Waits
from tests.services import impatient

NEVER_LONGER = redis_client.CONNECT_SECONDS + redis_client.ANSWER_SECONDS


def waiting_jobs(client) -> list[tuple[str, list]]:
    messages = [json.loads(raw) for raw in client.lrange("celery", 0, -1)]
    bodies = [json.loads(base64.b64decode(message["body"])) for message in messages]
    return [(message["headers"]["task"], body[0]) for message, body in zip(messages, bodies, strict=True)]


@pytest.fixture
def waits(monkeypatch):
    return Waits(monkeypatch)


def longest(waits: Waits, action, times: int = 3) -> float:
    """The most seconds that time-outs held one call of `action`, over as many breaks of the breaker."""
    held = []
    for _ in range(times):
        held += [waits.of(action)[1] for _ in range(20)]
        time.sleep(redis_client.PAUSE_SECONDS)
    return max(held)


def test_a_wake_up_becomes_a_message_a_celery_worker_understands(live_app, valkey):
    service.wake_task("mail.deliver", 7, "x")
    assert service.flush(60)
    assert waiting_jobs(valkey.client) == [("mail.deliver", [7, "x"])]


def test_a_job_that_still_waits_is_not_noted_twice(live_app, valkey):
    valkey.freeze()
    for _ in range(50):
        service.wake_task("mail.deliver")
    valkey.thaw()
    assert service.flush(60)
    assert len(waiting_jobs(valkey.client)) <= 2  # the first may have been on its way already


def test_events_become_entries_with_growing_ids_and_equal_waiting_hints_become_one(live_app, valkey):
    service.publish("booking", {"id": 5, "status": "Active"}, user_id=3)
    for _ in range(100):
        service.publish("lot", {"secret": "ignored"}, lot_id=7)
    assert service.flush(60)
    entries = valkey.client.xrange(publisher.STREAM)
    read = [json.loads(fields["e"]) for _, fields in entries]
    assert {"event": "booking", "data": {"id": 5, "status": "Active"}, "user_id": 3, "lot_id": None} in read
    hints = [one for one in read if one["event"] == "lot"]
    assert 1 <= len(hints) < 100
    assert hints[0] == {"event": "lot", "data": {}, "user_id": None, "lot_id": 7}


@impatient
@pytest.mark.parametrize("outage", ["stop", "freeze"])
def test_nothing_blocks_or_raises_while_redis_is_away(live_app, valkey, outage, waits, monkeypatch):
    monkeypatch.setattr(redis_client, "PAUSE_SECONDS", 0.2)
    service.changed_lots([1])
    getattr(valkey, outage)()
    held = longest(waits, lambda: service.changed_lots([1, 2]))
    assert held <= NEVER_LONGER
    assert longest(waits, lambda: service.changed_since(1)) <= NEVER_LONGER
    assert (held > 0) is (outage == "freeze"), "the watch sees what it is to see"
    assert service.changed_since(1) is None
    assert waits.of(lambda: service.wake_task("mail.deliver", 1)) == (0, 0), "it leaves Redis to another thread"
    assert waits.of(lambda: service.publish("lot", {}, lot_id=1)) == (0, 0)
    assert service.redis_state() == "down"


@impatient
@pytest.mark.parametrize(("outage", "mend"), [("stop", "start"), ("freeze", "thaw")])
def test_after_redis_returns_the_stored_wake_ups_arrive_and_changes_are_logged(live_app, valkey, outage, mend):
    getattr(valkey, outage)()
    service.wake_task("mail.deliver", 9)
    assert not service.flush(1.5)
    getattr(valkey, mend)()
    assert service.flush(60)
    assert ("mail.deliver", [9]) in waiting_jobs(valkey.client)
    version = wait_for(lambda: service.changed_since(0)).version

    def marked():
        service.changed_lots([4])
        changes = service.changed_since(version)
        return changes and changes.lots == {4}

    wait_for(marked)


@impatient
def test_an_event_survives_a_short_outage_of_redis_and_not_a_long_one(live_app, valkey, monkeypatch):
    monkeypatch.setattr(publisher, "RETRY_EVENT_SECONDS", 3600)
    publisher_thread = live_app.extensions["realtime"].publisher
    valkey.freeze()
    service.publish("booking", {"id": 5, "status": "Active"}, user_id=3)
    wait_for(lambda: not live_app.extensions["realtime"].redis.available, what="the fault to be noticed")
    valkey.thaw()
    assert service.flush(60)
    events = [json.loads(fields["e"])["data"] for _, fields in valkey.client.xrange(publisher.STREAM)]
    assert {"id": 5, "status": "Active"} in events
    assert publisher_thread.dropped == 0
    monkeypatch.setattr(publisher, "RETRY_EVENT_SECONDS", 0)
    valkey.stop()
    service.publish("booking", {"id": 6, "status": "Active"}, user_id=3)
    wait_for(lambda: publisher_thread.dropped == 1, what="the event to be given up")
    assert service.flush(60)


@impatient
def test_a_frozen_redis_is_tried_once_a_second_not_by_everybody(live_app, valkey, waits, monkeypatch):
    assert redis_client.PAUSE_SECONDS == 1
    monkeypatch.setattr(redis_client, "PAUSE_SECONDS", 3600)  # a busy machine takes longer for the crowd than a second
    valkey.freeze()
    attempts = []

    def call():
        with live_app.app_context():
            attempts.append(waits.of(lambda: service.changed_lots([1]))[0])

    assert waits.of(lambda: service.changed_lots([1]))[0] > 0  # notices the fault; for a second nobody tries
    crowd = [threading.Thread(target=call) for _ in range(50)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    assert attempts == [0] * 50


def test_a_full_buffer_drops_events_and_counts_them(live_app, valkey):
    valkey.stop()
    for number in range(publisher.BUFFER_SIZE + 500):
        service.wake_task("mail.deliver", number)
    publisher_thread = live_app.extensions["realtime"].publisher
    assert not publisher_thread.flush(0.5)
    wait_for(lambda: publisher_thread.dropped >= 500)  # what the thread has in its hands comes back first
    assert len(publisher_thread._wake_ups) <= publisher.BUFFER_SIZE


def test_a_memory_full_redis_keeps_the_wake_up_for_later(live_app, valkey):
    client = valkey.client
    client.config_set("maxmemory", "1mb")
    try:
        service.wake_task("mail.deliver", 1)
        assert not service.flush(1.5)
    finally:
        client.config_set("maxmemory", "0")
    assert service.flush(60)
    assert ("mail.deliver", [1]) in waiting_jobs(client)


def test_without_redis_everything_is_quiet(tmp_path):
    app = create_app(make_settings(tmp_path, redis_url=None))
    before = set(threading.enumerate())
    with app.app_context():
        service.wake_task("mail.deliver")
        service.publish("lot", {}, lot_id=1)
        service.changed_lots([1])
        assert service.changed_since(0) is None
        assert service.flush()
        assert service.redis_state() == "none"
    assert set(threading.enumerate()) <= before


def test_the_marks_tell_what_changed_since_the_last_question(live_app, valkey):
    first = service.changed_since(0)
    assert first.lots == set()
    service.changed_lots([1, 2])
    second = service.changed_since(first.version)
    assert second.lots == {1, 2}
    service.changed_lots([2])
    assert service.changed_since(second.version).lots == {2}
    assert service.changed_since(first.version).lots == {1, 2}


def test_wiped_marks_are_not_mistaken_for_no_change(live_app, valkey):
    version = service.changed_since(0).version
    service.changed_lots([1])
    valkey.wipe()
    changes = service.changed_since(version)
    assert changes.lots is None
    service.changed_lots([3])
    assert service.changed_since(changes.version).lots == {3}


def test_the_publisher_works_in_a_forked_process(live_app, valkey):
    """Celery's prefork pool forks after the application was made."""
    service.wake_task("parent")
    assert service.flush(60)
    child = os.fork()
    if child == 0:
        service.wake_task("child")
        os._exit(0 if service.flush(60) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert [name for name, _ in waiting_jobs(valkey.client)] == ["child", "parent"]


def test_control_a_plain_celery_call_hangs_on_a_frozen_redis(valkey):
    """What every request would do if it sent its wake-ups itself."""
    plain = Celery(broker=valkey.url, set_as_current=False)
    plain.send_task("mail.deliver", ignore_result=True)
    valkey.freeze()
    call = threading.Thread(target=plain.send_task, args=("mail.deliver",), kwargs={"ignore_result": True}, daemon=True)
    call.start()
    call.join(2)
    assert call.is_alive()
    valkey.thaw()
    call.join(60)
