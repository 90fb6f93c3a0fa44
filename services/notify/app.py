"""Composition root of notify: the only file that builds things."""

from services.notify.domain.rules import CONSUMED
from services.notify.handlers import Desk, EventHandler, Sender
from services.notify.handlers.compose import Composer
from services.notify.handlers.events import consumed
from services.notify.handlers.texts import Texts
from services.notify.handlers.transports import build_transports
from services.notify.store import metadata, review, runtime
from services.notify.store.presence import Presence
from shared import metrics
from shared.bus.streams import EVENTS
from shared.events.commands import ListNotifications, RetryNotification
from shared.service import Context, Loop, Parts, Service


async def build(context: Context) -> Parts:
    """Return the running parts; raises in one sentence where templates or transports of the policy cannot be used."""
    texts = Texts()
    texts.check(context.policy)
    transports = build_transports(context.policy, context.settings, context.clock.now)
    composer = Composer(context.policy, texts)
    sender = Sender(context.outbox, context.clock, composer, transports, Presence(context.engine))
    events = EventHandler(context.policy, sender.nudge)
    desk = Desk(context.policy, sender.nudge)

    async def gauges() -> None:
        async with context.engine.connect() as connection:
            waiting = await review.waiting_by_transport(connection)
        for name in transports.names | {"none"} | waiting.keys():
            metrics.NOTIFICATIONS_WAITING.labels(name).set(waiting.get(name, 0))

    return Parts(
        on_events=events.on_events,
        commands={ListNotifications: desk.list, RetryNotification: desk.retry},
        loops=(Loop("sender", sender.turn, sender.wake, longest_sleep_seconds=5.0),),
        gauges=gauges,
        stop=sender.stop,
    )


SERVICE = Service("notify", metadata, runtime, EVENTS, consumed(CONSUMED), build)
