"""What a running adapter or endpoint works with."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from nats.aio.client import Client

from shared.adapters.publisher import Publisher
from shared.adapters.report import Report
from shared.attachments import AttachmentStore


@dataclass(frozen=True, slots=True)
class Work:
    """Handed to `Adapter.run`, `Endpoint.routes` and `Running.run`."""

    publisher: Publisher
    report: Report
    stopping: asyncio.Event
    """Set when the process shall end; what is in hand then has a few seconds."""
    now: Callable[[], datetime]
    """The moment on the clock of the business, with its offset."""
    attachments: AttachmentStore
    """Where the files go that come with a contact, before it is published."""
    client: Client
    """The connection to NATS, for what an endpoint keeps there itself; contacts go by `publisher`."""
