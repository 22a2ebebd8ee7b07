"""The routes with which administrators, and staff in their lots, change lots and spots."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request
from werkzeug.exceptions import UnsupportedMediaType

from parking import settings
from parking.availability import answer_with_etag
from parking.bookings import ClosureFilters
from parking.lot_admin import closures, csv_import, service
from parking.lot_admin.edit import LotChanges
from parking.lot_admin.schemas import (
    ClosuresOut,
    ClosuresQuery,
    DeleteQuery,
    ImportQuery,
    LotEdit,
    LotIn,
    LotMessage,
    LotSaved,
    LotsMessage,
    MoveQuery,
    SpotEdit,
    SpotMessage,
    SpotsEdit,
    SpotsMessage,
    UpdateQuery,
)
from parking.staff import lots_named, require_role, requires_staff
from parking.web import Message, answer, documented, identity, requires

bp = APIBlueprint("lot_admin", __name__, tag="Lots")


@bp.post("/api/lots")
@requires("admin")
@documented(409, takes=["Idempotency-Key"], gives=["ETag"])
@bp.input(LotIn, arg_name="body")
@bp.output(LotMessage, status_code=201)
@bp.doc(operation_id="post_lots_create_lot")
def create_lot(body: LotIn) -> Response:
    """Create a lot with spots 1 to its capacity."""
    return answer_with_etag(service.create(LotChanges(body.model_dump(exclude_unset=True)), identity()), 201)


@bp.post("/api/lots/import")
@requires("admin")
@documented(409, reads="text/csv", also={200: LotsMessage})
@bp.input(ImportQuery, location="query", arg_name="query")
@bp.output(LotsMessage, status_code=201)
@bp.doc(operation_id="post_lots_import_lots")
def import_lots(query: ImportQuery) -> Response:
    """Create many lots from a CSV file: all of them, or none. The file may come from a spreadsheet of any country
    (UTF-8, UTF-16 or Windows-1252; commas, semicolons or tabs; decimal points or commas; English or German headings);
    `dialect` says how it was read."""
    if request.mimetype != "text/csv":
        raise UnsupportedMediaType("The body must be CSV (Content-Type: text/csv).")
    charset = request.mimetype_params.get("charset")
    currency, taken = settings.current().currency, service.taken_names()
    parsed = csv_import.parse(request.get_data(), charset, currency=currency, timezone=query.timezone, taken=taken)
    lots = service.create_many(parsed.lots, identity().id, dry_run=query.dry_run)
    body = {
        "message": service.created(len(lots), dry_run=query.dry_run),
        "lots": lots,
        "dialect": parsed.reading.as_json(),
    }
    return answer(body, 200 if query.dry_run else 201)


@bp.put("/api/lots/<int:lot_id>")
@requires_staff("manager")
@documented(409, takes=["If-Match"], gives=["ETag"])
@bp.input(UpdateQuery, location="query", arg_name="query")
@bp.input(LotEdit, arg_name="body")
@bp.output(LotSaved)
@bp.doc(operation_id="put_lots_update_lot")
def update_lot(lot_id: int, query: UpdateQuery, body: LotEdit) -> Response:
    """Change a lot. A new price counts from now on; the capacity can go down as far as bookings allow.

    Another time zone while there are future reservations, or somebody waits for one, is refused (409
    `timezone_confirm`, with the list and the number `waiting`) unless it is confirmed: they keep their instants, and
    their drivers are told the new local times."""
    changes, if_match = LotChanges(body.model_dump(exclude_unset=True)), request.headers.get("If-Match")
    return answer_with_etag(
        service.update_lot(lot_id, changes, identity(), if_match, confirm_timezone=query.confirm_timezone)
    )


@bp.delete("/api/lots/<int:lot_id>")
@requires("admin")
@documented(409, takes=["If-Match"])
@bp.input(DeleteQuery, location="query", arg_name="query")
@bp.output(Message)
@bp.doc(operation_id="delete_lots_delete_lot")
def delete_lot(lot_id: int, query: DeleteQuery) -> Response:
    """Delete a lot. Its bookings stay in the history."""
    return answer(
        service.delete(
            lot_id,
            identity(),
            request.headers.get("If-Match"),
            cancel_reservations=query.cancel_reservations,
        )
    )


@bp.post("/api/lots/<int:lot_id>/restore")
@requires("admin")
@documented(409, gives=["ETag"])
@bp.output(LotMessage)
@bp.doc(operation_id="post_lots_restore_lot")
def restore_lot(lot_id: int) -> Response:
    """Restore a deleted lot."""
    return answer_with_etag(service.restore(lot_id))


@bp.patch("/api/spots/<int:spot_id>")
@requires_staff("attendant")
@documented(409)
@bp.input(MoveQuery, location="query", arg_name="query")
@bp.input(SpotEdit, arg_name="body")
@bp.output(SpotMessage)
@bp.doc(operation_id="patch_lots_update_spot")
def update_spot(spot_id: int, query: MoveQuery, body: SpotEdit) -> Response:
    """Change a spot, take it out of service, now or for a window, or put it back into service. Attendants of the lot do
    the latter two, its managers everything.

    Over bookings this is refused (409 `spot_in_use`): `blocking` lists them, each with a spot to which it could be
    moved. Putting it back ends what has begun; planned closures stay."""
    fields = body.model_dump(exclude_unset=True, by_alias=True)
    _require_manager_to_describe(fields)
    return answer(service.update_spot(spot_id, fields, identity(), move=query.move))


@bp.delete("/api/spots/<int:spot_id>/closures/<int:closure_id>")
@requires_staff("attendant")
@bp.output(SpotMessage)
@bp.doc(operation_id="delete_lots_withdraw_closure")
def withdraw_closure(spot_id: int, closure_id: int) -> Response:
    """Withdraw a closure of a spot. One that has begun ends now. For administrators and attendants of the lot."""
    return answer(service.withdraw_closure(spot_id, closure_id, identity()))


@bp.get("/api/admin/closures")
@requires_staff("viewer")
@bp.input(ClosuresQuery, location="query", arg_name="query")
@bp.output(ClosuresOut)
@bp.doc(operation_id="get_lots_list_closures")
def list_closures(query: ClosuresQuery) -> Response:
    """The closures that run or are to come, of one lot or all that one may see, the first to begin first."""
    own = lots_named(identity(), query.lot_id, "viewer")
    filters = ClosureFilters(query.lot_id, query.waiting, own)
    return answer(closures.page(filters, query.limit, query.cursor))


@bp.patch("/api/lots/<int:lot_id>/spots")
@requires_staff("attendant")
@documented(409)
@bp.input(MoveQuery, location="query", arg_name="query")
@bp.input(SpotsEdit, arg_name="body")
@bp.output(SpotsMessage)
@bp.doc(operation_id="patch_lots_update_spots")
def update_spots(lot_id: int, query: MoveQuery, body: SpotsEdit) -> Response:
    """Change many spots of a lot, take them out of service, now or for a window, or put them back: all of them or none.

    Attendants of the lot do the latter two, its managers everything. Bookings in the way are answered as for one spot.
    """
    fields = body.model_dump(exclude_unset=True, by_alias=True)
    _require_manager_to_describe(fields)
    return answer(service.update_spots(lot_id, fields.pop("numbers"), fields, identity(), move=query.move))


def _require_manager_to_describe(fields: dict[str, Any]) -> None:
    """Attendants take spots out of service, and nothing else. Raises Forbidden."""
    if fields.keys() - {"numbers", "out_of_service", "from", "until", "reason"}:
        require_role("manager")
