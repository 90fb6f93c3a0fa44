"""Messages that are no contact: recorded, counted and told of; nobody answers them (R-NT-07, ADR 0040)."""

from collections.abc import Sequence

from services.intake.handlers.rejections import channel_of
from services.intake.ports import Aside
from services.intake.store.asides import insert_asides
from shared.bus.transaction import Incoming, Transaction
from shared.events import ContactSetAside


async def set_aside(tx: Transaction, found: Sequence[tuple[Incoming, Aside]]) -> None:
    """Record each of `found` once, and tell what it says of messages of ours."""
    if not found:
        return
    rows = [
        (incoming.message.key, channel_of(incoming.delivery), aside.kind, aside.occurred_at)
        for incoming, aside in found
    ]
    fresh = await insert_asides(tx.connection, rows, tx.now)
    for incoming, aside in found:
        key = incoming.message.key
        if key in fresh:
            fresh.discard(key)
            event = ContactSetAside(
                channel=channel_of(incoming.delivery),
                source_id=key,
                kind=aside.kind,
                occurred_at=aside.occurred_at,
                reports=aside.reports,
            )
            tx.emit(event, subject=key, cause=incoming.message)
