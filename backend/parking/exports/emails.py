"""The letters that bring an export, and the link in them."""

from __future__ import annotations

from datetime import datetime, timedelta

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from parking import clock, mail, settings, signing
from parking.accounts.models import User
from parking.bookings.emails import recipient
from parking.exports.models import ExportJob
from parking.timestamps import to_rfc3339

ATTACHED_UP_TO = mail.MAX_ATTACHMENT_BYTES * 7 // 10
"""Bytes of a file that travels in the mail: in base64 it is a third larger, and the whole mail stays below 10 MB."""
LINK_LIVES = timedelta(hours=24)
_PAGES = {"bookings": "/bookings", "all_data": "/admin/exports"}
"""Where a link leads: the page signs its reader in and downloads with his token."""
_MIMETYPES = {"csv": "text/csv", "zip": "application/zip"}


def ready(session: Session, job: ExportJob, owner: User) -> None:
    """Tells the owner that the file of a finished job is there: attached, or by a link for a day."""
    assert job.file is not None
    attached = (job.size_bytes or 0) <= ATTACHED_UP_TO
    until = job.expires_at if attached else clock.now() + LINK_LIVES
    assert until is not None
    name = job.file.rpartition("/")[2]
    mail.queue(
        session,
        "admin_export_ready" if job.kind == "all_data" else "export_ready",
        recipient(owner),
        {
            "files": job.files,
            "link": None if attached else f"{_PAGES[job.kind]}?export={job.id}#token={link_token(job.id, until)}",
            "expires_at": to_rfc3339(until),
            "deleted_at": to_rfc3339(job.expires_at),
        },
        dedupe_key=f"export:{job.id}",
        attachments=[{"filename": name, "mimetype": _MIMETYPES[name[-3:]], "path": job.file}] if attached else None,
        expires_at=until,
    )


def link_token(job_id: int, until: datetime) -> str:
    """Signs that the link in a mail is good for this export until then. It is of use to the owner only."""
    return str(_signer().dumps([job_id, int(until.timestamp())]))


def link_is_good(token: str, job_id: int) -> bool:
    """Whether this is the link of that export, and its time has not passed."""
    try:
        signed_for, until = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return False
    return bool(signed_for == job_id and clock.now().timestamp() < until)


def _signer() -> URLSafeSerializer:
    return signing.serializer(settings.current(), "export-link")
