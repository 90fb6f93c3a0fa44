"""Composition root of intake: the channels that are installed, wired to the reception."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from services.intake import store
from services.intake.domain.calls import CallCounts
from services.intake.domain.haste import Haste
from services.intake.handlers import Desk, Eraser, Reception, on_rejected
from services.intake.handlers.reconciliation import Pace, Reconciler, ReconciliationDesk, show_last
from services.intake.handlers.unusable import Unusable
from services.intake.ports import Channel
from services.intake.store.retention import old_asides, old_contacts
from shared import metrics
from shared.bus.streams import CONTACTS, EVENTS
from shared.policy import Policy
from shared.reconciliation import Accountant
from shared.service import Context, Loop, Parts, Service
from shared.settings import Settings
from shared.workshop import Workshop


def channels_of(policy: Policy, workshop: Workshop) -> dict[str, Channel]:
    """Return the channels that the policy names; for one that cannot be used another that says so (ADR 0035)."""
    return workshop.use_all("channel", policy.plugins_used("channel"), Channel, Unusable)


def accepts(policy: Policy, settings: Settings) -> None:
    """Return if intake can work by `policy`; `UnusablesError` where channels that it names cannot be used."""
    Workshop(policy.plugins, settings).judge("channel", policy.plugins_used("channel"), Channel)


async def build(context: Context) -> Parts:
    """Return the parts of intake."""
    policy = context.policy
    zone = ZoneInfo(policy.timezone)
    begun = datetime.now(UTC)  # real, as the moment at which a run ends

    async def gauges() -> None:
        today = context.clock.now().astimezone(zone).date()
        async with context.engine.connect() as connection:
            counts = await store.calls_between(connection, today, today)
        metrics.CALL_ANSWER_RATE.set(sum(counts.values(), CallCounts()).answer_rate)
        metrics.CALL_ANSWER_RATE_TARGET.set(policy.intake.answering.rate_percent / 100)
        await show_last(context.engine, begun)

    channels = channels_of(policy, Workshop(policy.plugins, context.settings, context.clock.now))
    eraser = Loop("erase", Eraser(context.engine, context.erase, context.clock).turn, longest_sleep_seconds=5.0)
    reconciler = _reconciler(context)
    return Parts(
        on_events=Reception(channels, policy, eraser.wake).on_events,
        on_rejected=on_rejected,
        commands={**Desk(policy).commands, **ReconciliationDesk(policy, reconciler).commands},
        loops=(eraser, reconciler.loop),
        gauges=gauges,
        expiries=(old_contacts(context.settings.records_days), old_asides(context.settings.records_days)),
        hasty=Haste(policy),
    )


def _reconciler(context: Context) -> Reconciler:
    settings = context.settings
    return Reconciler(
        context.engine,
        context.clock,
        context.ask,
        context.read,
        context.position,
        Accountant(store.runtime, context.position),
        Pace(settings.reconcile_seconds, settings.reconcile_grace_seconds),
    )


SERVICE = Service(
    name="intake",
    metadata=store.metadata,
    tables=store.runtime,
    stream=CONTACTS,
    consumes=(),
    build=build,
    accepts=accepts,
    migrations=(Path(__file__).parent / "store" / "migrations",),
    tells=("contact",),
    answers=(
        "contact.calls",
        "contact.complete",
        "contact.get",
        "reconciliation.run",
        "reconciliation.settle",
        "reconciliation.show",
    ),
    asks=("reconciliation.cases", "reconciliation.clocks", "reconciliation.notices", "reconciliation.workorders"),
    looks_back=True,
    paced_by=EVENTS,
    gather_seconds=0.06,
)
