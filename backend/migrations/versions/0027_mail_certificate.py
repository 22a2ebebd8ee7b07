"""the end of the mail server's certificate

Revision ID: 0027
"""

import sqlalchemy as sa
from alembic import op

from parking.database import BigId, UTCDateTime

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "mail_certificate",
        sa.Column("id", BigId, nullable=False),
        sa.Column("host", sa.String(255), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_certificate")),
    )


def downgrade():
    op.drop_table("mail_certificate")
