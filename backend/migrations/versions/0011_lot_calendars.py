"""lots keep the zones they were in; stored zones are names that browsers know

Revision ID: 0011
"""

import json
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

import timezones
from parking import settings

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("parking_lot", sa.Column("calendar", sa.Text(), nullable=False, server_default=""))
    with op.batch_alter_table("lot_rolled") as table:
        table.alter_column("timezone", type_=sa.Text(), existing_type=sa.String(64), existing_nullable=False)
    _mend_zones()
    op.execute("UPDATE parking_lot SET calendar = timezone")


def _mend_zones():
    """A zone that no browser knows takes whole pages away: "posix/Europe/Berlin" becomes Europe/Berlin, what means
    nothing the operator's zone (a person's: none, which is the operator's too). The audit log tells of each."""
    operator = timezones.mended(settings.current().timezone, "UTC")
    for entity, table, otherwise in (("lot", "parking_lot", operator), ("user", "app_user", None)):
        for row_id, old, new in _wrong(table, otherwise):
            _set(table, new, "id", row_id)
            _record(entity, row_id, old, new)
    # Tariffs never change, and do not here: it is the same zone by its right name. The guard returns afterwards.
    on = " ON tariff" if op.get_bind().dialect.name == "postgresql" else ""
    op.execute(f"DROP TRIGGER IF EXISTS tariff_frozen{on}")
    for table in ("tariff", "outbox_mail", "lot_rolled"):
        for old in {old for _, old, _ in _wrong(table, operator, key="timezone")}:
            _set(table, timezones.mended(old, operator), "timezone", old)


def _wrong(table, otherwise, key="id"):
    rows = op.get_bind().execute(sa.text(f"SELECT DISTINCT {key}, timezone FROM {table} WHERE timezone IS NOT NULL"))
    found = [(row[0], row[1], timezones.mended(row[1], otherwise)) for row in rows.all()]
    return [(row_id, old, new) for row_id, old, new in found if old != new]


def _set(table, new, key, value):
    statement = sa.text(f"UPDATE {table} SET timezone = :new WHERE {key} = :value")
    op.get_bind().execute(statement, {"new": new, "value": value})


def _record(entity, row_id, old, new):
    at = datetime.now(UTC).replace(microsecond=0)
    op.get_bind().execute(
        sa.text(
            "INSERT INTO audit_entry (at, action, entity, entity_id, before, after)"
            " VALUES (:at, :action, :entity, :entity_id, :before, :after)"
        ),
        {
            "at": int(at.timestamp()) if op.get_bind().dialect.name == "sqlite" else at,
            "action": f"{entity}.timezone_corrected",
            "entity": entity,
            "entity_id": row_id,
            "before": json.dumps({"timezone": old}),
            "after": json.dumps({"timezone": new}),
        },
    )


def downgrade():
    # The days of a lot that has moved are counted anew, all in its present zone.
    op.execute(
        "INSERT INTO stats_change (lot_id, from_quarter) SELECT id, 0 FROM parking_lot WHERE calendar <> timezone"
    )
    op.execute("DELETE FROM lot_rolled WHERE timezone LIKE '% %'")
    with op.batch_alter_table("lot_rolled") as table:
        table.alter_column("timezone", type_=sa.String(64), existing_type=sa.Text(), existing_nullable=False)
    op.drop_column("parking_lot", "calendar")
