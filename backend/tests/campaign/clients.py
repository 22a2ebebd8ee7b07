"""The clients of a campaign: each does what drivers do, repeats what got no answer, and writes down what it saw."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.campaign.history import Action, Answer, Operation

PATIENCE_SECONDS = 15.0
"""How long one attempt waits for its answer."""
PAUSE_SECONDS = 0.2
AGAIN_SHARE, CUT_SHARE = 0.15, 0.05
"""How many answered requests are sent again, and how many attempts the client cuts off before their answer."""
UNDECIDED = ("idempotency_in_progress", "too_many_requests")


class Client(threading.Thread):
    """One driver with one token. Runs until `stop` is set, then finishes what it has begun."""

    def __init__(self, name: str, address: tuple[str, int], token: str, lot_id: int, seed: int) -> None:
        super().__init__(name=name, daemon=True)
        self.history: list[Operation] = []
        self.stop = threading.Event()
        self._address, self._token, self._lot_id = address, token, lot_id
        self._random = random.Random(seed)
        self._acknowledged: set[str] = set()
        self._count = 0

    def run(self) -> None:
        steps = (self._walk_in, self._walk_in, self._walk_in, self._reserve, self._reserve, self._read)
        while not self.stop.is_set():
            self._random.choice(steps)()
            self._sleep(self._random.uniform(0, 0.2))

    def _walk_in(self) -> None:
        booking_id, tag = self._book("instant", {})
        if booking_id is not None:
            self._sleep(self._random.uniform(0, 1.5))
            self._change("release", tag, booking_id)

    def _reserve(self) -> None:
        start = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=self._random.randint(1, 4))
        window = {
            "reserved_start": start.isoformat(),
            "reserved_end": (start + timedelta(seconds=self._random.randint(1, 6))).isoformat(),
        }
        booking_id, tag = self._book("reserved", window)
        if booking_id is not None and self._random.random() < 0.6:  # the others begin and end by themselves
            self._sleep(self._random.uniform(0, 4))
            self._change(self._random.choice(("cancel", "release")), tag, booking_id)

    def _book(self, booking_type: str, window: dict[str, str]) -> tuple[int | None, str]:
        self._count += 1
        tag = f"{self.name}-{self._count}".upper()
        operation = Operation(self.name, "book", tag, booking_type)
        body = {"lot_id": self._lot_id, "booking_type": booking_type, "vehicle_plate": tag, **window}
        self._perform(operation, "/api/book", body)
        answer = operation.acknowledged
        if answer is None:
            return None, tag
        self._acknowledged.add(tag)
        return answer["booking"]["id"], tag

    def _change(self, action: Action, tag: str, booking_id: int) -> None:
        path = f"/api/release/{booking_id}" if action == "release" else f"/api/bookings/{booking_id}/cancel"
        self._perform(Operation(self.name, action, tag), path, {})

    def _perform(self, operation: Operation, path: str, body: dict[str, Any]) -> None:
        """Sends it until there is a definite answer, and now and then once more."""
        self.history.append(operation)
        key = {"Idempotency-Key": uuid.uuid4().hex}
        repeatable = operation.action != "cancel"  # which takes no key; of a cancelled one it answers 409
        while True:
            cut = repeatable and self._random.random() < CUT_SHARE
            operation.attempts += 1
            answer = self._ask("POST", path, body, key, cut=cut)
            if answer is None:
                time.sleep(PAUSE_SECONDS)
                if not repeatable:
                    return
                continue
            operation.answers.append(answer)
            if not (answer.status < 300 and repeatable and self._random.random() < AGAIN_SHARE):
                return

    def _read(self) -> None:
        operation = Operation(self.name, "read", "", expected=frozenset(self._acknowledged))
        answer = self._ask("GET", "/api/bookings?limit=1000", None, {})
        if answer is not None and answer.status == http.client.OK:
            operation.answers.append(answer)
            operation.seen = frozenset(one["vehicle_plate"] for one in answer.json["bookings"])
            self.history.append(operation)

    def _ask(self, method: str, path: str, body: Any, headers: dict[str, str], *, cut: bool = False) -> Answer | None:
        """One attempt; None when its outcome is not known."""
        connection = http.client.HTTPConnection(*self._address, timeout=PATIENCE_SECONDS)
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json", **headers}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            if cut:
                return None
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        parsed = json.loads(content) if content[:1] == b"{" else {}
        if response.status >= 500 or parsed.get("code") in UNDECIDED:
            return None
        return Answer(response.status, content, parsed)

    def _sleep(self, seconds: float) -> None:
        self.stop.wait(seconds)
