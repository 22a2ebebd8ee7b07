"""names and addresses are compared, searched and sorted by keys of our own

Revision ID: 0012
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from parking.accounts.models import search_text as user_text
from parking.database import UTCDateTime
from parking.database.derived_columns import Derived, KeyText, Unique, complete
from parking.lots.models import search_text as lot_text
from parking.mail.models import search_text as mail_text
from parking.text import email_addresses, names

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COLUMNS = {
    "app_user": {
        "email_key": Derived(email_addresses.key, ("email",), Unique(duplicate_key=email_addresses.duplicate_key)),
        "username_key": Derived(names.key, ("username",), Unique()),
        "search_text": Derived(user_text, ("username", "email")),
    },
    "parking_lot": {
        "name_key": Derived(names.key, ("name",), Unique(unless="deleted_at")),
        "sort_key": Derived(names.sort_key, ("name",)),
        "search_text": Derived(lot_text, ("name", "address")),
    },
    "outbox_mail": {"search_text": Derived(mail_text, ("email", "name", "subject"))},
}
ENTITY = {"app_user": "user", "parking_lot": "lot"}


def upgrade():
    bind = op.get_bind()
    op.drop_index("uq_app_user_email_lower", "app_user")
    op.drop_index("uq_app_user_username_lower", "app_user")
    op.drop_index("uq_parking_lot_name_lower", "parking_lot")
    op.drop_index("booking_plate", "booking")
    for table, columns in COLUMNS.items():
        for name in columns:
            op.add_column(table, sa.Column(name, KeyText, nullable=False, server_default=""))
        for twin in complete(bind, _table(table, columns), columns):
            _tell(bind, twin)
    op.create_index("uq_app_user_email_key", "app_user", ["email_key"], unique=True)
    op.create_index("uq_app_user_username_key", "app_user", ["username_key"], unique=True)
    op.create_index(
        "uq_parking_lot_name_key",
        "parking_lot",
        ["name_key"],
        unique=True,
        sqlite_where=sa.text("deleted_at IS NULL"),
        postgresql_where=sa.text("deleted_at IS NULL"),
    )
    op.add_column("booking", sa.Column("plate_key", KeyText, nullable=True))
    _fill_plates(bind)
    op.create_index("booking_plate", "booking", ["plate_key"], postgresql_ops={"plate_key": "text_pattern_ops"})


def downgrade():
    bind = op.get_bind()
    pattern = " text_pattern_ops" if bind.dialect.name == "postgresql" else ""
    for index, table in (
        ("booking_plate", "booking"),
        ("uq_parking_lot_name_key", "parking_lot"),
        ("uq_app_user_username_key", "app_user"),
        ("uq_app_user_email_key", "app_user"),
    ):
        op.drop_index(index, table)
    op.drop_column("booking", "plate_key")
    for table, columns in COLUMNS.items():
        for name in columns:
            op.drop_column(table, name)
    op.execute(f"CREATE INDEX booking_plate ON booking (lower(vehicle_plate){pattern})")
    # Two names may differ for the keys and be the same for a database's lower(): the index cannot be made then, and
    # the sentence of the database says which.
    op.execute("CREATE UNIQUE INDEX uq_app_user_email_lower ON app_user (lower(email))")
    op.execute("CREATE UNIQUE INDEX uq_app_user_username_lower ON app_user (lower(username))")
    op.execute("CREATE UNIQUE INDEX uq_parking_lot_name_lower ON parking_lot (lower(name)) WHERE deleted_at IS NULL")


def _table(name, columns):
    needed = {"id", *columns, *(source for rule in columns.values() for source in rule.sources)}
    return sa.table(name, *(sa.column(one) for one in sorted(needed)), sa.column("deleted_at", UTCDateTime()))


def _tell(bind, twin):
    """The administrator finds it in the audit log too (see parking/database/duplicates.py). No personal data: ids alone."""
    audit = sa.table(
        "audit_entry",
        *(sa.column(name) for name in ("action", "entity", "entity_id")),
        sa.column("at", UTCDateTime()),
        sa.column("after", sa.JSON()),
    )
    entity = ENTITY[twin.table]
    after = {"field": twin.column, "same_as": twin.same_as}
    values = {"at": datetime.now(UTC), "action": f"{entity}.same_name", "entity": entity, "entity_id": twin.id}
    bind.execute(audit.insert().values(**values, after=after))


def _fill_plates(bind):
    """By a table of the plates that there are, each once: bookings are many."""
    op.execute("CREATE TEMPORARY TABLE plate_of_booking (plate TEXT PRIMARY KEY, plate_key TEXT)")
    bookings = sa.table("booking", sa.column("vehicle_plate"))
    plates = bind.scalars(
        sa.select(bookings.c.vehicle_plate).where(bookings.c.vehicle_plate.is_not(None)).distinct()
    ).all()
    keys = sa.table("plate_of_booking", sa.column("plate"), sa.column("plate_key"))
    for start in range(0, len(plates), 10_000):
        rows = [{"plate": plate, "plate_key": names.plate_key(plate)} for plate in plates[start : start + 10_000]]
        bind.execute(keys.insert(), rows)
    op.execute(
        "UPDATE booking SET plate_key = p.plate_key FROM plate_of_booking p WHERE p.plate = booking.vehicle_plate"
    )
    op.execute("DROP TABLE plate_of_booking")
