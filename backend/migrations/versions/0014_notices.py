"""notices: what a driver must hear of a booking, until they dismiss it

Revision ID: 0014
"""

import sqlalchemy as sa
from alembic import op

from parking.database import BigId, UTCDateTime

revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None

OPEN = sa.text("dismissed_at IS NULL")


def upgrade():
    op.create_table(
        "notice",
        sa.Column("id", BigId, nullable=False),
        sa.Column("user_id", BigId, nullable=False),
        sa.Column("booking_id", BigId, nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("dismissed_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_notice_user_id_app_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("key", name=op.f("uq_notice_key")),
    )
    op.create_index(
        "ix_notice_open", "notice", ["user_id", "id"], unique=False, sqlite_where=OPEN, postgresql_where=OPEN
    )
    op.create_index("ix_notice_user_id", "notice", ["user_id"], unique=False)
    op.create_index(op.f("ix_notice_created_at"), "notice", ["created_at"], unique=False)


def downgrade():
    op.drop_table("notice")
