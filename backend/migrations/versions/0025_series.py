"""series of bookings; whether a lot lets a reservation that has begun end earlier

Revision ID: 0025
"""

import sqlalchemy as sa
from alembic import op

from parking.database import BigId, UTCDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "booking_series",
        sa.Column("id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("lot_id", BigId, nullable=False),
        sa.Column("start_time", sa.String(5), nullable=False),
        sa.Column("end_time", sa.String(5), nullable=False),
        sa.Column("days", sa.Text(), nullable=False),
        sa.Column("every_weeks", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("omitted", sa.Text(), nullable=False, server_default=""),
        sa.Column("next_day", sa.Date(), nullable=True),
        sa.Column("spot_id", BigId, nullable=True),
        sa.Column("needs", sa.Text(), nullable=False, server_default=""),
        sa.Column("vehicle_plate", sa.Text(), nullable=True),
        sa.Column("wait_if_full", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("every_weeks > 0", name=op.f("ck_booking_series_every_weeks")),
        sa.CheckConstraint(
            "next_day IS NOT NULL OR (vehicle_plate IS NULL AND needs = '')", name=op.f("ck_booking_series_remaining")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_booking_series_user_id_app_user")),
        sa.ForeignKeyConstraint(["lot_id"], ["parking_lot.id"], name=op.f("fk_booking_series_lot_id_parking_lot")),
        sa.ForeignKeyConstraint(["spot_id"], ["parking_spot.id"], name=op.f("fk_booking_series_spot_id_parking_spot")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_series")),
    )
    op.create_index("ix_booking_series_user_id", "booking_series", ["user_id"])
    due = sa.text("next_day IS NOT NULL")
    op.create_index("booking_series_due", "booking_series", ["id"], sqlite_where=due, postgresql_where=due)
    # By hand: Alembic adds no foreign key to a table of SQLite.
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    key = "CONSTRAINT fk_booking_series_id_booking_series REFERENCES booking_series (id)"
    op.execute(f"ALTER TABLE booking ADD COLUMN series_id {kind} {key}")
    of_series = sa.text("series_id IS NOT NULL")
    op.create_index(
        "booking_of_series",
        "booking",
        ["series_id", "reserved_start"],
        unique=True,
        sqlite_where=of_series,
        postgresql_where=of_series,
    )
    op.add_column("parking_lot", sa.Column("shorten_running", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade():
    """The bookings of a series stay; what they have in common, and the dates that were not due yet, are lost."""
    op.drop_column("parking_lot", "shorten_running")
    op.drop_index("booking_of_series", "booking")
    op.drop_column("booking", "series_id")
    op.drop_table("booking_series")
