"""The composition root of sla: the only file that builds things."""

from pathlib import Path

from services.sla.handlers.commands import Desk
from services.sla.handlers.events import EventHandler, concerns
from services.sla.handlers.horizon import Horizon
from services.sla.handlers.renewal import Renewal
from services.sla.handlers.watch import Watch
from services.sla.store.gauges import Gauges
from services.sla.store.policies import register
from services.sla.store.reconciliation import incomplete
from services.sla.store.retention import forget
from services.sla.store.tables import metadata, runtime
from shared.bus.streams import EVENTS
from shared.bus.unsent import left_unsent
from shared.events import (
    EVENT_TYPES,
    AgentPresenceChanged,
    CallbackCompleted,
    CallbackScheduled,
    CallbackWithdrawn,
    NotificationSent,
    WorkorderHandedOver,
    WorkorderOpened,
    WorkorderStep,
)
from shared.events.commands import AccountClocks
from shared.reconciliation import Accountant, books
from shared.service import Context, Parts, Service


async def build(context: Context) -> Parts:
    """Return the running parts: the handler of events, the watch that it wakes, the renewal and the desk."""
    async with context.engine.begin() as connection:
        policies = await register(connection, context.policy, context.clock.now())
    horizon = Horizon(context.clock, context.position, unsent=left_unsent(context.engine, "sla"))
    watch = Watch(context.engine, context.outbox, context.clock, policies, horizon)
    handler = EventHandler(policies, watch)
    renewal = Renewal(context.outbox, policies)
    gauges = Gauges(context.engine, context.clock, context.policy)
    accountant = Accountant(runtime, context.position)
    return Parts(
        on_events=handler.on_events,
        concerns=concerns,
        commands={**Desk(policies, watch).commands, **books(context.policy, accountant, AccountClocks, incomplete)},
        loops=(watch.loop, renewal.loop),
        gauges=gauges.refresh,
        forget=forget,
    )


SERVICE = Service(
    name="sla",
    metadata=metadata,
    tables=runtime,
    stream=EVENTS,
    consumes=(
        AgentPresenceChanged,
        CallbackCompleted,
        CallbackScheduled,
        CallbackWithdrawn,
        NotificationSent,
        WorkorderHandedOver,
        WorkorderOpened,
        *(model for model in EVENT_TYPES.values() if issubclass(model, WorkorderStep)),
    ),
    build=build,
    migrations=(Path(__file__).parent / "store" / "migrations",),
    tells=("sla",),
    answers=("sla.*", "reconciliation.clocks"),
    gather_seconds=0.2,
)
