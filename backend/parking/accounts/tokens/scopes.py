"""What API tokens may ask for: each route of the API belongs to one scope, to none, or to everybody.

The three tables below name every route; one that they do not name is closed to tokens, and a test fails for it. Pure.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal, get_args

Scope = Literal["lots:read", "bookings:read", "bookings:write", "stats:read", "exports:read"]
SCOPES: tuple[Scope, ...] = get_args(Scope)


class Limit(enum.Enum):
    """How a route is kept to the lots of a token that is limited to lots."""

    PATH = "the path names a lot or a booking, which has to be of these lots"
    NAMED = "the request has to name one of these lots (`lot_id`); the view calls `require_lot`"
    FILTERED = "the view answers with what belongs to these lots (`visible_lots`)"
    CLOSED = "the answer spans all lots, so it is refused"


@dataclass(frozen=True, slots=True)
class Rule:
    """The scope that a route needs, and how it is kept to lots."""

    scope: Scope
    limit: Limit


_BY_SCOPE: dict[Scope, dict[Limit, tuple[str, ...]]] = {
    "lots:read": {
        Limit.PATH: ("lots.get_lot", "lots.list_spots", "bookings.availability"),
        Limit.NAMED: ("bookings.quote", "waitlist.position"),
        Limit.FILTERED: ("lots.list_lots", "live.stream"),
    },
    "bookings:read": {
        Limit.PATH: ("bookings.get_own", "bookings.receipt", "bookings.calendar"),
        Limit.FILTERED: ("bookings.list_own", "bookings.list_all", "bookings.totals_of_all", "waitlist.list_all"),
        Limit.CLOSED: (
            *("notices.list_notices", "waitlist.list_own", "waitlist.get_own"),
            *("series.list_own", "series.get_own"),
        ),
    },
    "bookings:write": {
        Limit.PATH: (
            *("bookings.release", "bookings.cancel", "bookings.extend", "bookings.shorten", "bookings.check_in"),
            *("bookings.force_release", "bookings.cancel_for", "bookings.check_in_for", "visitors.book"),
        ),
        Limit.NAMED: ("bookings.book", "series.preview", "series.create"),
        Limit.CLOSED: (
            *("notices.dismiss_notice", "waitlist.join", "waitlist.leave", "waitlist.claim", "waitlist.decline"),
            *("series.end", "series.cancel_range"),
        ),
    },
    "stats:read": {
        Limit.NAMED: ("stats.admin", "stats.admin_csv", "stats.hour", "stats.hour_csv"),
        Limit.CLOSED: ("stats.user", "stats.user_csv"),
    },
    "exports:read": {
        Limit.NAMED: ("csv_exports.ask", "csv_exports.export_own"),
        Limit.FILTERED: (
            *("csv_exports.list_own", "csv_exports.get_own", "csv_exports.cancel", "csv_exports.download"),
            *("list_files.bookings_csv", "list_files.lots_csv", "list_files.exports_csv"),
        ),
    },
}
"""Scope -> how it is kept to lots -> endpoints."""
RULES: dict[str, Rule] = {
    endpoint: Rule(scope, limit)
    for scope, by_limit in _BY_SCOPE.items()
    for limit, endpoints in by_limit.items()
    for endpoint in endpoints
}
"""Endpoint -> rule."""
NEVER = frozenset(
    {
        *(
            "accounts",
            "second_factor",
            "api_tokens",
            "users",
            "lot_admin",
            "staff",
            "mail",
            "audit",
            "schedule",
            "search",
        ),
        *("operations.system_status", "list_files.users_csv", "list_files.audit_csv", "list_files.emails_csv"),
        *("csv_exports.personal_data", "csv_exports.export_all", "csv_exports.export_all_older_name"),
    }
)
"""Blueprints and endpoints that no token reaches: accounts, roles, tokens, settings, mail, the audit log, all data."""
PUBLIC = frozenset(
    {
        *("docs", "openapi", "metrics", "operations.healthz", "operations.readyz", "operations.site"),
        *("lots.list_public", "lots.get_public", "visitors.show", "visitors.cancel"),
    }
)
"""Blueprints and endpoints that ask nobody who they are. They do not look at tokens."""


def is_classified(endpoint: str) -> bool:
    """Whether one of the tables names this route."""
    return endpoint in RULES or any(name in NEVER | PUBLIC for name in (endpoint, endpoint.partition(".")[0]))
