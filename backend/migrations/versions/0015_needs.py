"""drivers name the features that they need of a spot

Revision ID: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ORDER = ["lot_id", "accessible", "ev", "covered", "spot_number"]


def upgrade():
    for table in ("app_user", "booking"):
        op.add_column(table, sa.Column("needs", sa.Text(), nullable=False, server_default=""))
    op.create_index("parking_spot_order", "parking_spot", ORDER)


def downgrade():
    op.drop_index("parking_spot_order", "parking_spot")
    for table in ("booking", "app_user"):
        op.drop_column(table, "needs")
