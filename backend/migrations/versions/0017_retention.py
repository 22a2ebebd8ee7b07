"""personal data that is too old is deleted: runs, and placeholders for the person of old bookings

Revision ID: 0017
"""

import sqlalchemy as sa
from alembic import op

from parking.database import BigId, UTCDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "retention_run",
        sa.Column("id", BigId, nullable=False),
        sa.Column("day", sa.Text(), nullable=True),
        sa.Column("started_at", UTCDateTime(), nullable=False),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("cutoffs", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retention_run")),
        sa.UniqueConstraint("day", name=op.f("uq_retention_run_day")),
    )
    op.add_column("app_user", sa.Column("placeholder", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade():
    op.drop_column("app_user", "placeholder")
    op.drop_table("retention_run")
