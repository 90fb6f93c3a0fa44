"""What a running adapter or endpoint works with."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from shared.adapters.publisher import Publisher
from shared.adapters.report import Report


@dataclass(frozen=True, slots=True)
class Work:
    """Handed to `Adapter.run`, `Endpoint.routes` and `Running.run`."""

    publisher: Publisher
    report: Report
    stopping: asyncio.Event
    """Set when the process shall end; what is in hand then has a few seconds."""
    now: Callable[[], datetime]
    """The moment on the clock of the business, with its offset."""
