"""Letters that bring a file, or the way to it when it is too large for a mail."""

from __future__ import annotations

from parking.mail.layout import Block, Button, Grid, Hero, Letter, Para
from parking.mail.templates.context import Context
from parking.mail.templates.contexts import ExportReady


def export_ready(facts: ExportReady, c: Context) -> Letter:
    """A user's own bookings as CSV: attached, or as a link for its owner."""
    return _letter("export_ready", facts, c)


def admin_export_ready(facts: ExportReady, c: Context) -> Letter:
    """Everything as CSV, for the administrator who asked for it."""
    until = c.own_moment(facts.get("deleted_at") or facts["expires_at"])
    return _letter("admin_export_ready", facts, c, Para(c.t("admin_export_ready.care", until=until)))


def _letter(kind: str, facts: ExportReady, c: Context, *more: Block) -> Letter:
    t, link = c.t, facts.get("link")
    packed = len(facts["files"]) > 1
    delivery = (
        t("export_ready.linked_packed" if packed else "export_ready.linked", until=c.own_moment(facts["expires_at"]))
        if link
        else t("export_ready.packed" if packed else "export_ready.attached")
    )
    page = "admin_exports" if kind == "admin_export_ready" else "exports"
    button = (
        Button(t("export_ready.button_link"), c.absolute(link))
        if link
        else Button(t("export_ready.button_page"), c.page(page))
    )
    return Letter(
        subject=t.subject(f"{kind}.subject"),
        preheader=t.preheader(f"{kind}.preheader"),
        hero=Hero(title=t(f"{kind}.title")),
        blocks=(Para(delivery), _files(facts, c), *more, button),
        reason=t("why.export", site=c.site_name),
    )


def _files(facts: ExportReady, c: Context) -> Grid:
    t = c.t
    return Grid(
        title="",
        columns=(t("common.file"), t("common.rows"), t("common.size")),
        rows=tuple((f["name"], t.number(f["rows"]), t.size(f["size_bytes"])) for f in facts["files"]),
    )
