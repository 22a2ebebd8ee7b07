"""When the programs that answer no requests were last seen."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from parking.database import UTCDateTime, db


class Heartbeat(db.Model):  # type: ignore[name-defined]  # made at run time
    """One row per program (`worker`, `beat`); in the database, so that it says the truth while Redis is away."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
