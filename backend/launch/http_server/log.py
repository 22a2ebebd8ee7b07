"""gunicorn's own lines in the form of the program's log."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from config import load


class Log(Logger):
    """Writes what starts, stops and is refused as the program writes its lines (LOG_FORMAT): as JSON in production."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        from parking.web.logs.request_log import formatter

        for handler in self.error_log.handlers:
            handler.setFormatter(formatter(load().log_format))
