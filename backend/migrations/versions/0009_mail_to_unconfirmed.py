"""mails to addresses that nobody has confirmed are counted

Revision ID: 0009
"""

import sqlalchemy as sa
from alembic import op

from parking.database import BigId, UTCDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "mail_to_unconfirmed",
        sa.Column("id", BigId, nullable=False),
        sa.Column("address_hash", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=10), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_to_unconfirmed")),
    )
    op.create_index("ix_mail_to_unconfirmed_address", "mail_to_unconfirmed", ["address_hash", "category", "at"])


def downgrade():
    op.drop_table("mail_to_unconfirmed")
