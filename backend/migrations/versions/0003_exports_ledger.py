"""export jobs and the ledger of the timetable

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

from parking.database import UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OPEN_JOB = sa.text("state IN ('queued', 'running')")
OPEN_BATCH = sa.text("state = 'open'")


def big_id():
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.create_table(
        "export_job",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("user_id", big_id(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("filters", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("rows_done", big_id(), nullable=False),
        sa.Column("rows_total", big_id(), nullable=True),
        sa.Column("size_bytes", big_id(), nullable=True),
        sa.Column("file", sa.String(length=200), nullable=True),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease", sa.String(length=32), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.Column("started_at", UTCDateTime(), nullable=True),
        sa.Column("finished_at", UTCDateTime(), nullable=True),
        sa.Column("expires_at", UTCDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('bookings', 'all_data')", name=op.f("ck_export_job_kind")),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled', 'expired')", name=op.f("ck_export_job_state")
        ),
        sa.CheckConstraint("(state = 'running') = (lease IS NOT NULL)", name=op.f("ck_export_job_lease")),
        sa.CheckConstraint("state <> 'done' OR file IS NOT NULL", name=op.f("ck_export_job_file")),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], name=op.f("fk_export_job_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_job")),
    )
    op.create_index("ix_export_job_user_id", "export_job", ["user_id", "id"])
    op.create_index("ix_export_job_expires_at", "export_job", ["expires_at"])
    op.create_index(
        "uq_export_job_open",
        "export_job",
        ["user_id", "fingerprint"],
        unique=True,
        sqlite_where=OPEN_JOB,
        postgresql_where=OPEN_JOB,
    )
    op.create_table(
        "report_batch",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=10), nullable=False),
        sa.Column("attempt", sa.String(length=40), nullable=False),
        sa.Column("since", sa.String(length=10), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("cursor", big_id(), nullable=False),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("opened_at", UTCDateTime(), nullable=False),
        sa.Column("opened_by", big_id(), nullable=True),
        sa.Column("closed_at", UTCDateTime(), nullable=True),
        sa.Column("lease_until", UTCDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('open', 'closed', 'start')", name=op.f("ck_report_batch_state")),
        sa.ForeignKeyConstraint(["opened_by"], ["app_user.id"], name=op.f("fk_report_batch_opened_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_batch")),
        sa.UniqueConstraint("kind", "period", "attempt", name=op.f("uq_report_batch_kind_period_attempt")),
    )
    op.create_index(
        "ix_report_batch_open", "report_batch", ["id"], sqlite_where=OPEN_BATCH, postgresql_where=OPEN_BATCH
    )
    op.create_table(
        "report_run",
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("period", sa.String(length=60), nullable=False),
        sa.Column("recipient", big_id(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["recipient"], ["app_user.id"], name=op.f("fk_report_run_recipient")),
        sa.PrimaryKeyConstraint("kind", "period", "recipient", name=op.f("pk_report_run")),
    )
    op.create_index("ix_report_run_recipient", "report_run", ["recipient", "kind"])
    op.create_index("ix_report_run_at", "report_run", ["kind", "at"])


def downgrade():
    op.drop_table("report_run")
    op.drop_table("report_batch")
    op.drop_table("export_job")
