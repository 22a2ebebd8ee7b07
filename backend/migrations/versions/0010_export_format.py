"""exports say how their file is written

Revision ID: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade():
    """Every file there is was written for programs."""
    op.add_column("export_job", sa.Column("format", sa.String(10), nullable=False, server_default="machine"))


def downgrade():
    op.drop_column("export_job", "format")
