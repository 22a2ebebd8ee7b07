"""The mails that bring an export: contexts, messages, samples, the function that queues them, and their link."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NotRequired

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # pydantic needs this one before Python 3.12

from parking import clock, mail, settings, signing
from parking.accounts import User, recipient
from parking.exports.models import ExportJob
from parking.mail import Block, Button, Formatter, Grid, Message, Paragraph, Summary
from parking.timestamps import to_rfc3339

ATTACHED_UP_TO = mail.MAX_ATTACHMENT_BYTES * 7 // 10
"""Bytes of a file that is attached: base64 makes it a third larger, and the whole mail stays below 10 MB."""
LINK_LIVES = timedelta(hours=24)
_PAGES = {"bookings": "/bookings", "lot_bookings": "/admin/exports", "all_data": "/admin/exports"}
"""The page of a link: it signs the user in and downloads with their token."""
_TEMPLATES = {"bookings": "export_ready", "lot_bookings": "lot_export_ready", "all_data": "admin_export_ready"}
_MIMETYPES = {"csv": "text/csv", "zip": "application/zip"}


class ExportFile(TypedDict):
    name: str
    rows: int
    size_bytes: int


class ExportReady(TypedDict):
    """`link` is set when the files are not attached; it works until `expires_at`."""

    files: list[ExportFile]
    link: NotRequired[mail.Link | None]
    expires_at: mail.Instant
    deleted_at: NotRequired[mail.Instant | None]  # when the files leave the server, if later than that


# a user's own bookings ---------------------------------------------------------------------


def _export_ready_sample() -> dict[str, Any]:
    return {
        "files": [{"name": "bookings.csv", "rows": 1284, "size_bytes": 161_380}],
        "link": None,
        "expires_at": "2026-11-24T10:00:00Z",
    }


def _export_ready_subject(context: ExportReady, fmt: Formatter) -> str:
    return fmt.t.subject("export_ready.subject")


@mail.register(
    "export_ready",
    context=ExportReady,
    subject=_export_ready_subject,
    sample=_export_ready_sample,
    secret=("link",),
)
def export_ready_message(context: ExportReady, fmt: Formatter) -> Message:
    """A user's own bookings as CSV: attached, or as a link."""
    return _message("export_ready", "/bookings", context, fmt)


# bookings of lots --------------------------------------------------------------------------


def _lot_bookings_sample() -> dict[str, Any]:
    return {
        "files": [{"name": "lot_bookings.csv", "rows": 9120, "size_bytes": 1_321_004}],
        "link": None,
        "expires_at": "2026-11-30T10:00:00Z",
        "deleted_at": "2026-11-30T10:00:00Z",
    }


def _lot_bookings_subject(context: ExportReady, fmt: Formatter) -> str:
    return fmt.t.subject("lot_export_ready.subject")


@mail.register(
    "lot_export_ready",
    context=ExportReady,
    subject=_lot_bookings_subject,
    sample=_lot_bookings_sample,
    secret=("link",),
)
def lot_bookings_message(context: ExportReady, fmt: Formatter) -> Message:
    """Everybody's bookings of lots as CSV, for their staff: attached, or as a link."""
    until = fmt.own_moment(context.get("deleted_at") or context["expires_at"])
    care = Paragraph(fmt.t("lot_export_ready.care", until=until))
    return _message("lot_export_ready", "/admin/exports", context, fmt, care)


# all data ----------------------------------------------------------------------------------


def _all_data_sample() -> dict[str, Any]:
    return {
        "files": [
            {"name": "users.csv", "rows": 2310, "size_bytes": 304_200},
            {"name": "lots.csv", "rows": 12, "size_bytes": 2_150},
            {"name": "spots.csv", "rows": 1440, "size_bytes": 88_400},
            {"name": "bookings.csv", "rows": 148_022, "size_bytes": 21_480_300},
        ],
        "link": "/admin/exports",
        "expires_at": "2026-11-24T10:00:00Z",
        "deleted_at": "2026-11-30T10:00:00Z",
    }


def _all_data_subject(context: ExportReady, fmt: Formatter) -> str:
    return fmt.t.subject("admin_export_ready.subject")


@mail.register(
    "admin_export_ready",
    context=ExportReady,
    subject=_all_data_subject,
    sample=_all_data_sample,
    secret=("link",),
    admin_only=True,
)
def all_data_message(context: ExportReady, fmt: Formatter) -> Message:
    """All data as CSV, for the administrator who requested it."""
    until = fmt.own_moment(context.get("deleted_at") or context["expires_at"])
    care = Paragraph(fmt.t("admin_export_ready.care", until=until))
    return _message("admin_export_ready", "/admin/exports", context, fmt, care)


# parts -------------------------------------------------------------------------------------


def _message(template: str, page: str, context: ExportReady, fmt: Formatter, *more: Block) -> Message:
    t, link = fmt.t, context.get("link")
    packed = len(context["files"]) > 1
    if link:
        until = fmt.own_moment(context["expires_at"])
        delivery = t("export_ready.linked_packed" if packed else "export_ready.linked", until=until)
        button = Button(t("export_ready.button_link"), fmt.absolute(link))
    else:
        delivery = t("export_ready.packed" if packed else "export_ready.attached")
        button = Button(t("export_ready.button_page"), fmt.page(page))
    return Message(
        preheader=t.preheader(f"{template}.preheader"),
        summary=Summary(title=t(f"{template}.title")),
        blocks=(Paragraph(delivery), _files(context, fmt), *more, button),
        reason=t("why.export", site=fmt.site_name),
    )


def _files(context: ExportReady, fmt: Formatter) -> Grid:
    t = fmt.t
    return Grid(
        title="",
        columns=(t("common.file"), t("common.rows"), t("common.size")),
        rows=tuple((f["name"], t.number(f["rows"]), t.size(f["size_bytes"])) for f in context["files"]),
    )


# queueing, and the link --------------------------------------------------------------------


def ready(session: Session, job: ExportJob, owner: User) -> None:
    """Queues the mail that brings the file of a finished job: attached, or by a link that works for a day."""
    assert job.file is not None
    attached = (job.size_bytes or 0) <= ATTACHED_UP_TO
    until = job.expires_at if attached else clock.now() + LINK_LIVES
    assert until is not None
    name = job.file.rpartition("/")[2]
    mail.queue(
        session,
        _TEMPLATES[job.kind],
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
    """The signed token of the link: it is valid for this export until then, and for its owner only."""
    return str(_signer().dumps([job_id, int(until.timestamp())]))


def link_is_good(token: str, job_id: int) -> bool:
    """Whether the token belongs to this export and has not expired."""
    try:
        signed_for, until = _signer().loads(token)
    except (BadSignature, ValueError, TypeError):
        return False
    return bool(signed_for == job_id and clock.now().timestamp() < until)


def _signer() -> URLSafeSerializer:
    return signing.serializer(settings.current(), "export-link")
