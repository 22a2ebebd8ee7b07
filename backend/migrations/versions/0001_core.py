"""core

Revision ID: 0001
"""

import sqlalchemy as sa
from alembic import op

from parking.database import UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "app_user",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("username", sa.String(length=80), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column("locale", sa.String(length=10), nullable=False),
        sa.Column("theme", sa.String(length=10), nullable=False),
        sa.Column("plates", sa.JSON(), nullable=False),
        sa.Column("confirmed_at", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_app_user_fs_uniquifier")),
    )
    op.create_table(
        "parking_lot",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("description", sa.Text(), nullable=True),
        sa.Column("tariff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("instant_hold_s", sa.Integer(), nullable=False),
        sa.Column("checkin_grace_s", sa.Integer(), nullable=False),
        sa.Column("require_checkin", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("updated_at", UTCDateTime(), nullable=False),
        sa.Column("deleted_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("capacity >= 0", name=op.f("ck_parking_lot_capacity")),
        sa.CheckConstraint("instant_hold_s > 0 AND checkin_grace_s >= 0", name=op.f("ck_parking_lot_holds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parking_lot")),
    )
    op.create_table(
        "role",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("name", name=op.f("uq_role_name")),
    )
    op.create_table(
        "app_user_role",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("role_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_app_user_role_role_id")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_app_user_role_user_id")),
        sa.PrimaryKeyConstraint("user_id", "role_id", name=op.f("pk_app_user_role")),
    )
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("action", sa.String(length=60), nullable=False),
        sa.Column("entity", sa.String(length=30), nullable=False),
        sa.Column("entity_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("after", sa.JSON(), nullable=True),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("ip", sa.String(length=45), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["app_user.id"], name=op.f("fk_audit_entry_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entry_actor_id", ["actor_id", "id"], unique=False)
        batch_op.create_index("ix_audit_entry_entity", ["entity", "entity_id", "id"], unique=False)

    op.create_table(
        "idempotency_key",
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_idempotency_key_user_id")),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_idempotency_key")),
    )
    with op.batch_alter_table("idempotency_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_key_created_at"), ["created_at"], unique=False)

    op.create_table(
        "login_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("family", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=True),
        sa.Column("rotated_at", UTCDateTime(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("last_used_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("ended_at", UTCDateTime(), nullable=True),
        sa.Column("user_agent", sa.Text(), nullable=True),
        sa.Column("ip", sa.String(length=45), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_login_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_session")),
        sa.UniqueConstraint("family", name=op.f("uq_login_session_family")),
    )
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "parking_spot",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("spot_number", sa.Integer(), nullable=False),
        sa.Column("level", sa.String(length=20), nullable=True),
        sa.Column("ev", sa.Boolean(), nullable=False),
        sa.Column("accessible", sa.Boolean(), nullable=False),
        sa.Column("covered", sa.Boolean(), nullable=False),
        sa.Column("retired_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("spot_number > 0", name=op.f("ck_parking_spot_number")),
        sa.ForeignKeyConstraint(["lot_id"], ["parking_lot.id"], name=op.f("fk_parking_spot_lot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parking_spot")),
        sa.UniqueConstraint("lot_id", "id", name=op.f("uq_parking_spot_lot_id_id")),
        sa.UniqueConstraint("lot_id", "spot_number", name=op.f("uq_parking_spot_lot_id_spot_number")),
        postgresql_with={"fillfactor": 80},
    )
    op.create_table(
        "single_use",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(length=30), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("expires_at", UTCDateTime(), nullable=False),
        sa.Column("used_at", UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_single_use_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_single_use")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_single_use_token_hash")),
    )
    with op.batch_alter_table("single_use", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_single_use_user_id"), ["user_id"], unique=False)

    op.create_table(
        "tariff",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("lot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.Text(), nullable=False),
        sa.Column("hourly_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("step_s", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("free_s", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("day_cap_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("cap_day", sa.Text(), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("cap_day IN ('rolling', 'calendar')", name=op.f("ck_tariff_cap_day")),
        sa.CheckConstraint("day_cap_minor >= 0", name=op.f("ck_tariff_cap")),
        sa.CheckConstraint("hourly_minor >= 0", name=op.f("ck_tariff_price")),
        sa.CheckConstraint("step_s > 0 AND free_s >= 0", name=op.f("ck_tariff_steps")),
        sa.ForeignKeyConstraint(["lot_id"], ["parking_lot.id"], name=op.f("fk_tariff_lot_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tariff")),
        sa.UniqueConstraint("lot_id", "id", name=op.f("uq_tariff_lot_id_id")),
        sqlite_strict=True,
    )
    op.create_table(
        "booking",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("spot_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("tariff_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("booking_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("start_time", UTCDateTime(), nullable=False),
        sa.Column("held_until", UTCDateTime(), nullable=False),
        sa.Column("end_time", UTCDateTime(), nullable=True),
        sa.Column("reserved_start", UTCDateTime(), nullable=True),
        sa.Column("reserved_end", UTCDateTime(), nullable=True),
        sa.Column("checked_in_at", UTCDateTime(), nullable=True),
        sa.Column("checkin_grace_s", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("total_cost_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("vehicle_plate", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "(booking_type = 'reserved') = (reserved_start IS NOT NULL) AND (reserved_start IS NULL) = (reserved_end IS NULL)",
            name=op.f("ck_booking_window"),
        ),
        sa.CheckConstraint("(tariff_id IS NULL) = (booking_type = 'block')", name=op.f("ck_booking_tariff")),
        sa.CheckConstraint(
            "CASE WHEN status IN ('Reserved', 'Active') THEN held_until > start_time AND end_time IS NULL ELSE end_time IS NOT NULL END",
            name=op.f("ck_booking_claim"),
        ),
        sa.CheckConstraint("booking_type IN ('instant', 'reserved', 'block')", name=op.f("ck_booking_type")),
        sa.CheckConstraint("ended_by IN ('user', 'admin', 'system')", name=op.f("ck_booking_ended_by")),
        sa.CheckConstraint("status <> 'Active' OR checked_in_at IS NOT NULL", name=op.f("ck_booking_checked_in")),
        sa.CheckConstraint("status <> 'Reserved' OR booking_type = 'reserved'", name=op.f("ck_booking_reserved")),
        sa.CheckConstraint(
            "status IN ('Reserved', 'Active', 'Completed', 'Cancelled', 'No-show')", name=op.f("ck_booking_status")
        ),
        sa.CheckConstraint(
            "checked_in_at IS NULL OR end_time IS NULL OR end_time >= checked_in_at", name=op.f("ck_booking_stay")
        ),
        sa.CheckConstraint("reserved_end > reserved_start", name=op.f("ck_booking_window_order")),
        sa.CheckConstraint("total_cost_minor >= 0", name=op.f("ck_booking_cost")),
        sa.ForeignKeyConstraint(
            ["lot_id", "spot_id"], ["parking_spot.lot_id", "parking_spot.id"], name=op.f("fk_booking_lot_id_spot_id")
        ),
        sa.ForeignKeyConstraint(
            ["lot_id", "tariff_id"], ["tariff.lot_id", "tariff.id"], name=op.f("fk_booking_lot_id_tariff_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_booking_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking")),
        postgresql_with={"fillfactor": 90},
        sqlite_strict=True,
    )
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.create_index(
            "booking_due_end",
            ["held_until"],
            unique=False,
            sqlite_where=sa.text("status = 'Active'"),
            postgresql_where=sa.text("status = 'Active'"),
        )
        batch_op.create_index(
            "booking_due_start",
            ["start_time"],
            unique=False,
            sqlite_where=sa.text("status = 'Reserved'"),
            postgresql_where=sa.text("status = 'Reserved'"),
        )
        batch_op.create_index("booking_ended", ["lot_id", "end_time"], unique=False)
        batch_op.create_index(
            "booking_live",
            ["lot_id", "spot_id", "start_time", "held_until"],
            unique=False,
            sqlite_where=sa.text("status IN ('Reserved', 'Active')"),
            postgresql_where=sa.text("status IN ('Reserved', 'Active')"),
        )
        batch_op.create_index(
            "booking_one_active",
            ["lot_id", "spot_id"],
            unique=True,
            sqlite_where=sa.text("status = 'Active'"),
            postgresql_where=sa.text("status = 'Active'"),
        )
        batch_op.create_index("booking_reference", ["reference"], unique=False)
        batch_op.create_index("booking_spot", ["lot_id", "spot_id", "id"], unique=False)
        batch_op.create_index("booking_user", ["user_id", "id"], unique=False)

    op.execute("CREATE UNIQUE INDEX uq_app_user_email_lower ON app_user (lower(email))")
    op.execute("CREATE UNIQUE INDEX uq_app_user_username_lower ON app_user (lower(username))")
    op.execute("CREATE UNIQUE INDEX uq_parking_lot_name_lower ON parking_lot (lower(name)) WHERE deleted_at IS NULL")
    op.bulk_insert(
        sa.table("role", sa.column("id", sa.BigInteger), sa.column("name"), sa.column("description")),
        [
            {"id": 1, "name": "user", "description": "Books spots"},
            {"id": 2, "name": "admin", "description": "Runs lots, spots, users and figures"},
        ],
    )


def downgrade():
    for table in (
        "booking",
        "parking_spot",
        "tariff",
        "parking_lot",
        "single_use",
        "login_session",
        "idempotency_key",
        "audit_entry",
        "app_user_role",
        "role",
        "app_user",
    ):
        op.drop_table(table)
