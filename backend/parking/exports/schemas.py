"""Exports as the contract has them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from parking.bookings import Id, Status
from parking.csv_writer import Format
from parking.web import ActionQuery, In, Out, Query

Moment = Annotated[str, StringConstraints(max_length=40)]


class FiltersIn(In):
    """The filters of the history page."""

    status: Status | None = None
    lot_id: Id | None = None
    booking_type: Literal["instant", "reserved"] | None = None
    from_: Annotated[Moment | None, Field(alias="from")] = None
    to: Moment | None = None


FORMAT_TEXT = (
    "How the file is written. `comma` and `semicolon` are for spreadsheets: decimal point or decimal comma, local "
    "times with their zone in a column, headings in the language of the account. `machine` is for programs: commas, "
    "decimal points, ISO 8601 times with their offset, the identifiers of the fields. `auto` follows the account: its "
    "`csv_format`, or else its language."
)


class ExportIn(In):
    kind: Literal["bookings", "lot_bookings", "all_data"] = Field(
        "bookings",
        description="`bookings`: yours; `lot_bookings`: everybody's of one lot (`lot_id`) or of all lots that you may "
        "see, for staff and administrators; `all_data`: for administrators",
    )
    format: Format = Field("auto", description=FORMAT_TEXT)
    filters: FiltersIn = Field(default_factory=FiltersIn)


class FiltersQuery(Query):
    status: Status | None = None
    lot_id: Id | None = None
    booking_type: Literal["instant", "reserved"] | None = None
    from_: Annotated[str | None, Field(alias="from", max_length=40)] = None
    to: Annotated[str | None, Field(max_length=40)] = None
    format: Format | None = Field(None, description=FORMAT_TEXT + " Default: `auto` by mail, `machine` as an answer.")


class DownloadQuery(Query):
    token: Annotated[str, StringConstraints(max_length=300)] | None = None


class AdminExportQuery(ActionQuery):
    dry_run: bool = False
    force: bool = False
    format: Format = Field("auto", description=FORMAT_TEXT)


class ExportOut(Out):
    id: int
    kind: Literal["bookings", "lot_bookings", "all_data"]
    filters: dict[str, Any]
    format: Literal["machine", "comma", "semicolon"]
    state: Literal["queued", "running", "done", "failed", "cancelled", "expired"]
    rows_done: int
    rows_total: int | None
    size_bytes: int | None
    created_at: str
    finished_at: str | None
    expires_at: str | None
    download_url: str | None
    error: str | None
    error_code: Literal["not_built", "disk_full", "not_allowed", "export_quota"] | None
    waiting_for_worker: bool


class ExportEnvelope(Out):
    export: ExportOut


class ExportsOut(Out):
    exports: list[ExportOut]


class ExportAsked(Out):
    message: str
    export: ExportOut


class ExportDryRun(Out):
    """The answer of `?dry_run=true`: the intended action, and the number of recipients."""

    message: str
    recipients: int


class ExportProcessing(Out):
    """The client's shape; `export` is the job behind it."""

    message: str
    status: Literal["processing"]
    task_id: str
    export: ExportOut


class DryRun(Out):
    message: str
    recipients: int
