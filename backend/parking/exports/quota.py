"""The disk space that a user's exports may use."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from parking.database import db
from parking.exports.models import ExportJob

BYTES_PER_USER = 200_000_000


class Exceeded(Exception):
    """The file would be larger than the space its owner has left."""

    def __init__(self) -> None:
        super().__init__(
            f"Your exports take more than {BYTES_PER_USER // 1_000_000} MB together. "
            "Delete an older one, or choose a shorter period."
        )


def used(session: Session, user_id: int) -> int:
    """Bytes of this user's own files; the archives of all data are the operator's and do not count."""
    query = select(func.coalesce(func.sum(ExportJob.size_bytes), 0)).where(
        ExportJob.user_id == user_id, ExportJob.state == "done", ExportJob.kind != "all_data"
    )
    return int(session.scalar(query) or 0)


def remaining(job: ExportJob) -> int | None:
    """The bytes that the file of this job may have; None: no limit."""
    return None if job.kind == "all_data" else max(BYTES_PER_USER - used(db.session(), job.user_id), 0)
