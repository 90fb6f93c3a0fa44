"""The composition root of sla: the only file that builds things."""

from services.sla.handlers.events import EventHandler
from services.sla.handlers.horizon import Horizon
from services.sla.handlers.watch import Watch
from services.sla.store.gauges import Gauges
from services.sla.store.tables import metadata, runtime
from shared.bus.streams import EVENTS
from shared.events import (
    CallbackCompleted,
    NotificationSent,
    WorkorderCancelled,
    WorkorderClassified,
    WorkorderClosed,
    WorkorderCollaborated,
    WorkorderConfirmed,
    WorkorderOpened,
    WorkorderPaused,
    WorkorderPromised,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderResponded,
    WorkorderResumed,
    WorkorderSigned,
    WorkorderTransferred,
)
from shared.service import Context, Parts, Service


async def build(context: Context) -> Parts:
    """Return the running parts: the handler of events and the watch that it wakes."""
    horizon = Horizon(context.clock, context.position)
    watch = Watch(context.engine, context.outbox, context.clock, context.policy, horizon)
    handler = EventHandler(context.policy, watch)
    gauges = Gauges(context.engine)
    return Parts(on_events=handler.on_events, loops=(watch.loop,), gauges=gauges.refresh)


SERVICE = Service(
    name="sla",
    metadata=metadata,
    tables=runtime,
    stream=EVENTS,
    consumes=(
        CallbackCompleted,
        NotificationSent,
        WorkorderCancelled,
        WorkorderClassified,
        WorkorderClosed,
        WorkorderCollaborated,
        WorkorderConfirmed,
        WorkorderOpened,
        WorkorderPaused,
        WorkorderPromised,
        WorkorderReopened,
        WorkorderResolved,
        WorkorderResponded,
        WorkorderResumed,
        WorkorderSigned,
        WorkorderTransferred,
    ),
    build=build,
)
