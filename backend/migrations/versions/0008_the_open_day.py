"""the present day is rolled up too; charts of a month; lots by revenue from an index

Revision ID: 0008
"""

import sqlalchemy as sa
from alembic import op

from parking.database import UTCDateTime

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

STANDING = ("version", "cars", "held", "spots")
BY_REVENUE = {"ix_lot_day_day": ("lot_day", "day"), "ix_lot_month_month": ("lot_month", "month")}


def upgrade():
    for name in STANDING:
        kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
        op.add_column("lot_rolled", sa.Column(name, kind, nullable=False, server_default="0"))
    op.add_column("lot_rolled", sa.Column("holds_until", UTCDateTime(), nullable=True))
    op.create_table(
        "month_detail",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("occupied", sa.JSON(), nullable=False),
        sa.Column("available", sa.JSON(), nullable=False),
        sa.Column("stay_minutes", sa.JSON(), nullable=False),
        sa.Column("busiest", sa.JSON(), nullable=True),
        sa.Column("drivers", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_month_detail")),
    )
    for name, (table, period) in BY_REVENUE.items():
        op.drop_index(name, table)
        op.create_index(name, table, [period, "lot_id", "revenue_minor", "visits"])
    # The worker sums these again, and makes the charts with them.
    op.execute("UPDATE lot_month SET stale = true WHERE lot_id = 0")


def downgrade():
    for name, (table, period) in BY_REVENUE.items():
        op.drop_index(name, table)
        op.create_index(name, table, [period, "lot_id"])
    op.drop_table("month_detail")
    op.drop_column("lot_rolled", "holds_until")
    for name in STANDING:
        op.drop_column("lot_rolled", name)
    # What came before takes every row for a day that has ended: made anew, every lot since its beginning.
    for table in ("lot_day", "lot_day_detail", "lot_month", "lot_rolled", "stats_change"):
        op.execute(f"DELETE FROM {table}")
    op.execute("INSERT INTO stats_change (lot_id, from_quarter) SELECT id, 0 FROM parking_lot")
