"""Exports over HTTP."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request, send_file

from parking import mail
from parking.accounts import require_fresh_factor
from parking.bookings import Filters, read_time
from parking.exports import service
from parking.exports.personal_data import content
from parking.exports.personal_data.schemas import PersonalData
from parking.exports.schemas import (
    AdminExportQuery,
    DownloadQuery,
    ExportAsked,
    ExportDryRun,
    ExportEnvelope,
    ExportIn,
    ExportProcessing,
    ExportsOut,
    FiltersIn,
    FiltersQuery,
)
from parking.web import answer, documented, identity, require_lot, requires
from parking.web.origins import require_own_page
from parking.web.rate_limits import EXPORT, by_user, limiter

bp = APIBlueprint("csv_exports", __name__, tag="Exports")
POLL_SECONDS = 2
_FILE: Any = {200: {"description": "The file", "content": {"text/csv": {}, "application/zip": {}}}}


@bp.post("/api/exports")
@requires()
@limiter.limit(EXPORT, key_func=by_user)
@documented(403, 404, 409, takes=["Idempotency-Key"], gives=["Location", "Retry-After"])
@bp.input(ExportIn, arg_name="body")
@bp.output(ExportAsked, status_code=202)
def ask(body: ExportIn) -> Response:
    """Start an export: your bookings, those of lots (their staff), or all data (administrators; where you have a second
    factor, with a code of the last ten minutes)."""
    if body.kind == "all_data":
        require_fresh_factor(identity())
    else:
        require_lot(body.filters.lot_id)
    return _accepted(service.request(identity(), body.kind, _filters(body.filters), form=body.format))


@bp.get("/api/exports")
@requires()
@bp.output(ExportsOut)
def list_own() -> Response:
    """Your exports, newest first."""
    return answer({"exports": service.listing(identity())})


@bp.get("/api/exports/<int:job_id>")
@requires()
@bp.output(ExportEnvelope)
def get_own(job_id: int) -> Response:
    """Progress of an export."""
    return answer({"export": service.get(job_id, identity())})


@bp.delete("/api/exports/<int:job_id>")
@requires()
@bp.output(ExportAsked)
def cancel(job_id: int) -> Response:
    """Stop an export, or delete its file."""
    export = service.cancel(job_id, identity())
    messages = {"cancelled": "The export was cancelled.", "expired": "The file was deleted."}
    return answer({"message": messages.get(export["state"], "This export had already ended."), "export": export})


@bp.get("/api/exports/<int:job_id>/download")
@requires()
@documented(409, 410)
@bp.input(DownloadQuery, location="query", arg_name="query")
@bp.doc(responses=_FILE)
def download(job_id: int, query: DownloadQuery) -> Response:
    """The file of a finished export. Only its owner gets it."""
    path = service.download(job_id, identity(), query.token)
    response = send_file(path, as_attachment=True, download_name=path.name, conditional=True, max_age=0)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.get("/api/export")
@requires()
@limiter.limit(EXPORT, key_func=by_user)
@documented(409, takes=["Idempotency-Key"], gives=["Location", "Retry-After"])
@bp.input(FiltersQuery, location="query", arg_name="query")
@bp.output(ExportProcessing, status_code=202)
def export_own(query: FiltersQuery) -> Response:
    """Your bookings by email. With `Accept: text/csv`, the file itself at once, in the dialect `machine` unless
    `format` says otherwise."""
    require_lot(query.lot_id)
    filters = _filters(query)
    if request.method == "HEAD":  # a HEAD request starts no export
        return Response(mimetype="application/json")
    require_own_page()
    if request.accept_mimetypes.best_match(["application/json", "text/csv"]) == "text/csv":
        disposition = 'attachment; filename="bookings.csv"'
        headers = {"Content-Disposition": disposition, "Cache-Control": "private, no-store"}
        return Response(
            service.csv_of(identity(), filters, query.format or "machine"), mimetype="text/csv", headers=headers
        )
    return _accepted(service.request(identity(), "bookings", filters, form=query.format or "auto", task=True))


@bp.get("/api/me/data")
@requires()
@limiter.limit(EXPORT, key_func=by_user)
@bp.output(PersonalData)
def personal_data() -> Response:
    """All stored data about you, as one file."""
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"', "Cache-Control": "private, no-store"}
    return Response(content.document(identity()), mimetype="application/json", headers=headers)


@bp.post("/api/admin/export-all-data")
@bp.post("/api/admin/export-all", endpoint="export_all_older_name")
@requires("admin")
@limiter.limit(EXPORT, key_func=by_user)
@documented(takes=["Idempotency-Key"], gives=["Location", "Retry-After"], also={200: ExportDryRun})
@bp.input(AdminExportQuery, location="query", arg_name="query")
@bp.output(ExportProcessing, status_code=202)
def export_all(query: AdminExportQuery) -> Response:
    """Users, lots, spots and bookings as CSV, sent by email to the administrator who asks."""
    if query.dry_run:
        message = f"The files would be sent by email to {identity().email}.{mail.waiting_note()}"
        return answer({"message": message, "recipients": 1})
    require_fresh_factor(identity())
    return _accepted(service.request(identity(), "all_data", form=query.format, force=query.force, task=True))


def _accepted(body: dict[str, Any]) -> Response:
    response = answer(body, 202)
    response.headers["Location"] = f"/api/exports/{body['export']['id']}"
    response.headers["Retry-After"] = str(POLL_SECONDS)
    return response


def _filters(fields: FiltersIn | FiltersQuery) -> Filters:
    """Times without an offset are UTC, as in the list of bookings."""
    return Filters(
        status=fields.status,
        lot_id=fields.lot_id,
        booking_type=fields.booking_type,
        from_=read_time(fields.from_, "UTC", "from") if fields.from_ else None,
        to=read_time(fields.to, "UTC", "to") if fields.to else None,
    )
