"""CSV files of what an administrator's lists show: the same filters, all pages, streamed from the database."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement

from parking import accounts, clock, csv_writer, settings
from parking.bookings import Filters
from parking.exports import columns, queries, stream
from parking.lots import Lot
from parking.text import names
from parking.web import Identity


def bookings(identity: Identity, filters: Filters, form: str) -> Iterator[bytes]:
    """The bookings of everybody that match the filters."""
    now = clock.now()
    table = columns.booking_table(queries.live_values_at(now), with_user=True)
    return _document(table, queries.booking_rows(filters, now, with_user=True), identity, form)


def users(identity: Identity, query: accounts.UserFilters, form: str) -> Iterator[bytes]:
    """The users that match the filters."""
    configured = settings.current()
    table = columns.user_table(configured.timezone, configured.currency)
    return _document(table, queries.user_rows(*accounts.user_conditions(query)), identity, form)


def lots(identity: Identity, words: str | None, form: str) -> Iterator[bytes]:
    """The lots that are open, with all of the words in their name or address."""
    where: list[ColumnElement[bool]] = [Lot.deleted_at.is_(None)]
    where += [Lot.search_text.contains(names.search_key(word), autoescape=True) for word in (words or "").split()]
    return _document(columns.LOT_TABLE, queries.lot_rows(*where), identity, form)


def _document(table: csv_writer.Table, rows: Any, identity: Identity, form: str) -> Iterator[bytes]:
    dialect = csv_writer.dialect_of(form, identity.locale)
    return csv_writer.document(table, stream.read_parts(rows), dialect)
