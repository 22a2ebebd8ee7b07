"""The change log for the daily statistics: triggers write one row into stats_change for every change of a booking, a
spot or a lot that can alter a past day, in the same transaction and for every program.

Rows are only added (no unique key, no row that two bookings would lock); the worker deletes them when it has
aggregated the days again (parking/statistics/daily/refresh.py). `stats_change` counts in quarters of an hour since
1970: fine enough that a booking of today never touches yesterday in any time zone.

A new row affects the time from its earliest to its latest instant (without an end: until now). A changed row affects
the time from the earliest instant, old or new, of the changed columns; a hold that becomes a booking, from its start.
"""

from __future__ import annotations

TABLE = "stats_change"
QUARTER_S = 900
_MOMENTS = ("start_time", "reserved_start", "checked_in_at", "end_time")


def _differs(column: str, distinct: str) -> str:
    return f"OLD.{column} {distinct} NEW.{column}"


def _changed(distinct: str) -> str:
    return " OR ".join(_differs(column, distinct) for column in (*_MOMENTS, "booking_type"))


def _since_change(distinct: str, least: str, never: str) -> str:
    """The earliest instant that an UPDATE affects; a visit is counted on the day its booking starts, so a check-in
    affects the time from that start on."""
    parts = [
        f"CASE WHEN {_differs(column, distinct)}"
        f" THEN {least}(coalesce(OLD.{column}, NEW.{column}), coalesce(NEW.{column}, OLD.{column})) ELSE {never} END"
        for column in _MOMENTS
    ]
    from_start = f"{_differs('checked_in_at', distinct)} OR {_differs('booking_type', distinct)}"
    parts.append(f"CASE WHEN {from_start} THEN {least}(OLD.start_time, NEW.start_time) ELSE {never} END")
    return f"{least}({', '.join(parts)})"


def sqlite() -> dict[str, str]:
    """Name -> CREATE TRIGGER …"""
    never = "9223372036854775807"
    quarter = f"({{}}) / {QUARTER_S}"
    first = quarter.format(
        "min(NEW.start_time, coalesce(NEW.reserved_start, NEW.start_time), coalesce(NEW.checked_in_at, NEW.start_time),"
        " coalesce(NEW.end_time, NEW.start_time))"
    )
    last = quarter.format("max(NEW.start_time, NEW.end_time)")
    since = quarter.format(_since_change("IS NOT", "min", never))
    created = "coalesce(NEW.created_at, (SELECT created_at FROM parking_lot WHERE id = NEW.lot_id))"
    deleted = "min(coalesce(OLD.deleted_at, NEW.deleted_at), coalesce(NEW.deleted_at, OLD.deleted_at))"
    into = "INSERT INTO stats_change (lot_id, from_quarter, to_quarter) VALUES"
    return {
        name: f"CREATE TRIGGER {name} {body}; END"
        for name, body in {
            "booking_marks_insert": f"AFTER INSERT ON booking BEGIN {into} (NEW.lot_id, {first}, {last})",
            "booking_marks_update": (
                f"AFTER UPDATE ON booking WHEN {_changed('IS NOT')} BEGIN {into} (NEW.lot_id, {since}, NULL)"
            ),
            "parking_spot_marks": (
                f"AFTER INSERT ON parking_spot BEGIN {into} (NEW.lot_id, {quarter.format(created)}, NULL)"
            ),
            "parking_lot_marks": (
                f"AFTER UPDATE OF deleted_at ON parking_lot WHEN {_differs('deleted_at', 'IS NOT')}"
                f" BEGIN {into} (NEW.id, {quarter.format(deleted)}, NULL)"
            ),
        }.items()
    }


def _quarter(instant: str) -> str:
    return f"floor(extract(epoch FROM {instant}) / {QUARTER_S})"


def postgresql() -> dict[str, str]:
    """Name -> CREATE TRIGGER …; the functions they call are in `postgresql_functions`."""
    rows = "REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT"
    return {
        name: f"CREATE TRIGGER {name} {body}"
        for name, body in {
            "booking_marks_insert": f"AFTER INSERT ON booking {rows} EXECUTE FUNCTION parking_mark_bookings()",
            "booking_marks_update": (
                f"AFTER UPDATE ON booking FOR EACH ROW WHEN ({_changed('IS DISTINCT FROM')})"
                " EXECUTE FUNCTION parking_mark_booking()"
            ),
            "parking_spot_marks": f"AFTER INSERT ON parking_spot {rows} EXECUTE FUNCTION parking_mark_spots()",
            "parking_lot_marks": (
                "AFTER UPDATE OF deleted_at ON parking_lot FOR EACH ROW"
                f" WHEN ({_differs('deleted_at', 'IS DISTINCT FROM')}) EXECUTE FUNCTION parking_mark_lot()"
            ),
        }.items()
    }


def postgresql_functions() -> dict[str, str]:
    """Name -> CREATE FUNCTION …"""
    into = "INSERT INTO stats_change (lot_id, from_quarter, to_quarter)"
    first = _quarter("min(LEAST(start_time, reserved_start, checked_in_at, end_time))")
    last = f"CASE WHEN end_time IS NULL THEN NULL ELSE {_quarter('GREATEST(start_time, end_time)')} END"
    since = _quarter(_since_change("IS DISTINCT FROM", "LEAST", "NULL"))
    created = _quarter("min(coalesce(s.created_at, l.created_at))")
    bodies = {  # made of this module's constants only, nothing from outside
        "parking_mark_bookings": (
            f"{into} SELECT lot_id, {first}, max({last}) FROM new_rows GROUP BY lot_id, end_time IS NULL"  # noqa: S608 - see above
        ),
        "parking_mark_booking": f"{into} VALUES (NEW.lot_id, {since}, NULL)",
        "parking_mark_spots": (
            f"{into} SELECT l.id, {created}, NULL FROM new_rows s"  # noqa: S608 - see above
            " JOIN parking_lot l ON l.id = s.lot_id GROUP BY l.id"
        ),
        "parking_mark_lot": f"{into} VALUES (NEW.id, {_quarter('LEAST(OLD.deleted_at, NEW.deleted_at)')}, NULL)",
    }
    return {
        name: f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        f" BEGIN {body}; RETURN NULL; END $$"
        for name, body in bodies.items()
    }
