"""Two people at two pages of the running product."""

from __future__ import annotations

import time

from tests.live.pages import Page


def test_a_booking_appears_on_another_page_within_two_seconds_and_says_nothing_of_its_driver(product):
    address = ("127.0.0.1", product.settings.port)
    watcher = Page(address, product.token("driver1"), lot_id=product.lot_id)
    owner = Page(address, product.token("driver2"))
    begun = time.monotonic()
    booked = product.book("driver2").body["booking"]
    counted = watcher.wait("lot", 2, id=product.lot_id)
    spot = watcher.wait("spot", 2, id=booked["spot_id"])
    assert max(counted.at, spot.at) - begun < 2
    counts = {key: value for key, value in counted.data.items() if key.endswith("_spots")}
    assert sum(counts.values()) == counted.data["capacity"]
    assert counts["occupied_spots"] >= 1
    assert owner.wait("booking", 2, id=booked["id"]).data["status"] == "Active"
    assert watcher.all("booking") == []
    assert "driver2" not in str(watcher.seen)
    product.ask("POST", f"/api/release/{booked['id']}", "driver2")
    owner.wait("booking", 2, id=booked["id"], status="Completed")
    for page in (watcher, owner):
        page.leave()
