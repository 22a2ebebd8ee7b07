"""CSV files of what an administrator's lists show: the same filters, all pages, streamed from the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Engine, Select
from sqlalchemy.orm import Session

from parking import accounts, audit, clock, csv_writer, mail, settings
from parking.bookings import Filters
from parking.database import db
from parking.database.functions import contains, unix_seconds
from parking.exports import columns, queries, service, stream
from parking.exports.lists import columns as list_columns
from parking.exports.lists.columns import AuditRow, ExportRow, MailRow
from parking.exports.models import ExportJob
from parking.lots import Lot
from parking.staff import lots_of
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
    """The lots that are open and that the caller may see, with all of the words in their name or address."""
    where: list[ColumnElement[bool]] = [Lot.deleted_at.is_(None)]
    own = lots_of(identity, "viewer")
    if own is not None:
        where.append(Lot.id.in_(sorted(own)))
    where += [contains(Lot.search_text, word) for word in (words or "").split()]
    return _document(columns.LOT_TABLE, queries.lot_rows(*where), identity, form)


def audit_log(identity: Identity, query: audit.AuditFilters, form: str) -> Iterator[bytes]:
    """The changes that match the filters, newest first."""
    dialect = csv_writer.dialect_of(form, identity.locale, identity.csv_format)
    zone = settings.current().timezone
    table = list_columns.audit_table(zone, audit.REFERENCES, for_people=dialect.for_people)
    parts = stream.read_parts(_fields(audit.entry_rows(db.session(), query.filters()), AuditRow))
    return csv_writer.document(table, _with_names(db.engine, parts), dialect)


def _with_names(engine: Engine, parts: Iterator[Sequence[Any]]) -> Iterator[list[tuple[Any, list_columns.Names]]]:
    """Pairs each row with the names of what its part mentions; may be read after the request context has ended."""
    for part in parts:
        with Session(engine) as session:
            named = audit.names_in(session, part)
        yield [(row, named) for row in part]


def emails(identity: Identity, query: mail.EmailFilters, form: str) -> Iterator[bytes]:
    """The mails of the outbox that match the filters, newest first."""
    table = list_columns.mail_table(settings.current().timezone)
    return _document(table, _fields(mail.mail_rows(query.filters()), MailRow), identity, form)


def exports(identity: Identity, form: str) -> Iterator[bytes]:
    """The exports of the person who asks, newest first, as their list shows them."""
    rows = service.own_jobs(identity).with_only_columns(
        *(getattr(ExportJob, name) for name in ExportRow._fields[:6]),
        unix_seconds(ExportJob.created_at),
        unix_seconds(ExportJob.finished_at),
        unix_seconds(ExportJob.expires_at),
        ExportJob.error,
    )
    table = list_columns.export_table(identity.timezone or settings.current().timezone)
    return _document(table, rows, identity, form)


def _fields(rows: Select[*tuple[Any, ...]], row_type: type[AuditRow | MailRow]) -> Select[*tuple[Any, ...]]:
    """The query with its columns in the order of the row type's fields."""
    return rows.with_only_columns(*(rows.selected_columns[name] for name in row_type._fields))


def _document(table: csv_writer.Table, rows: Any, identity: Identity, form: str) -> Iterator[bytes]:
    dialect = csv_writer.dialect_of(form, identity.locale, identity.csv_format)
    return csv_writer.document(table, stream.read_parts(rows), dialect)
