"""The composition root of sla: the only file that builds things."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from services.sla.handlers.action_desk import ActionDesk
from services.sla.handlers.actions import Actions, Unusable
from services.sla.handlers.commands import Desk
from services.sla.handlers.events import EventHandler, concerns
from services.sla.handlers.horizon import Horizon
from services.sla.handlers.renewal import Renewal
from services.sla.handlers.watch import Watch
from services.sla.ports import ActionSetup, EscalationAction
from services.sla.store.actions import actions_of_agents
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
from shared.policy import Policy
from shared.reconciliation import Accountant, books
from shared.service import Context, Parts, Service
from shared.settings import Settings
from shared.workshop import Workshop

ACTION: Final = "escalation_action"


async def build(context: Context) -> Parts:
    """Return the running parts: the handler of events, the watch that it wakes, the renewal and the desk."""
    async with context.engine.begin() as connection:
        policies = await register(connection, context.policy, context.clock.now())
    horizon = Horizon(context.clock, context.position, unsent=left_unsent(context.engine, "sla"))
    actions = Actions(context.outbox, context.clock, context.policy, _plugins(context))
    watch = Watch(context.engine, context.outbox, context.clock, policies, horizon, actions)
    handler = EventHandler(policies, watch, actions)
    renewal = Renewal(context.outbox, policies)
    gauges = Gauges(context.engine, context.clock, context.policy)
    accountant = Accountant(runtime, context.position)

    async def refresh() -> None:
        await gauges.refresh()
        await actions.gauges(context.engine)

    return Parts(
        on_events=handler.on_events,
        concerns=concerns,
        commands={
            **Desk(policies, watch).commands,
            **ActionDesk(context.policy, actions).commands,
            **books(context.policy, accountant, AccountClocks, incomplete),
        },
        loops=(watch.loop, renewal.loop, actions.loop),
        gauges=refresh,
        stop=actions.stop,
        expiries=(actions_of_agents(context.settings.records_days),),
        forget=forget,
    )


def accepts(policy: Policy, settings: Settings) -> None:
    """Return if sla can work by `policy`; `UnusableError` where an action that its ladder names cannot be used."""
    workshop = Workshop(policy.plugins, settings)
    for name in policy.plugins_used(ACTION):
        workshop.make(ACTION, name, EscalationAction, **_setup(policy))


def _plugins(context: Context) -> dict[str, EscalationAction]:
    """Return the actions that the ladder names; one that cannot be used is told of, and what it should do waits."""
    workshop = Workshop(context.policy.plugins, context.settings, context.clock.now)
    names = context.policy.plugins_used(ACTION)
    return workshop.use_all(ACTION, names, EscalationAction, Unusable, **_setup(context.policy))


def _setup(policy: Policy) -> Mapping[str, Any]:
    return {"setup": ActionSetup, "wait_seconds": float(policy.sla.action_wait.seconds)}


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
    accepts=accepts,
    migrations=(Path(__file__).parent / "store" / "migrations",),
    tells=("sla",),
    answers=("sla.*", "reconciliation.clocks"),
    gather_seconds=0.2,
)
