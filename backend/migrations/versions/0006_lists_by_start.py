"""lists come by their start; the drivers of a day are kept

Revision ID: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NEW = {
    "booking_start": ["start_time", "id"],
    "booking_user": ["user_id", "start_time", "id"],
    "booking_started": ["lot_id", "start_time", "id"],
    "booking_spot": ["lot_id", "spot_id", "start_time", "id"],
    "booking_end": ["end_time", "id"],
    "booking_ended": ["lot_id", "end_time", "id"],
}
OLD = {
    "booking_user": ["user_id", "id"],
    "booking_started": ["lot_id", "start_time", "user_id", "checked_in_at", "booking_type"],
    "booking_spot": ["lot_id", "spot_id", "id"],
    "booking_ended": ["lot_id", "end_time"],
    "booking_reference": ["reference"],
}
BY_BEGINNING = {"booking_reference": "reference", "booking_plate": "lower(vehicle_plate)"}


def upgrade():
    for name in OLD:
        op.drop_index(name, "booking")
    for name, columns in NEW.items():
        op.create_index(name, "booking", columns)
    pattern = " text_pattern_ops" if op.get_bind().dialect.name == "postgresql" else ""
    for name, what in BY_BEGINNING.items():
        op.execute(f"CREATE INDEX {name} ON booking ({what}{pattern})")
    op.add_column("lot_day_detail", sa.Column("drivers", sa.JSON(), nullable=True))
    op.create_index("ix_lot_day_detail_day", "lot_day_detail", ["day", "lot_id"])
    # What is kept lacks the drivers: made anew, every lot since its beginning.
    for table in ("lot_day", "lot_day_detail", "lot_month", "lot_rolled", "stats_change"):
        op.execute(f"DELETE FROM {table}")
    op.execute("INSERT INTO stats_change (lot_id, from_quarter) SELECT id, 0 FROM parking_lot")


def downgrade():
    op.drop_index("ix_lot_day_detail_day", "lot_day_detail")
    op.drop_column("lot_day_detail", "drivers")
    for name in (*NEW, *BY_BEGINNING):
        op.drop_index(name, "booking")
    for name, columns in OLD.items():
        op.create_index(name, "booking", columns)
