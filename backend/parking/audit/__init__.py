"""The audit log: who changed what, before and after."""

from __future__ import annotations

from apiflask import APIFlask

from parking.audit.models import AuditEntry
from parking.audit.names import REFERENCES, names_in, register_names
from parking.audit.queries import entry_rows
from parking.audit.retention import Kind, entries_with, erase, hand_over
from parking.audit.schemas import AuditFilters
from parking.audit.service import record, record_all

__all__ = [
    "REFERENCES",
    "AuditEntry",
    "AuditFilters",
    "Kind",
    "entries_with",
    "entry_rows",
    "erase",
    "hand_over",
    "init_app",
    "names_in",
    "record",
    "record_all",
    "register_names",
]


def init_app(app: APIFlask) -> None:
    """Registers the routes. (Imported here, so that `record` can be used without them.)"""
    from parking.audit.routes import bp

    app.register_blueprint(bp)
