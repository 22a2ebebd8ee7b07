"""The search over HTTP."""

from __future__ import annotations

from apiflask import APIBlueprint
from flask import Response

from parking.search import service
from parking.search.schemas import SearchOut, SearchQuery
from parking.staff import requires_staff
from parking.web import answer, identity

bp = APIBlueprint("search", __name__, tag="Search")


@bp.get("/api/admin/search")
@requires_staff("viewer")
@bp.input(SearchQuery, location="query", arg_name="query")
@bp.output(SearchOut)
def search(query: SearchQuery) -> Response:
    """Lots, spots, plates, users and bookings that match, up to five of each; for staff, what
    belongs to their lots, and no users."""
    return answer(service.search(identity(), query.q))
