"""What an administrator asks for."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from parking.accounts import UserFilters
from parking.audit import AuditFilters
from parking.bookings import AdminBookingFilters
from parking.csv_writer import Format
from parking.exports.schemas import FORMAT_TEXT
from parking.mail import EmailFilters
from parking.web import Query

LIST_FORMAT: Any = Field("auto", description=FORMAT_TEXT)


class BookingListQuery(AdminBookingFilters):
    """The filters of the list of all bookings."""

    format: Format = LIST_FORMAT


class UserListQuery(UserFilters):
    """The filters of the list of users."""

    format: Format = LIST_FORMAT


class AuditListQuery(AuditFilters):
    """The filters of the audit log."""

    format: Format = LIST_FORMAT


class EmailListQuery(EmailFilters):
    """The filters of the outbox."""

    format: Format = LIST_FORMAT


class ExportListQuery(Query):
    format: Format = LIST_FORMAT


class LotListQuery(Query):
    q: Annotated[str, Field(max_length=100, description="A part of the name or address")] | None = None
    format: Format = LIST_FORMAT
