"""The tables of this domain, together."""

from __future__ import annotations

from parking.reports.send_log import ReportBatch, ReportRun
from parking.statistics.daily.models import LotDay, LotDayDetail, LotMonth, LotRolled, MonthDetail, StatsChange

__all__ = ["LotDay", "LotDayDetail", "LotMonth", "LotRolled", "MonthDetail", "ReportBatch", "ReportRun", "StatsChange"]
