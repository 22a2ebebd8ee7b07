"""blocks may have a window; a spot can be held for a person who may claim it

Revision ID: 0023
"""

import sqlalchemy as sa
from alembic import op

from parking.database import UTCDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

OLD = {
    "type": "booking_type IN ('instant', 'reserved', 'block')",
    "status": "status IN ('Reserved', 'Active', 'Completed', 'Cancelled', 'No-show')",
    "window": (
        "(booking_type = 'reserved') = (reserved_start IS NOT NULL)"
        " AND (reserved_start IS NULL) = (reserved_end IS NULL)"
    ),
    "reserved": "status <> 'Reserved' OR booking_type = 'reserved'",
}
NEW = {
    "type": "booking_type IN ('instant', 'reserved', 'block', 'hold')",
    "status": "status IN ('Reserved', 'Active', 'Completed', 'Cancelled', 'No-show', 'Lapsed')",
    "window": (
        "(booking_type <> 'reserved' OR reserved_start IS NOT NULL)"
        " AND (booking_type <> 'instant' OR reserved_start IS NULL)"
        " AND (reserved_start IS NULL) = (reserved_end IS NULL)"
    ),
    "reserved": "status <> 'Reserved' OR booking_type = 'hold' OR reserved_start IS NOT NULL",
    "free": "booking_type NOT IN ('block', 'hold') OR coalesce(total_cost_minor, 0) = 0 AND status <> 'No-show'",
    "hold": (
        "(booking_type = 'hold') = (claim_by IS NOT NULL)"
        " AND (booking_type <> 'hold' OR status IN ('Reserved', 'Cancelled', 'Lapsed'))"
        " AND (booking_type = 'hold' OR status <> 'Lapsed')"
    ),
}


def upgrade():
    op.add_column("booking", sa.Column("claim_by", UTCDateTime(), nullable=True))
    _change_rules(OLD, NEW)


def downgrade():
    """A closure that runs stays until somebody lifts it; those to come, and holds, are lost."""
    for name in ("booking_transition", "booking_keep"):  # installed again after this (migrations/env.py)
        on = " ON booking" if op.get_bind().dialect.name == "postgresql" else ""
        op.execute(f"DROP TRIGGER IF EXISTS {name}{on}")
    op.execute("DELETE FROM booking WHERE booking_type = 'hold'")
    op.execute(
        "UPDATE booking SET status = 'Cancelled', end_time = start_time, ended_by = 'system'"
        " WHERE booking_type = 'block' AND status = 'Reserved'"
    )
    op.execute("UPDATE booking SET reserved_start = NULL, reserved_end = NULL WHERE booking_type = 'block'")
    _change_rules(NEW, OLD)
    op.drop_column("booking", "claim_by")


def _change_rules(before, after):
    if op.get_bind().dialect.name == "postgresql":
        dropped = [f"DROP CONSTRAINT ck_booking_{name}" for name in before]
        added = [f"ADD CONSTRAINT ck_booking_{name} CHECK ({rule})" for name, rule in after.items()]
        op.execute(f"ALTER TABLE booking {', '.join(dropped + added)}")
    else:
        _rebuild(before, after)


def _rebuild(before, after):
    """SQLite cannot change a CHECK: the table is made anew, with its rows and indexes (sqlite.org/lang_altertable.html,
    "Making Other Kinds Of Table Schema Changes")."""
    bind = op.get_bind()
    stored = sa.text("SELECT type, sql FROM sqlite_master WHERE tbl_name = 'booking' AND sql IS NOT NULL")
    rows = bind.execute(stored).all()
    [table] = [sql for kind, sql in rows if kind == "table"]
    for name in {**before, **after}:
        old, new = (_clause(name, rules) for rules in (before, after))
        if old and table.count(old) != 1:
            raise RuntimeError(f"The table booking has not the rule {name} that this migration expects.")
        if old and new:
            table = table.replace(old, new)
        elif old:
            table = table.replace(f"{old}, ", "", 1)
        else:
            cost = "CONSTRAINT ck_booking_cost"
            table = table.replace(cost, f"{new}, {cost}", 1)
    columns = ", ".join(column["name"] for column in sa.inspect(bind).get_columns("booking"))
    bind.exec_driver_sql("CREATE TABLE booking_new " + table[table.index("(") :])
    bind.exec_driver_sql(f"INSERT INTO booking_new ({columns}) SELECT {columns} FROM booking")
    bind.exec_driver_sql("DROP TABLE booking")
    bind.exec_driver_sql("ALTER TABLE booking_new RENAME TO booking")
    for kind, sql in rows:
        if kind == "index":
            bind.exec_driver_sql(sql)


def _clause(name, rules):
    return f"CONSTRAINT ck_booking_{name} CHECK ({rules[name]})" if name in rules else None
