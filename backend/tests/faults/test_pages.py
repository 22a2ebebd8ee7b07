"""Two people at two pages of the running product."""

from __future__ import annotations

from tests.launch.conftest import wait_for
from tests.realtime.pages import Page


def test_a_booking_appears_on_another_page_and_says_nothing_of_its_driver(product):
    address = ("127.0.0.1", product.settings.port)
    watcher = Page(address, product.token("driver1"), lot_id=product.lot_id)
    owner = Page(address, product.token("driver2"))
    booked = product.book("driver2").body["booking"]
    watcher.wait("spot", id=booked["spot_id"])
    counted = wait_for(lambda: next((one for one in watcher.all("lot") if one.data["occupied_spots"] >= 1), None))
    assert counted.data["id"] == product.lot_id
    counts = {key: value for key, value in counted.data.items() if key.endswith("_spots")}
    assert sum(counts.values()) == counted.data["capacity"]
    assert owner.wait("booking", id=booked["id"]).data["status"] == "Active"
    assert watcher.all("booking") == []
    assert "driver2" not in str(watcher.seen)
    product.ask("POST", f"/api/release/{booked['id']}", "driver2")
    owner.wait("booking", id=booked["id"], status="Completed")
    for page in (watcher, owner):
        page.leave()
