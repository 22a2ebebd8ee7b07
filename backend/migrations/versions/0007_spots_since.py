"""since when a lot has its spots, counted from an index

Revision ID: 0007
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade():
    op.create_index("parking_spot_since", "parking_spot", ["lot_id", "created_at"])


def downgrade():
    op.drop_index("parking_spot_since", "parking_spot")
