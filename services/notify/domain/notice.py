"""A notice: one thing to tell one person, before it has words and an address."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any, Literal

from shared.events import Purpose
from shared.values import frozen

Audience = Literal["customer", "staff"]
CUSTOMER = "customer"
"""The recipient of every notice to the customer of a work order; staff are named by their ids."""


@frozen
class Notice:
    """What an event gives to tell.

    `values` is JSON: the facts of the event that the template needs, as ids and RFC 3339 times. `once` names what the
    recipient hears of only once; None: the event itself (R-NT-04). `values["kind"]` chooses words of its own.
    """

    purpose: Purpose
    audience: Audience
    recipient: str
    work_order_id: str | None
    values: Mapping[str, Any] = field(default_factory=dict)
    once: str | None = None
    not_before: datetime | None = None
    """The moment from which on the recipient is to hear of it; None: at once."""

    @property
    def kind(self) -> str | None:
        """What tells it apart from other news of its purpose, where it has words of its own."""
        kind = self.values.get("kind")
        return kind if isinstance(kind, str) else None
