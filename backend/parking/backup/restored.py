"""What a restored database needs before it is used: the present schema, and an end to what must not go on."""

from __future__ import annotations

from datetime import datetime

from parking import accounts, audit, clock, jobs, mail
from parking.database import schema, transaction
from parking.timestamps import to_rfc3339


def prepare(backup_of: datetime) -> None:
    """Upgrades the schema, signs everybody out, and holds mail and reports until an administrator releases them."""
    schema.upgrade()
    now = clock.now()
    with transaction() as session:
        accounts.sign_everybody_out(session)
        jobs.delete_heartbeats(session)
        mail.hold(session, now, backup_of)
        audit.record(session, "system.restored", "system", None, after={"backup_of": to_rfc3339(backup_of)})
