"""the waitlist

Revision ID: 0024
"""

import sqlalchemy as sa
from alembic import op

from parking.database import BigId, UTCDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

STATUSES = "'Waiting', 'Offered', 'Claimed', 'Lapsed', 'Declined', 'Left', 'Expired'"
HELD = "claim_by IS NOT NULL AND status = 'Reserved'"


def upgrade():
    op.create_table(
        "waitlist_entry",
        sa.Column("id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("booking_type", sa.Text(), nullable=False),
        sa.Column("reserved_start", UTCDateTime(), nullable=True),
        sa.Column("reserved_end", UTCDateTime(), nullable=True),
        sa.Column("waits_until", UTCDateTime(), nullable=False),
        sa.Column("accessible", sa.Boolean(), nullable=False),
        sa.Column("ev", sa.Boolean(), nullable=False),
        sa.Column("covered", sa.Boolean(), nullable=False),
        sa.Column("vehicle_plate", sa.Text(), nullable=True),
        sa.Column("booking_id", BigId, nullable=True),
        sa.Column("offer_lot_id", BigId, nullable=True),
        sa.Column("offered_at", UTCDateTime(), nullable=True),
        sa.Column("told_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint(f"status IN ({STATUSES})", name=op.f("ck_waitlist_entry_status")),
        sa.CheckConstraint("booking_type IN ('instant', 'reserved')", name=op.f("ck_waitlist_entry_type")),
        sa.CheckConstraint(
            "(booking_type = 'reserved') = (reserved_start IS NOT NULL)"
            " AND (reserved_start IS NULL) = (reserved_end IS NULL)",
            name=op.f("ck_waitlist_entry_window"),
        ),
        sa.CheckConstraint("reserved_end > reserved_start", name=op.f("ck_waitlist_entry_window_order")),
        sa.CheckConstraint(
            "status NOT IN ('Offered', 'Claimed', 'Lapsed') OR booking_id IS NOT NULL",
            name=op.f("ck_waitlist_entry_offer"),
        ),
        sa.CheckConstraint("(booking_id IS NULL) = (offer_lot_id IS NULL)", name=op.f("ck_waitlist_entry_offer_lot")),
        sa.CheckConstraint(
            "(status IN ('Waiting', 'Offered')) = (ended_at IS NULL)", name=op.f("ck_waitlist_entry_ended")
        ),
        sa.CheckConstraint("ended_at IS NOT NULL OR user_id IS NOT NULL", name=op.f("ck_waitlist_entry_person")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_waitlist_entry_user_id_app_user")),
        sa.ForeignKeyConstraint(
            ["offer_lot_id"], ["parking_lot.id"], name=op.f("fk_waitlist_entry_offer_lot_id_parking_lot")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waitlist_entry")),
    )
    waiting, offered = sa.text("status = 'Waiting'"), sa.text("status = 'Offered'")
    _index("waitlist_one_offer", "waitlist_entry", ["user_id"], offered, unique=True)
    _index("waitlist_of_person", "waitlist_entry", ["user_id"], waiting)
    _index("waitlist_due", "waitlist_entry", ["waits_until"], waiting)
    op.create_index("ix_waitlist_entry_user_id", "waitlist_entry", ["user_id", "id"])
    for column in ("booking_id", "created_at", "ended_at"):
        op.create_index(f"ix_waitlist_entry_{column}", "waitlist_entry", [column])
    op.create_table(
        "waitlist_lot",
        sa.Column("entry_id", BigId, nullable=False),
        sa.Column("lot_id", BigId, nullable=False),
        sa.Column("is_waiting", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["waitlist_entry.id"], name=op.f("fk_waitlist_lot_entry_id_waitlist_entry")
        ),
        sa.ForeignKeyConstraint(["lot_id"], ["parking_lot.id"], name=op.f("fk_waitlist_lot_lot_id_parking_lot")),
        sa.PrimaryKeyConstraint("entry_id", "lot_id", name=op.f("pk_waitlist_lot")),
    )
    _index("waitlist_queue", "waitlist_lot", ["lot_id"], sa.text("is_waiting"))
    op.create_index("ix_waitlist_lot_lot_id", "waitlist_lot", ["lot_id", "entry_id"])
    _index("booking_due_claim", "booking", ["claim_by"], sa.text(HELD))


def downgrade():
    """The older version makes no offers and ends none: the spots that are held are free again. What was claimed are
    bookings."""
    op.execute(
        "UPDATE booking SET status = 'Cancelled', end_time = created_at, ended_by = 'system'"
        " WHERE booking_type = 'hold' AND status = 'Reserved'"
    )
    op.drop_index("booking_due_claim", "booking")
    op.drop_table("waitlist_lot")
    op.drop_table("waitlist_entry")


def _index(name, table, columns, where, *, unique=False):
    op.create_index(name, table, columns, unique=unique, sqlite_where=where, postgresql_where=where)
