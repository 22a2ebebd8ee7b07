"""an account has a format for its CSV files

Revision ID: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("app_user", sa.Column("csv_format", sa.String(10), nullable=False, server_default="auto"))


def downgrade():
    op.drop_column("app_user", "csv_format")
