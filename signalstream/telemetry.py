"""Logs: structlog for our lines and Faust's alike, as JSON or for a terminal; never message text.

Every line has timestamp, level, event and logger; within a stage also tenant_id, conversation_id, correlation_id,
agent, topic, partition and offset, described by ``streaming/delivery.py``.
"""

from __future__ import annotations

import logging
import logging.config
import sys
from collections.abc import Callable, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog

from signalstream.settings import Settings

Describe = Callable[[], Mapping[str, Any]]
RECORD: ContextVar[Describe | None] = ContextVar("record", default=None)
"""Describes the record in work. A function, because most records are worked on without a line being logged."""

_LOGGER = logging.getLogger("signalstream")
_QUIET = {
    "aiokafka": "WARNING", "faust": "INFO", "mode": "INFO", "kafka": "WARNING", "asyncio": "WARNING",
    "aiohttp.websocket": "ERROR",  # its warnings quote headers, in which pages put credentials
}  # fmt: skip


def logging_config(settings: Settings) -> dict[str, Any]:
    """Return the configuration of Python's logging; Faust applies it when the worker starts."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_renderers(settings)],
                "foreign_pre_chain": _shared(),
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "stream": "ext://sys.stderr", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {name: {"level": level} for name, level in _QUIET.items()}
        | {"signalstream": {"level": settings.log_level}},
    }


def configure_logging(settings: Settings) -> None:
    """Send structlog's lines through Python's logging, and set that up."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=_named_logger,
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(logging_config(settings))


def debugging() -> bool:
    """Say whether a debug line would be written. Asked first where there is one for every record."""
    return _LOGGER.isEnabledFor(logging.DEBUG)


def merge_record(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Add to a log line what describes the record in work (a structlog processor)."""
    describe = RECORD.get()
    if describe is not None:
        for name, value in describe().items():
            line.setdefault(name, value)
    return line


def _named_logger(*_: Any) -> logging.Logger:
    return _LOGGER


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        merge_record,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _renderers(settings: Settings) -> list[Any]:
    console = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    if console:
        return [structlog.dev.ConsoleRenderer()]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
