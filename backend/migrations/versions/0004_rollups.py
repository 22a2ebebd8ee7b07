"""figures: sums per lot and day, per lot and month, and the marks of what changed

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

from parking.database import UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SUMS = (
    *("bookings", "instant", "reserved", "visits", "completed", "cancelled", "no_shows", "revenue_minor", "stays"),
    *("stay_s", "occupied_s", "reserved_s", "available_s"),
)
LONG = {"booking_long": 79_200, "booking_longer": 345_600, "booking_longest": 2_592_000}


def big_id():
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def sums():
    return [
        *(sa.Column(name, big_id(), nullable=False) for name in SUMS),
        sa.Column("drivers", big_id(), nullable=True),
        sa.Column("peak_cars", big_id(), nullable=False),
    ]


def upgrade():
    op.add_column("parking_spot", sa.Column("created_at", UTCDateTime(), nullable=True))
    op.create_index("booking_started", "booking", ["lot_id", "start_time", "user_id", "checked_in_at", "booking_type"])
    op.create_index("app_user_created", "app_user", ["created_at"])
    for name, seconds in LONG.items():
        op.create_index(
            name,
            "booking",
            ["lot_id", "end_time", "start_time"],
            sqlite_where=sa.text(f"end_time - start_time > {seconds}"),
            postgresql_where=sa.text(f"(end_time - start_time) > interval '{seconds} seconds'"),
        )
    op.create_table(
        "lot_day",
        sa.Column("lot_id", big_id(), nullable=False, autoincrement=False),
        sa.Column("day", sa.Date(), nullable=False),
        *sums(),
        sa.PrimaryKeyConstraint("lot_id", "day", name=op.f("pk_lot_day")),
    )
    op.create_index("ix_lot_day_day", "lot_day", ["day", "lot_id"])
    op.create_table(
        "lot_day_detail",
        sa.Column("lot_id", big_id(), nullable=False, autoincrement=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("occupied", sa.JSON(), nullable=False),
        sa.Column("available", sa.JSON(), nullable=False),
        sa.Column("stay_minutes", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "day", name=op.f("pk_lot_day_detail")),
    )
    op.create_table(
        "lot_month",
        sa.Column("lot_id", big_id(), nullable=False, autoincrement=False),
        sa.Column("month", sa.Date(), nullable=False),
        *sums(),
        sa.Column("stale", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", "month", name=op.f("pk_lot_month")),
    )
    op.create_index("ix_lot_month_month", "lot_month", ["month", "lot_id"])
    op.create_index(
        "ix_lot_month_stale", "lot_month", ["month"], sqlite_where=sa.text("stale"), postgresql_where=sa.text("stale")
    )
    op.create_table(
        "lot_rolled",
        sa.Column("lot_id", big_id(), nullable=False, autoincrement=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("rolled_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("lot_id", name=op.f("pk_lot_rolled")),
    )
    op.create_table(
        "stats_change",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("lot_id", big_id(), nullable=False),
        sa.Column("from_quarter", big_id(), nullable=False),
        sa.Column("to_quarter", big_id(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stats_change")),
        sqlite_autoincrement=True,
    )
    # Bookings made before there were marks: every lot, since the beginning.
    op.execute("INSERT INTO stats_change (lot_id, from_quarter) SELECT id, 0 FROM parking_lot")


def downgrade():
    on = {"booking_marks_insert": "booking", "booking_marks_update": "booking"}
    on |= {"parking_spot_marks": "parking_spot", "parking_lot_marks": "parking_lot"}
    postgresql = op.get_bind().dialect.name == "postgresql"
    for trigger, table in on.items():
        op.execute(f"DROP TRIGGER IF EXISTS {trigger}" + (f" ON {table}" if postgresql else ""))
    for table in ("stats_change", "lot_rolled", "lot_month", "lot_day_detail", "lot_day"):
        op.drop_table(table)
    op.drop_index("app_user_created", "app_user")
    for index in (*LONG, "booking_started"):
        op.drop_index(index, "booking")
    op.drop_column("parking_spot", "created_at")
