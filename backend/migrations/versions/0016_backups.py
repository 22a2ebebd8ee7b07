"""scheduled backups, and the hold of mail after a restore

Revision ID: 0016
"""

import sqlalchemy as sa
from alembic import op

from parking.database import BigId, UTCDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "backup_run",
        sa.Column("id", BigId, nullable=False),
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("holder", sa.Text(), nullable=True),
        sa.Column("held_until", UTCDateTime(), nullable=True),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("file", sa.Text(), nullable=True),
        sa.Column("size_bytes", BigId, nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_backup_run")),
        sa.UniqueConstraint("day", name=op.f("uq_backup_run_day")),
    )
    op.create_table(
        "mail_hold",
        sa.Column("id", BigId, nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.Column("backup_of", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_hold")),
    )


def downgrade():
    op.drop_table("mail_hold")
    op.drop_table("backup_run")
