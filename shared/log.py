"""Structured logs: one JSON object a line on standard error, with trace ids and numbers, never personal data."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from pydantic_core import to_json

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class Lines:
    """Writes each line at once, or those of one `together` in one piece: a batch tells of hundreds of events."""

    def __init__(self) -> None:
        self._kept: list[bytes] | None = None

    def msg(self, line: bytes) -> None:
        """Write `line`, or keep it for the others."""
        if self._kept is None:
            self._write([line])
        else:
            self._kept.append(line)

    debug = info = warning = error = critical = msg

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write what is logged inside in one piece afterwards."""
        if self._kept is not None:
            yield
            return
        self._kept = []
        try:
            yield
        finally:
            kept, self._kept = self._kept, None
            self._write(kept)

    def _write(self, lines: list[bytes]) -> None:
        if lines:
            sys.stderr.buffer.write(b"\n".join(lines) + b"\n")
            sys.stderr.buffer.flush()


_LINES = Lines()
logged_together = _LINES.together


def _json(fields: Any, **_options: Any) -> bytes:
    return to_json(fields, fallback=str)


def configure_logging(level: str, **context: str) -> None:
    """Log from `level` on; every line carries `context` (the service's name)."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=lambda *_: _LINES,
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(**context)
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
