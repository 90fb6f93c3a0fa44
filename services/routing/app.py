"""The composition root of routing: the only file that builds things."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import get_args

from services.routing import store
from services.routing.domain.identity import Fingerprints
from services.routing.domain.simulation import SimulatedDesk
from services.routing.domain.workorder import LIVE
from services.routing.handlers import Desk, Distribution, EventHandler, HandOver, MatterDesk, PeopleDesk
from services.routing.handlers.reconciliation import Books
from services.routing.ports import Assigner, Classifier, ClassifierSetup
from services.routing.store.retention import closed_work_orders
from shared import metrics
from shared.bus.streams import EVENTS
from shared.events import CallbackCompleted, ContactCompleted, ContactRegistered, Presence, SlaEscalated
from shared.plugins import PluginError, Setup, config_of, load
from shared.plugins import build as make
from shared.policy import Policy
from shared.reconciliation import Accountant
from shared.service import Context, Loop, Parts, Service
from shared.settings import Settings


def _real() -> datetime:
    return datetime.now(UTC)


async def build(context: Context) -> Parts:
    """Return the parts of one running routing service; `PluginError` where the policy's classifier or an assigner cannot be used."""
    policy = context.policy
    distribution = Distribution(policy, assigners_of(policy))
    wake = asyncio.Event()
    hand_over = HandOver(context.outbox, distribution, wake)
    loop = Loop("handover", hand_over.turn, wake, longest_sleep_seconds=5.0)
    fingerprints = await fingerprints_of(context)
    events = EventHandler(policy, classifier_of(policy, context.settings), fingerprints, distribution, hand_over.expect)
    books = Books(policy, Accountant(store.runtime, context.position))
    desks = Desk(policy, distribution, hand_over.expect), PeopleDesk(policy), MatterDesk(policy, fingerprints), books
    commands = {model: handler for desk in desks for model, handler in desk.commands.items()}

    async def gauges() -> None:
        async with context.engine.connect() as connection:
            counts = await store.live_counts(connection)
            told = await store.presence_counts(connection)
        for where in {*product(policy.departments, LIVE), *counts}:
            metrics.WORKORDERS.labels(*where).set(counts.get(where, 0))

        agents = Counter(
            (agent.department, told.get(agent.id, "available"))
            for agent in policy.staff_directory.values()
            if agent.role == "agent"
        )
        for department, state in product(policy.departments, get_args(Presence)):
            metrics.AGENTS.labels(department, state).set(agents[department, state])

    return Parts(
        on_events=events.on_events,
        commands=commands,
        loops=(loop,),
        gauges=gauges,
        expiries=(closed_work_orders(context.settings.records_days),),
    )


def accepts(policy: Policy, settings: Settings) -> None:
    """Return if routing can work by `policy`; `PluginError` where its classifier or an assigner cannot be used."""
    classifier_of(policy, settings)
    assigners_of(policy)


async def fingerprints_of(context: Context) -> Fingerprints:
    """Return what identities are compared with: by the key of the settings, else by one kept in the schema (R-IN-05)."""
    key = context.settings.identity_key
    return Fingerprints(key.get_secret_value().encode() if key else await store.identity_key(context.engine))


def classifier_of(policy: Policy, settings: Settings | None = None) -> Classifier:
    """Return the classifier that the policy names; one that learns reads its model, seen from the data directory."""
    settings = settings or Settings(data=Path())
    chosen = policy.routing.classifier
    name = chosen.plugin
    plugin = load("classifier", name)
    setup = ClassifierSetup(
        config=config_of(plugin, {}),
        settings=settings,
        data=Setup.data_of(settings, "classifier", name),
        now=_real,
        model=settings.data / chosen.model,
        at_least=chosen.at_least,
    )
    classifier = make(plugin, setup)
    if not isinstance(classifier, Classifier):
        raise PluginError(f'the classifier plugin "{name}" lacks `name`, `classify` or `topic_of`')
    return classifier


def simulated(policy: Policy, data: Path) -> SimulatedDesk:
    """Return routing's decisions in memory, for a simulation of `policy`."""
    return SimulatedDesk(policy, classifier_of(policy, Settings(data=data)))


def assigners_of(policy: Policy) -> dict[str, Assigner]:
    """Return the assigner of every department, as the policy names them (R-RT-08)."""
    assignment = policy.routing.assignment
    names = {
        department: assignment.by_department.get(department, assignment.plugin) for department in policy.departments
    }
    made = {name: _assigner(name) for name in set(names.values())}
    return {department: made[name] for department, name in names.items()}


def _assigner(name: str) -> Assigner:
    plugin = load("assigner", name)
    settings = Settings()
    setup = Setup(
        config=config_of(plugin, {}), settings=settings, data=Setup.data_of(settings, "assigner", name), now=_real
    )
    assigner = make(plugin, setup)
    if not isinstance(assigner, Assigner):
        raise PluginError(f'the assigner plugin "{name}" lacks `name` or `choose`')
    return assigner


SERVICE = Service(
    name="routing",
    metadata=store.metadata,
    tables=store.runtime,
    stream=EVENTS,
    consumes=(ContactRegistered, ContactCompleted, SlaEscalated, CallbackCompleted),
    build=build,
    accepts=accepts,
    migrations=(Path(__file__).parent / "store" / "migrations",),
    tells=("workorder", "agent"),
    answers=("workorder.*", "agent.*", "contact.verify", "reconciliation.workorders"),
    gather_seconds=0.08,
)
