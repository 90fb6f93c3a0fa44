"""The composition root of routing: the only file that builds things."""

from itertools import product

from services.routing import store
from services.routing.domain.workorder import LIVE
from services.routing.handlers import Desk, EventHandler, HandOver
from services.routing.ports import Classifier
from shared import metrics
from shared.bus.streams import EVENTS
from shared.events import CallbackCompleted, ContactRegistered, SlaEscalated
from shared.plugins import PluginError, load_plugin
from shared.policy import Policy
from shared.service import Context, Loop, Parts, Service


async def build(context: Context) -> Parts:
    """Return the parts of one running routing service; `PluginError` where the policy's classifier cannot be used."""
    policy = context.policy
    loop = Loop("handover", HandOver(context.outbox).turn, longest_sleep_seconds=5.0)
    events = EventHandler(policy, classifier_of(policy), loop.wake)

    async def gauges() -> None:
        async with context.engine.connect() as connection:
            counts = await store.live_counts(connection)
        for where in {*product(policy.departments, LIVE), *counts}:
            metrics.WORKORDERS.labels(*where).set(counts.get(where, 0))

    return Parts(on_events=events.on_events, commands=Desk(policy).commands, loops=(loop,), gauges=gauges)


def classifier_of(policy: Policy) -> Classifier:
    """Return the classifier that the policy names."""
    name = policy.routing.classifier.plugin
    classifier = load_plugin("classifier", name)()
    if not isinstance(classifier, Classifier):
        raise PluginError(f'the classifier plugin "{name}" lacks `name`, `classify` or `topic_of`')
    return classifier


SERVICE = Service(
    name="routing",
    metadata=store.metadata,
    tables=store.runtime,
    stream=EVENTS,
    consumes=(ContactRegistered, SlaEscalated, CallbackCompleted),
    build=build,
)
