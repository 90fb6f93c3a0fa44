"""The composition root of routing: the only file that builds things."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any, get_args

from services.routing import store
from services.routing.domain.identity import Fingerprints
from services.routing.domain.simulation import SimulatedDesk
from services.routing.domain.workorder import LIVE
from services.routing.handlers import Desk, Distribution, EventHandler, HandOver, MatterDesk, PeopleDesk
from services.routing.handlers.guarded import GuardedAssigner, GuardedClassifier
from services.routing.handlers.reconciliation import Books
from services.routing.handlers.unusable import Unusable
from services.routing.ports import Assigner, Classifier, ClassifierSetup
from services.routing.store.retention import closed_work_orders
from shared import metrics
from shared.bus.streams import EVENTS
from shared.events import CallbackCompleted, ContactCompleted, ContactRegistered, Presence, SlaEscalated
from shared.policy import Policy
from shared.reconciliation import Accountant
from shared.service import Context, Loop, Parts, Service
from shared.settings import Settings
from shared.workshop import Workshop


async def build(context: Context) -> Parts:
    """Return the parts of one running routing service."""
    policy = context.policy
    workshop = Workshop(policy.plugins, context.settings, context.clock.now)
    usable = workshop.use_all("assigner", policy.plugins_used("assigner"), Assigner, Unusable)
    assigners = {name: GuardedAssigner(one) for name, one in usable.items()}
    distribution = Distribution(policy, _by_department(policy, assigners))
    wake = asyncio.Event()
    hand_over = HandOver(context.outbox, distribution, wake)
    loop = Loop("handover", hand_over.turn, wake, longest_sleep_seconds=5.0)
    fingerprints = await fingerprints_of(context)
    setup = _classifier_setup(policy, context.settings.data)
    used = workshop.use_all("classifier", policy.plugins_used("classifier"), Classifier, Unusable, **setup)
    classifier = GuardedClassifier(used[policy.routing.classifier.plugin])
    events = EventHandler(policy, classifier, fingerprints, distribution, hand_over.expect)
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
    """Return if routing can work by `policy`; `UnusableError` where its classifier or an assigner cannot be used."""
    workshop = Workshop(policy.plugins, settings)
    classifier_of(policy, workshop, settings.data)
    assigners_of(policy, workshop)


async def fingerprints_of(context: Context) -> Fingerprints:
    """Return what identities are compared with: by the key of the settings, else by one kept in the schema (R-IN-05)."""
    key = context.settings.identity_key
    return Fingerprints(key.get_secret_value().encode() if key else await store.identity_key(context.engine))


def classifier_of(policy: Policy, workshop: Workshop, data: Path) -> Classifier:
    """Return the classifier that the policy names; one that learns reads its model, seen from the directory `data`."""
    classifier: Classifier = workshop.make(
        "classifier", policy.routing.classifier.plugin, Classifier, **_classifier_setup(policy, data)
    )
    return classifier


def _classifier_setup(policy: Policy, data: Path) -> Mapping[str, Any]:
    chosen = policy.routing.classifier
    return {"setup": ClassifierSetup, "model": data / chosen.model, "at_least": chosen.at_least}


def assigners_of(policy: Policy, workshop: Workshop) -> dict[str, Assigner]:
    """Return the assigner of every department, as the policy names them (R-RT-08)."""
    made = {name: workshop.make("assigner", name, Assigner) for name in policy.plugins_used("assigner")}
    return _by_department(policy, made)


def _by_department(policy: Policy, made: Mapping[str, Assigner]) -> dict[str, Assigner]:
    return {name: made[policy.routing.assignment.plugin_of(name)] for name in policy.departments}


def simulated(policy: Policy, data: Path) -> SimulatedDesk:
    """Return routing's decisions in memory, for a simulation of `policy`."""
    settings = Settings(data=data)
    return SimulatedDesk(policy, classifier_of(policy, Workshop(policy.plugins, settings), data))


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
    gather_seconds=0.03,
)
