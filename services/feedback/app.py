"""The composition root of feedback: the only file that builds things."""

from services.feedback import store
from services.feedback.domain.callback import CALLS
from services.feedback.domain.knowledge import STATES
from services.feedback.handlers import CallbackDesk, EventHandler, KnowledgeDesk, ScriptDesk
from services.feedback.plugins.packaged import PackagedScripts
from shared import metrics
from shared.bus.streams import EVENTS
from shared.events import (
    ContactCompleted,
    ContactRegistered,
    WorkorderCancelled,
    WorkorderClassified,
    WorkorderClosed,
    WorkorderConfirmed,
    WorkorderOpened,
    WorkorderReopened,
    WorkorderResolved,
    WorkorderSigned,
    WorkorderTransferred,
)
from shared.service import Context, Parts, Service


async def build(context: Context) -> Parts:
    """Return the parts of one running feedback service."""
    policy = context.policy
    scripts = PackagedScripts()
    desks = (CallbackDesk(policy, scripts), ScriptDesk(policy, scripts), KnowledgeDesk(policy))

    async def gauges() -> None:
        async with context.engine.connect() as connection:
            open_callbacks = await store.open_counts(connection)
            surveys = await store.open_surveys(connection, context.clock.now())
            entries = await store.entry_counts(connection)
        for kind in CALLS:
            metrics.CALLBACKS_OPEN.labels(kind).set(open_callbacks.get(kind, 0))
        metrics.SURVEYS_OPEN.set(surveys)
        for state in STATES:
            metrics.KNOWLEDGE.labels(state).set(entries.get(state, 0))

    return Parts(
        on_events=EventHandler(policy).on_events,
        commands={command: handler for desk in desks for command, handler in desk.commands.items()},
        gauges=gauges,
    )


SERVICE = Service(
    name="feedback",
    metadata=store.metadata,
    tables=store.runtime,
    stream=EVENTS,
    consumes=(
        ContactCompleted,
        ContactRegistered,
        WorkorderOpened,
        WorkorderClassified,
        WorkorderTransferred,
        WorkorderResolved,
        WorkorderSigned,
        WorkorderConfirmed,
        WorkorderReopened,
        WorkorderClosed,
        WorkorderCancelled,
    ),
    build=build,
)
