"""Lots and spots over HTTP."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, current_app, request
from werkzeug.exceptions import UnsupportedMediaType

from parking import settings
from parking.availability import cache
from parking.errors import NotFound
from parking.lot_admin import csv_import, service
from parking.lot_admin.schemas import (
    DeleteQuery,
    ImportQuery,
    LotEdit,
    LotEnvelope,
    LotIn,
    LotMessage,
    LotsMessage,
    LotsOut,
    LotsQuery,
    PublicLotsOut,
    SpotEdit,
    SpotMessage,
    SpotsEdit,
    SpotsMessage,
    SpotsOut,
    UpdateQuery,
)
from parking.lot_admin.service import Changes
from parking.web import Message, answer, documented, identity, requires
from parking.web.rate_limits import PUBLIC, by_address, limiter

bp = APIBlueprint("lots", __name__, tag="Lots")


@bp.get("/api/lots")
@requires()
@bp.input(LotsQuery, location="query", arg_name="query")
@bp.output(LotsOut)
def list_lots(query: LotsQuery) -> Response:
    """All car parks with what is free in them."""
    found = cache.listing(query.limit, query.cursor, query.q)
    if isinstance(found, bytes):
        return current_app.response_class(found, content_type="application/json")
    return answer(found)


@bp.get("/api/public/lots")
@documented(404)
@limiter.limit(PUBLIC, key_func=by_address)
@bp.output(PublicLotsOut)
def list_public() -> Response:
    """Names, prices and free counts for those who have not signed in."""
    if not settings.current().public_lots:
        raise NotFound("This list is not public here.")
    names = ("id", "name", "address", "price_per_hour", "currency", "available_spots", "capacity")
    lots = current_app.json.loads(cache.lot_list())["lots"]
    return answer({"lots": [{name: lot[name] for name in names} for lot in lots]})


@bp.post("/api/lots")
@requires("admin")
@documented(409, takes=["Idempotency-Key"], gives=["ETag"])
@bp.input(LotIn, arg_name="body")
@bp.output(LotMessage, status_code=201)
def create_lot(body: LotIn) -> Response:
    """Make a car park with spots 1 to its capacity."""
    return _tagged(answer(service.create(Changes(body.model_dump(exclude_unset=True)), identity()), 201))


@bp.post("/api/lots/import")
@requires("admin")
@documented(409, reads="text/csv", also={200: LotsMessage})
@bp.input(ImportQuery, location="query", arg_name="query")
@bp.output(LotsMessage, status_code=201)
def import_lots(query: ImportQuery) -> Response:
    """Make many car parks from a CSV file: all of them, or none. The file may come from a spreadsheet of any country
    (UTF-8, UTF-16 or Windows-1252; commas, semicolons or tabs; decimal points or commas; English or German headings);
    `dialect` says how it was read."""
    if request.mimetype != "text/csv":
        raise UnsupportedMediaType("The body must be CSV (Content-Type: text/csv).")
    charset = request.mimetype_params.get("charset")
    parsed = csv_import.parse(request.get_data(), charset, currency=settings.current().currency)
    made = service.create_many(parsed.lots, identity().id, dry_run=query.dry_run)
    said = "would be created" if query.dry_run else "were created"
    body = {"message": f"{len(made)} car park(s) {said}.", "lots": made, "dialect": parsed.reading.as_json()}
    return answer(body, 200 if query.dry_run else 201)


@bp.get("/api/lots/<int:lot_id>")
@requires()
@documented(gives=["ETag"])
@bp.output(LotEnvelope)
def get_lot(lot_id: int) -> Response:
    """One car park. Its ETag is for If-Match."""
    return _tagged(answer({"lot": service.get(lot_id)}))


@bp.put("/api/lots/<int:lot_id>")
@requires("admin")
@documented(409, takes=["If-Match"], gives=["ETag"])
@bp.input(UpdateQuery, location="query", arg_name="query")
@bp.input(LotEdit, arg_name="body")
@bp.output(LotMessage)
def update_lot(lot_id: int, query: UpdateQuery, body: LotEdit) -> Response:
    """Change a car park; its price from now on, its capacity as far as bookings allow.

    Another time zone while reservations are to come is refused (409 `timezone_confirm`, with the list) unless it is
    confirmed: they keep their moments, and their owners are told how these read by the new clock."""
    changes, if_match = Changes(body.model_dump(exclude_unset=True)), request.headers.get("If-Match")
    return _tagged(
        answer(service.update_lot(lot_id, changes, identity(), if_match, confirm_timezone=query.confirm_timezone))
    )


@bp.delete("/api/lots/<int:lot_id>")
@requires("admin")
@documented(409, takes=["If-Match"])
@bp.input(DeleteQuery, location="query", arg_name="query")
@bp.output(Message)
def delete_lot(lot_id: int, query: DeleteQuery) -> Response:
    """Close a car park without losing its history."""
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
def restore_lot(lot_id: int) -> Response:
    """Open a deleted car park again."""
    return _tagged(answer(service.restore(lot_id)))


@bp.get("/api/spots/<int:lot_id>")
@requires()
@bp.output(SpotsOut)
def list_spots(lot_id: int) -> Response:
    """The spots of a car park and what stands on them."""
    return answer(service.spots(lot_id, identity()))


@bp.patch("/api/spots/<int:spot_id>")
@requires("admin")
@documented(409)
@bp.input(SpotEdit, arg_name="body")
@bp.output(SpotMessage)
def update_spot(spot_id: int, body: SpotEdit) -> Response:
    """Describe a spot, take it out of service or back."""
    return answer(service.update_spot(spot_id, body.model_dump(exclude_unset=True), identity()))


@bp.patch("/api/lots/<int:lot_id>/spots")
@requires("admin")
@documented(409)
@bp.input(SpotsEdit, arg_name="body")
@bp.output(SpotsMessage)
def update_spots(lot_id: int, body: SpotsEdit) -> Response:
    """Describe many spots of a car park, take them out of service or back: all of them or none."""
    fields = body.model_dump(exclude_unset=True)
    return answer(service.update_spots(lot_id, fields.pop("numbers"), fields, identity()))


def _tagged(response: Response) -> Response:
    """With the lot's version as its ETag."""
    lot = (response.get_json() or {}).get("lot")
    if lot:
        response.headers["ETag"] = f'"{lot["version"]}"'
    return response
