"""The composition root of sla: the only file that builds things."""

from services.sla.gauges import Gauges
from services.sla.handlers import EventHandler
from services.sla.horizon import Horizon, position_of
from services.sla.tables import metadata, runtime
from services.sla.watch import Watch
from shared.bus.connect import make_broker
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
    """Return the running parts: the handler of events and the watch that it wakes; the watch has its own way to ask NATS."""
    broker = make_broker(context.settings, f"{SERVICE.name}-horizon")
    client = await broker.connect()
    horizon = Horizon(context.clock, position_of(client.jetstream(), SERVICE.consumer))
    watch = Watch(context.engine, context.outbox, context.clock, context.policy, horizon)
    handler = EventHandler(context.policy, watch)
    gauges = Gauges(context.engine)
    return Parts(on_events=handler.on_events, loops=(watch.loop,), gauges=gauges.refresh, stop=broker.stop)


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
