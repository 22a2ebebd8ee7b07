"""Statistics over HTTP, as JSON and as CSV."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from parking.csv_writer import Dialect, Format, dialect_of
from parking.staff import Scope, requires_staff, scope_of
from parking.statistics import service
from parking.statistics.schemas import (
    AdminStatsEnvelope,
    AdminStatsQuery,
    HourEnvelope,
    HourQuery,
    UserStatsEnvelope,
    UserStatsQuery,
)
from parking.web import answer, documented, identity, requires

bp = APIBlueprint("stats", __name__, tag="Figures")
CSV: Any = {200: {"description": "The table", "content": {"text/csv": {"schema": {"type": "string"}}}}}


def _wants_csv() -> bool:
    return request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv"


def _csv(text: str, name: str) -> Response:
    disposition = f'attachment; filename="{name}.csv"'
    return Response(text, content_type="text/csv; charset=utf-8", headers={"Content-Disposition": disposition})


def _dialect(form: Format | None, *, otherwise: Format) -> Dialect:
    """The dialect asked for; the addresses that end in .csv are opened by people, `Accept: text/csv` is sent by
    programs."""
    caller = identity()
    return dialect_of(form or otherwise, caller.locale, caller.csv_format)


def _scope(query: AdminStatsQuery | HourQuery) -> Scope:
    """The lots of the request. Raises NotFound, Forbidden `lot_required`."""
    return scope_of(identity(), query.lot_id, "viewer")


def _admin_csv(query: AdminStatsQuery, otherwise: Format) -> Response:
    period = "all-time" if query.from_ is None else f"{query.from_}-{query.to}"
    dialect = _dialect(query.format, otherwise=otherwise)
    return _csv(service.admin_csv(query, _scope(query), dialect), f"{query.table}-{period}")


def _user_csv(query: UserStatsQuery, otherwise: Format) -> Response:
    dialect = _dialect(query.format, otherwise=otherwise)
    return _csv(service.user_csv(identity().id, query.month, dialect), f"month-{query.month or 'now'}")


@bp.get("/api/stats/admin")
@requires_staff("viewer")
@documented(404)
@bp.input(AdminStatsQuery, location="query", arg_name="query")
@bp.output(AdminStatsEnvelope)
def admin(query: AdminStatsQuery) -> Response:
    """The statistics of a period or of all time, of all lots or one; for staff, of theirs (with
    `Accept: text/csv`, one table of them)."""
    return _admin_csv(query, "machine") if _wants_csv() else answer(service.admin(query, _scope(query)))


@bp.get("/api/stats/admin.csv")
@requires_staff("viewer")
@documented(404)
@bp.input(AdminStatsQuery, location="query", arg_name="query")
@bp.doc(responses=CSV)
def admin_csv(query: AdminStatsQuery) -> Response:
    """One table of the statistics as CSV."""
    return _admin_csv(query, "auto")


def _hour_csv(query: HourQuery, otherwise: Format) -> Response:
    text = service.hour_csv(query, _scope(query), _dialect(query.format, otherwise=otherwise))
    return _csv(text, f"hour-{query.weekday}-{query.hour}-{query.from_}-{query.to}")


@bp.get("/api/stats/admin/hour")
@requires_staff("viewer")
@documented(404)
@bp.input(HourQuery, location="query", arg_name="query")
@bp.output(HourEnvelope)
def hour(query: HourQuery) -> Response:
    """One cell of the heat map by day (with `Accept: text/csv`, as a table)."""
    return _hour_csv(query, "machine") if _wants_csv() else answer({"hour": service.hour(query, _scope(query))})


@bp.get("/api/stats/admin/hour.csv")
@requires_staff("viewer")
@documented(404)
@bp.input(HourQuery, location="query", arg_name="query")
@bp.doc(responses=CSV)
def hour_csv(query: HourQuery) -> Response:
    """One cell of the heat map by day, as CSV."""
    return _hour_csv(query, "auto")


@bp.get("/api/stats/user")
@requires()
@bp.input(UserStatsQuery, location="query", arg_name="query")
@bp.output(UserStatsEnvelope)
def user(query: UserStatsQuery) -> Response:
    """Your month: visits, hours, cost, favourite lot (with `Accept: text/csv`, a table by lot)."""
    if _wants_csv():
        return _user_csv(query, "machine")
    return answer(service.user(identity().id, query.month))


@bp.get("/api/stats/user.csv")
@requires()
@bp.input(UserStatsQuery, location="query", arg_name="query")
@bp.doc(responses=CSV)
def user_csv(query: UserStatsQuery) -> Response:
    """Your month by lot, as CSV."""
    return _user_csv(query, "auto")
