"""Composition root of notify: the only file that builds things."""

from functools import partial
from pathlib import Path

from services.notify.domain.rules import CONSUMED
from services.notify.domain.suppression import REASONS
from services.notify.handlers import Desk, EventHandler, Sender
from services.notify.handlers.compose import Composer
from services.notify.handlers.events import consumed
from services.notify.handlers.links import SurveyLinks
from services.notify.handlers.receipts import Receipts
from services.notify.handlers.suppression import SuppressionDesk
from services.notify.handlers.texts import Texts
from services.notify.handlers.transports import build_transports, check_transports
from services.notify.store import metadata, review, runtime, suppressed
from services.notify.store.keys import address_key
from services.notify.store.presence import Presence
from services.notify.store.reconciliation import unnoticed
from services.notify.store.retention import forget, notices_of_no_work_order
from shared import metrics
from shared.bus.commands import CommandHandler
from shared.bus.streams import EVENTS
from shared.events.commands import (
    AccountNotices,
    Command,
    DiscardNotification,
    ListNotifications,
    ListSuppressions,
    RecordReceipt,
    RetryNotification,
    ShowNotification,
    SuppressAddress,
    Unsubscribe,
    UnsuppressAddress,
)
from shared.policy import Policy
from shared.reconciliation import Accountant, books
from shared.service import Context, Loop, Parts, Service
from shared.settings import Settings


async def build(context: Context) -> Parts:
    """Return the running parts; raises in one sentence where templates of the policy cannot be used."""
    texts = Texts(own=context.policy.notify.templates.texts)
    texts.check(context.policy)
    transports = build_transports(context.policy, context.settings, context.clock.now)
    links = SurveyLinks.of(context.settings)
    key = await address_key(context.engine, context.settings.identity_key)
    composer = Composer(context.policy, texts, key, links, transports.reads_values)
    sender = Sender(context.outbox, context.clock, composer, transports, Presence(context.engine))
    receipts = Receipts(composer, sender.recorder, sender.nudge)
    events = EventHandler(context.policy, sender.nudge, sender.at_once, receipts.reported)

    async def gauges() -> None:
        async with context.engine.connect() as connection:
            waiting = await review.waiting_by_transport(connection)
            troubled = await review.for_review(connection)
            listed = await suppressed.count(connection)
        for state in ("failed", "unknown"):
            metrics.NOTIFICATIONS_FOR_REVIEW.labels(state).set(troubled.get(state, 0))
        for reason in REASONS:
            metrics.SUPPRESSED_ADDRESSES.labels(reason).set(listed.get(reason, 0))
        for name in transports.names | {"none"} | waiting.keys():
            metrics.NOTIFICATIONS_WAITING.labels(name).set(waiting.get(name, 0))

    accountant = Accountant(runtime, context.position)
    silent = [name for name, category in context.policy.categories.items() if category.outbound]
    return Parts(
        on_events=events.on_events,
        commands={
            **commands(composer, sender),
            **books(context.policy, accountant, AccountNotices, partial(unnoticed, silent=silent)),
        },
        loops=(Loop("sender", sender.turn, sender.wake, longest_sleep_seconds=5.0),),
        gauges=gauges,
        stop=sender.stop,
        expiries=(notices_of_no_work_order(context.settings.records_days),),
        forget=forget,
    )


def accepts(policy: Policy, settings: Settings) -> None:
    """Return if notify can work by `policy`; else raise which text or transport of it cannot be used."""
    Texts(own=policy.notify.templates.texts).check(policy)
    check_transports(policy, settings)


def commands(composer: Composer, sender: Sender) -> dict[type[Command], CommandHandler]:
    """Return who answers which command."""
    desk = Desk(composer.policy, sender.recorder, sender.nudge)
    receipts = Receipts(composer, sender.recorder, sender.nudge)
    addresses = SuppressionDesk(composer)
    return {
        ListNotifications: desk.list,
        ShowNotification: desk.show,
        RetryNotification: desk.retry,
        DiscardNotification: desk.discard,
        RecordReceipt: receipts.receipt,
        SuppressAddress: addresses.suppress,
        Unsubscribe: addresses.unsubscribe,
        UnsuppressAddress: addresses.unsuppress,
        ListSuppressions: addresses.list,
    }


SERVICE = Service(
    "notify",
    metadata,
    runtime,
    EVENTS,
    consumed(CONSUMED),
    build,
    accepts,
    migrations=(Path(__file__).parent / "store" / "migrations",),
    tells=("notification",),
    answers=("notification.*", "reconciliation.notices"),
    gather_seconds=0.3,
)
