"""a booking may be for a visitor, who has no account

Revision ID: 0026
"""

import sqlalchemy as sa
from alembic import op

from parking.database.derived_columns import KeyText

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

NAMED = sa.text("visitor_name > ''")


def upgrade():
    for name in ("visitor_name", "visitor_email", "visitor_locale"):
        op.add_column("booking", sa.Column(name, sa.Text(), nullable=True))
    op.add_column("booking", sa.Column("visitor_search", KeyText, nullable=True))
    op.create_index("booking_visitor", "booking", ["end_time", "id"], sqlite_where=NAMED, postgresql_where=NAMED)


def downgrade():
    """The bookings stay, those by staff with the account that stands for all visitors; who the visitors are is lost."""
    op.drop_index("booking_visitor", "booking")
    for name in ("visitor_search", "visitor_locale", "visitor_email", "visitor_name"):
        op.drop_column("booking", name)
