"""One log format for every process, with secrets redacted before anything is written."""

from __future__ import annotations

import logging
import logging.config
import re
from typing import Any

import structlog

_SECRET_NAMES = re.compile(r"(password|secret|token|authorization|api_?key|private_?key|cookie)", re.IGNORECASE)
_SECRET_VALUES = re.compile(
    r"(Bearer\s+[\w.~+/=-]+|Token\s+[\w.~+/=-]{16,}|pfl_[\w-]{8,}|sk-[\w-]{8,}|(?:AP|PK|AK)CA[\w-]{8,}|://[^\s:/@]*:[^\s@]+@|login/link/[\w-]{12,}|hooks/[\w-]{12,}|whs_[\w-]{8,})"
)

# password=…, 'api_key': '…', "token": "…" inside a text
_NAMED_VALUES = re.compile(
    r"""((?:password|secret|token|api_?key|private_?key|cookie)['"]?\s*[=:]\s*)"""
    r"""(?:"[^"]*"|'[^']*'|[^\s&,;}\]]+)""",
    re.IGNORECASE,
)


def redact(_logger: Any, _name: str, event: dict[str, Any]) -> dict[str, Any]:
    """A structlog processor: hide values under secret-looking names and secret-looking text anywhere."""
    return {key: "[redacted]" if _SECRET_NAMES.search(key) else _clean(value) for key, value in event.items()}


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _NAMED_VALUES.sub(r"\1[redacted]", _SECRET_VALUES.sub("[redacted]", value))
    if isinstance(value, dict):
        return {k: "[redacted]" if _SECRET_NAMES.search(str(k)) else _clean(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_clean(item) for item in value]
    return value


class QuietReadiness(logging.Filter):
    """Drops the lines about /readyz answering 503: "not yet" is its answer, and it is asked every second at a start."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, dict):
            return not (record.msg.get("code") == 503 and record.msg.get("request") == "GET /readyz")
        request = getattr(record, "request", None)
        return not (getattr(record, "status_code", None) == 503 and getattr(request, "path", None) == "/readyz")


def configure(*, json: bool, level: str) -> None:
    """Route stdlib and structlog records through one formatter on stderr."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Any = structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    # format_exc_info runs before redact so that tracebacks are cleaned too.
    final = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        redact,
        renderer,
    ]
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "puffling": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": shared,
                    "processors": final,
                }
            },
            "filters": {"readiness": {"()": QuietReadiness}},
            "handlers": {
                "stderr": {"class": "logging.StreamHandler", "formatter": "puffling", "filters": ["readiness"]}
            },
            "root": {"handlers": ["stderr"], "level": level},
            "loggers": {
                "django_structlog": {"level": "WARNING"},
                "uvicorn.access": {"level": "WARNING"},
                "axes": {"level": "WARNING"},
            },
        }
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
