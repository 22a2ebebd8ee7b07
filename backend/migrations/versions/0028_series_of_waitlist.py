"""the series of an entry of the waitlist, and why an entry ended or lost its offer

Revision ID: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

REASONS = "'lot_closed', 'spot_closed', 'series_ended', 'account_deleted'"


def upgrade():
    # By hand: Alembic adds no foreign key and no check to a table of SQLite.
    kind = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    key = "CONSTRAINT fk_waitlist_entry_series_id_booking_series REFERENCES booking_series (id)"
    op.execute(f"ALTER TABLE waitlist_entry ADD COLUMN series_id {kind} {key}")
    check = f"CONSTRAINT ck_waitlist_entry_reason CHECK (reason IN ({REASONS}))"
    op.execute(f"ALTER TABLE waitlist_entry ADD COLUMN reason TEXT {check}")
    of_series = sa.text("series_id IS NOT NULL")
    op.create_index(
        "waitlist_of_series", "waitlist_entry", ["series_id"], sqlite_where=of_series, postgresql_where=of_series
    )
    # What expired before its time was for a lot that has closed.
    op.execute("UPDATE waitlist_entry SET reason = 'lot_closed' WHERE status = 'Expired' AND ended_at < waits_until")


def downgrade():
    """Bookings that were claimed keep their series."""
    op.drop_index("waitlist_of_series", "waitlist_entry")
    op.drop_column("waitlist_entry", "reason")
    op.drop_column("waitlist_entry", "series_id")
