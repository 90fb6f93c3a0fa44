"""Who is told what of an event, by the packaged policy."""

from __future__ import annotations

from services.notify.domain.facts import WorkOrder
from services.notify.domain.notice import Notice
from services.notify.domain.rules import notices
from shared.events import Event
from shared.policy import load_policy

POLICY = load_policy()


def told(event: Event, order: WorkOrder | None = None) -> set[tuple[str, str]]:
    """Purpose and recipient of every notice."""
    return {(n.purpose, n.recipient) for n in notices(event, order, POLICY)}


def only(event: Event, order: WorkOrder | None, purpose: str) -> Notice:
    """The one notice of that purpose."""
    (notice,) = [n for n in notices(event, order, POLICY) if n.purpose == purpose]
    return notice
