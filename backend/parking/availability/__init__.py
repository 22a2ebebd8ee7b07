"""Lots as everybody reads them: their free spots, and what stands on each spot."""

from __future__ import annotations

from apiflask import APIFlask

from parking.availability.etags import answer_with_etag, etag_matches
from parking.availability.queries import lot_view, lot_views
from parking.availability.schemas import ClosureOut, LotEnvelope, LotOut, SpotOut
from parking.availability.spots import spot_views

__all__ = [
    "ClosureOut",
    "LotEnvelope",
    "LotOut",
    "SpotOut",
    "answer_with_etag",
    "etag_matches",
    "init_app",
    "lot_view",
    "lot_views",
    "spot_views",
]


def init_app(app: APIFlask) -> None:
    """Registers the routes, the cache and the counts of the event stream."""
    from parking import realtime
    from parking.availability import cache, stream
    from parking.availability.routes import bp

    cache.init_app(app)
    realtime.register_lot_counts(stream.counts)
    app.register_blueprint(bp)
