"""searches find a name whichever way its umlauts are written

Revision ID: 0021
"""

import sqlalchemy as sa
from alembic import op

from parking.accounts.models import search_text as user_text
from parking.database.derived_columns import Derived, complete
from parking.lots.models import search_text as lot_text
from parking.mail.models import search_text as mail_text

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

RULES = {
    "app_user": Derived(user_text, ("username", "email")),
    "parking_lot": Derived(lot_text, ("name", "address")),
    "outbox_mail": Derived(mail_text, ("email", "name", "subject")),
}


def upgrade():
    for name, rule in RULES.items():
        table = sa.table(name, *(sa.column(column) for column in ("id", "search_text", *rule.sources)))
        op.execute(table.update().values(search_text=""))
        complete(op.get_bind(), table, {"search_text": rule})


def downgrade():
    """The lines that were added do no harm."""
