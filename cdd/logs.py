"""Logs by allow-list: an event name and known-harmless keys; anything else is left out, named only."""

from __future__ import annotations

import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

ALLOWED = {
    "event", "level", "logger", "timestamp", "tenant_id", "request_id", "task", "task_id", "channel",
    "provider", "count", "seconds", "status", "status_code", "method", "error", "error_type", "code",
    "import_id", "campaign_id", "reference", "attempt_id", "verification_id", "queue", "port", "url_name",
}  # fmt: skip


# A customer's link is a key: Django's own warnings quote the address that was asked for.
_LINK = re.compile(r"/r/[0-9A-Za-z]{20,}")


def keep_allowed(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop every key that is not known to be harmless; say which were dropped."""
    dropped = sorted(key for key in event if key not in ALLOWED and not key.startswith("_"))
    for key in dropped:
        del event[key]
    if dropped:
        event["code"] = "dropped:" + ",".join(dropped)
    event["event"] = _LINK.sub("/r/…", str(event.get("event", "")))
    return event


def describe_exception(logger: Any, name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Type and place of an exception instead of its text, which may quote a row."""
    info = event.pop("exc_info", None)
    if info is True:
        import sys

        info = sys.exc_info()
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else None
    if error is not None:
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        place = f" at {frame.tb_frame.f_code.co_qualname}:{frame.tb_lineno}" if frame else ""
        event["error_type"] = type(error).__name__ + place
    return event


def logging_config(*, level: str, as_json: bool) -> None:
    """Set up structlog and the standard library's logging to write one line per event to stderr."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        describe_exception,
    ]
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "line": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": [
                        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                        keep_allowed,
                        renderer,
                    ],
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                # Their messages quote addresses and bodies.
                "httpx": {"level": "WARNING"},
                "httpcore": {"level": "WARNING"},
                "urllib3": {"level": "ERROR"},
                "twilio": {"level": "WARNING"},
                "weasyprint": {"level": "ERROR"},
                # Every tick of the schedule says that it came and went.
                "celery.worker.strategy": {"level": "WARNING"},
                "celery.app.trace": {"level": "WARNING"},
                "celery.beat": {"level": "WARNING"},
                "fontTools": {"level": "ERROR"},
                "django.server": {"level": "ERROR"},
            },
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
