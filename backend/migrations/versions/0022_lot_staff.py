"""lot staff, and exports of a lot's bookings

Revision ID: 0022
"""

import sqlalchemy as sa
from alembic import op

from parking.database import BigId, UTCDateTime

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "lot_staff",
        sa.Column("lot_id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("role", sa.String(10), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("role IN ('viewer', 'attendant', 'manager')", name=op.f("ck_lot_staff_role")),
        sa.ForeignKeyConstraint(["lot_id"], ["parking_lot.id"], name=op.f("fk_lot_staff_lot_id_parking_lot")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_lot_staff_user_id_app_user")),
        sa.PrimaryKeyConstraint("lot_id", "user_id", name=op.f("pk_lot_staff")),
    )
    op.create_index("ix_lot_staff_user_id", "lot_staff", ["user_id"])
    _allow_kinds("'bookings', 'lot_bookings', 'all_data'")


def downgrade():
    """The older version cannot build an export of a lot's bookings, nor offer its file; the file is deleted as one that
    no job needs."""
    op.execute("DELETE FROM export_job WHERE kind = 'lot_bookings'")
    _allow_kinds("'bookings', 'all_data'")
    op.drop_table("lot_staff")


def _allow_kinds(kinds):
    with op.batch_alter_table("export_job") as table:
        table.drop_constraint(op.f("ck_export_job_kind"), type_="check")
        table.create_check_constraint(op.f("ck_export_job_kind"), f"kind IN ({kinds})")
