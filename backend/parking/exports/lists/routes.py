"""Files of lists over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from flask import Response

from parking import clock, settings
from parking.bookings import filters_of_all
from parking.exports.lists import service
from parking.exports.lists.schemas import (
    AuditListQuery,
    BookingListQuery,
    EmailListQuery,
    ExportListQuery,
    LotListQuery,
    UserListQuery,
)
from parking.staff import requires_staff
from parking.web import documented, identity, requires
from parking.web.rate_limits import LIST, by_user, limiter

bp = APIBlueprint("list_files", __name__, tag="Exports")
_LIST_FILE: Any = {200: {"description": "The file", "content": {"text/csv": {}}}}


@bp.get("/api/admin/bookings.csv")
@requires_staff("viewer")
@limiter.limit(LIST, key_func=by_user)
@documented(404)
@bp.input(BookingListQuery, location="query", arg_name="query")
@bp.doc(responses=_LIST_FILE)
def bookings_csv(query: BookingListQuery) -> Response:
    """The bookings that match the filters of `/api/admin/bookings`, newest first, as one file."""
    return _list_file("bookings", service.bookings(identity(), filters_of_all(query), query.format))


@bp.get("/api/users.csv")
@requires("admin")
@limiter.limit(LIST, key_func=by_user)
@bp.input(UserListQuery, location="query", arg_name="query")
@bp.doc(responses=_LIST_FILE)
def users_csv(query: UserListQuery) -> Response:
    """All users that match the filters of `/api/users`, as one file."""
    return _list_file("users", service.users(identity(), query, query.format))


@bp.get("/api/admin/lots.csv")
@requires_staff("viewer")
@limiter.limit(LIST, key_func=by_user)
@bp.input(LotListQuery, location="query", arg_name="query")
@bp.doc(responses=_LIST_FILE)
def lots_csv(query: LotListQuery) -> Response:
    """All open lots (for staff: theirs), or those with the words in their name or address, as one file that can be
    imported again."""
    return _list_file("lots", service.lots(identity(), query.q, query.format))


@bp.get("/api/admin/audit.csv")
@requires("admin")
@limiter.limit(LIST, key_func=by_user)
@bp.input(AuditListQuery, location="query", arg_name="query")
@bp.doc(responses=_LIST_FILE)
def audit_csv(query: AuditListQuery) -> Response:
    """All changes that match the filters of `/api/admin/audit`, newest first, as one file."""
    return _list_file("audit", service.audit_log(identity(), query, query.format))


@bp.get("/api/admin/emails.csv")
@requires("admin")
@limiter.limit(LIST, key_func=by_user)
@bp.input(EmailListQuery, location="query", arg_name="query")
@bp.doc(responses=_LIST_FILE)
def emails_csv(query: EmailListQuery) -> Response:
    """All emails that match the filters of `/api/admin/emails`, newest first, as one file."""
    return _list_file("emails", service.emails(identity(), query, query.format))


@bp.get("/api/exports.csv")
@requires_staff("viewer")
@limiter.limit(LIST, key_func=by_user)
@bp.input(ExportListQuery, location="query", arg_name="query")
@bp.doc(responses=_LIST_FILE)
def exports_csv(query: ExportListQuery) -> Response:
    """What `/api/exports` lists, newest first, as one file."""
    return _list_file("exports", service.exports(identity(), query.format))


def _list_file(name: str, content: Iterator[bytes]) -> Response:
    """The answer; the file is named after the day on which it was made, in the operator's time zone."""
    configured = settings.current()
    day = clock.now().astimezone(ZoneInfo(configured.timezone)).date()
    disposition = f'attachment; filename="parkwell-{name}-{day}.csv"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "private, no-store"}
    return Response(content, mimetype="text/csv", headers=headers)
