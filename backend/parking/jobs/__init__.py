"""Background jobs: leases on the rows of a queue, and the heartbeats of worker and Beat."""

from __future__ import annotations

from parking.jobs.heartbeat import SILENT_SECONDS, last_seen, watch
from parking.jobs.heartbeat import delete_all as delete_heartbeats
from parking.jobs.lease import Lease, LeaseLost, LeaseQueue

__all__ = ["SILENT_SECONDS", "Lease", "LeaseLost", "LeaseQueue", "delete_heartbeats", "last_seen", "watch"]
