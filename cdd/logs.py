"""Logs by allow-list: an event name and known-harmless keys; anything else is left out, named only.

Libraries interpolate rows, addresses and bodies into their messages. Of theirs only the template is kept, with numbers
and identifiers put in; of an exception its type and place, never its text, which PostgreSQL fills with failing rows.
"""

from __future__ import annotations

import logging.config
import re
import sys
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any
from uuid import UUID

import structlog
from django.core.exceptions import ImproperlyConfigured

type Event = MutableMapping[str, Any]

ALLOWED = {
    "event", "level", "logger", "timestamp", "tenant_id", "request_id", "task", "task_id", "channel",
    "provider", "count", "seconds", "status", "status_code", "method", "error", "error_type", "code",
    "import_id", "campaign_id", "reference", "attempt_id", "verification_id", "queue", "port", "url_name", "place",
}  # fmt: skip

# These call with codes, ids and the names of classes only; everybody else is a stranger.
_OURS = frozenset(
    {
        "audit", "tenants", "retention", "uploads", "customers", "risk", "questionnaires", "channels", "ekyc",
        "companies",
        "reviews", "outreach", "campaigns", "integrations", "reporting", "portal", "cdd",
    }
)  # fmt: skip
# Strangers whose messages without arguments are constants in their source.
_CONSTANT = ("celery.", "kombu.", "gunicorn.", "django.")
_PLAIN = re.compile(r"[A-Za-z][A-Za-z ,.:;()'-]{0,119}")
_HARMLESS = (int, float, UUID, type(None))

# A customer's link is a key: Django's own warnings quote the address that was asked for.
_LINK = re.compile(r"/r/[0-9A-Za-z]{20,}")


def keep_allowed(logger: Any, name: str, event: Event) -> Event:
    """Drop every key that is not known to be harmless; say which were dropped."""
    dropped = sorted(key for key in event if key not in ALLOWED and not key.startswith("_"))
    for key in dropped:
        del event[key]
    if dropped:
        event["code"] = "dropped:" + ",".join(dropped)
    event["event"] = _LINK.sub("/r/…", str(event.get("event", "")))
    return event


def withhold_text(logger: Any, name: str, event: Event) -> Event:
    """Of a record of the standard library: the template, harmless arguments, and the place it was written at."""
    record: logging.LogRecord = event["_record"]
    args = event.pop("positional_args", ())
    if record.name.partition(".")[0] in _OURS:
        event["event"] = _interpolated(str(record.msg), args, strict=False)
        return event
    event["place"] = f"{record.module}:{record.lineno}"
    if isinstance(args, Mapping):
        event.update({key: args[part] for key, part in (("task", "name"), ("task_id", "id")) if part in args})
    elif args:
        event["event"] = _interpolated(str(record.msg), args, strict=True)
    elif not (record.name.startswith(_CONSTANT) and _PLAIN.fullmatch(str(record.msg))) or "redirected" in record.name:
        event["event"] = "(text withheld)"
    event.update(_request_of(record))
    return event


def _interpolated(template: str, args: Any, *, strict: bool) -> str:
    if strict:
        args = tuple(arg if isinstance(arg, _HARMLESS) else "…" for arg in args)
    try:
        return str(template % args) if args else template
    except (TypeError, ValueError):
        return template


def _request_of(record: logging.LogRecord) -> dict[str, Any]:
    """Which page answered how, without its address."""
    request = getattr(record, "request", None)
    match = getattr(request, "resolver_match", None)
    found = {
        "status_code": getattr(record, "status_code", None),
        "method": getattr(request, "method", None),
        "url_name": getattr(match, "view_name", None),
    }
    return {key: value for key, value in found.items() if value is not None}


def describe_exception(logger: Any, name: str, event: Event) -> Event:
    """Type and place of an exception, and the constraint it broke, instead of its text, which may quote a row."""
    info = event.pop("exc_info", None)
    event.pop("stack_info", None)
    if info is True:
        info = sys.exc_info()
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else None
    if error is not None:
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        place = f" at {frame.tb_frame.f_code.co_qualname}:{frame.tb_lineno}" if frame else ""
        event["error_type"] = type(error).__name__ + place
        diagnosis = getattr(error.__cause__ or error, "diag", None)
        if constraint := getattr(diagnosis, "constraint_name", None):
            event["error"] = constraint
    return event


def log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Instead of Python's own last words, whose traceback quotes the exception's text."""
    if issubclass(kind, KeyboardInterrupt):
        return
    if issubclass(kind, ImproperlyConfigured):  # speaks of settings alone, to whoever has to mend them
        sys.__excepthook__(kind, error, trace)
        return
    structlog.get_logger("cdd").critical("process.ended", exc_info=(kind, error, trace))


def line_formatter(*, as_json: bool) -> structlog.stdlib.ProcessorFormatter:
    """One line an event, for any handler."""
    renderer = structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer(colors=False)
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[withhold_text, *_shared()],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, keep_allowed, renderer],
        use_get_message=False,
        pass_foreign_args=True,
    )


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        describe_exception,
    ]


def logging_config(*, level: str, as_json: bool) -> None:
    """Set up structlog and the standard library's logging to write one line per event to stderr."""
    if as_json:
        sys.excepthook = log_uncaught
    logging.captureWarnings(True)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"line": {"()": line_formatter, "as_json": as_json}},
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                # Their messages quote addresses and bodies.
                "httpx": {"level": "WARNING"},
                "httpcore": {"level": "WARNING"},
                "urllib3": {"level": "ERROR"},
                "twilio": {"level": "WARNING"},
                "weasyprint": {"level": "ERROR"},
                "mail.log": {"level": "ERROR"},
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
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
