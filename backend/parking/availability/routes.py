"""The routes with which everybody reads lots and spots."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response, current_app

from parking.availability import service
from parking.availability.etags import answer_with_etag
from parking.availability.schemas import (
    LotEnvelope,
    LotQuery,
    LotsOut,
    LotsQuery,
    PublicLotsOut,
    PublicSpotsOut,
    SpotsOut,
)
from parking.spot_features import read_needs
from parking.web import answer, documented, identity, requires
from parking.web.rate_limits import PUBLIC, by_address, limiter

bp = APIBlueprint("lots", __name__, tag="Lots")


@bp.get("/api/lots")
@requires()
@bp.input(LotsQuery, location="query", arg_name="query")
@bp.output(LotsOut)
def list_lots(query: LotsQuery) -> Response:
    """All lots with their free spots."""
    lots = service.list_lots(query.limit, query.cursor, query.q, read_needs(query.needs))
    if isinstance(lots, bytes):
        return current_app.response_class(lots, content_type="application/json")
    return answer(lots)


@bp.get("/api/public/lots")
@documented(404)
@limiter.limit(PUBLIC, key_func=by_address)
@bp.output(PublicLotsOut)
def list_public() -> Response:
    """Names, prices and free spots, without signing in."""
    return answer(service.public_lots())


@bp.get("/api/public/lots/<int:lot_id>")
@documented(404)
@limiter.limit(PUBLIC, key_func=by_address)
@bp.output(PublicSpotsOut)
def get_public(lot_id: int) -> Response:
    """One lot with its tariff and its spots, without signing in."""
    return current_app.response_class(service.public_lot(lot_id), content_type="application/json")


@bp.get("/api/lots/<int:lot_id>")
@requires()
@documented(gives=["ETag"])
@bp.input(LotQuery, location="query", arg_name="query")
@bp.output(LotEnvelope)
def get_lot(lot_id: int, query: LotQuery) -> Response:
    """One lot. Send its ETag as If-Match when you change it."""
    return answer_with_etag({"lot": service.get_lot(lot_id, read_needs(query.needs))})


@bp.get("/api/spots/<int:lot_id>")
@requires()
@bp.output(SpotsOut)
def list_spots(lot_id: int) -> Response:
    """The spots of a lot with their status and reservations."""
    return answer(service.list_spots(lot_id, identity()))
