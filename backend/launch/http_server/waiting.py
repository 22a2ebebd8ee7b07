"""The connections that no thread works on: idle ones, and requests that are still arriving."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from launch.http_server.connection import Connection


class Waiting:
    """Ordered by how long they wait, in all and for each address."""

    def __init__(self) -> None:
        self._all: dict[Connection, None] = {}
        self._by_household: defaultdict[str, dict[Connection, None]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self._all)

    def __contains__(self, conn: Connection) -> bool:
        return conn in self._all

    def __iter__(self) -> Iterator[Connection]:
        return iter(list(self._all))

    def add(self, conn: Connection) -> None:
        self._all[conn] = None
        self._by_household[conn.household][conn] = None

    def remove(self, conn: Connection) -> None:
        del self._all[conn]
        household = self._by_household[conn.household]
        del household[conn]
        if not household:
            del self._by_household[conn.household]

    def oldest(self) -> Connection | None:
        """The one that has waited longest."""
        return next(iter(self._all), None)

    def of(self, household: str) -> int:
        """How many of one address wait."""
        return len(self._by_household.get(household, ()))

    def oldest_of(self, household: str) -> Connection:
        return next(iter(self._by_household[household]))

    def largest(self) -> Connection | None:
        """The one that has sent most."""
        return max(self._all, key=lambda conn: len(conn.incoming.data), default=None)
