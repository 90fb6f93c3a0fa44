"""A batch subscriber for FastStream that returns as soon as anything is there.

FastStream's own waits until the batch is full or its timeout has passed: a lone message waited 2.7 s on average.
It also cancels its consume task on stop; ours finishes what the server has delivered first.
"""

import asyncio
from collections.abc import Callable
from typing import Any

import nats.errors
import structlog
from faststream import AckPolicy
from faststream._internal.endpoint.subscriber.call_item import CallsCollection
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.broker.registrator import NatsRegistrator
from faststream.nats.subscriber.config import NatsSubscriberConfig, NatsSubscriberSpecificationConfig
from faststream.nats.subscriber.specification import NatsSubscriberSpecification
from faststream.nats.subscriber.usecases.stream_pull_subscriber import BatchPullStreamSubscriber

from shared.bus.pull import EXPIRES_SECONDS, PAUSE_SECONDS, PullFeed
from shared.bus.streams import Consumer

log = structlog.get_logger()


class PromptBatchSubscriber(BatchPullStreamSubscriber):
    """Hands every batch to its handler as soon as the server delivered anything."""

    consumer: Consumer
    gather_seconds: float = 0.0
    on_turn: Callable[[], None] | None = None
    _feed: PullFeed | None = None
    _drained: asyncio.Event
    _stopped = False

    async def _create_subscription(self) -> None:
        self._feed = PullFeed(self.connection, self.consumer, self.pull_sub.batch_size, self.gather_seconds)
        self._drained = asyncio.Event()
        await self._feed.start()
        self.add_task(self._consume_feed, func_args=(self._feed,))

    async def _consume_feed(self, feed: PullFeed) -> None:
        """Process what comes until the feed is closed and empty."""
        while True:
            if self.on_turn is not None:
                self.on_turn()
            try:
                messages = await feed.next()
            except (nats.errors.Error, OSError) as error:
                log.warning("fetching paused", why=repr(error))
                await asyncio.sleep(PAUSE_SECONDS)  # a closed connection must not be asked in a tight loop
                continue
            if messages:
                await self.consume(messages)
            elif feed.closed:
                self._drained.set()
                return

    async def stop(self) -> None:
        """Take nothing more from the server, finish what it delivered, then end.

        Cancelled meanwhile, the batch in hand and what waits behind it go back to the server at once.
        """
        feed = self._feed
        if feed is not None and not self._stopped:
            self._stopped = True
            try:
                await feed.close()
                await self._drained.wait()
            except asyncio.CancelledError:
                for task in self.tasks:
                    task.cancel()
                await asyncio.wait(self.tasks)
                await feed.give_back()
                raise
        await super().stop()


def subscribe(broker: NatsBroker, consumer: Consumer, batch_size: int) -> PromptBatchSubscriber:
    """Register a prompt batch subscriber on the existing durable `consumer`; nothing is declared on the server."""
    config = consumer.config()
    outer: Any = broker.config
    calls: CallsCollection[Any] = CallsCollection()
    specification = NatsSubscriberSpecification(
        _outer_config=outer,
        calls=calls,
        specification_config=NatsSubscriberSpecificationConfig(
            subject="",
            queue=None,
            filter_subjects=list(consumer.subjects),
            title_=consumer.service,
            description_=config.description,
            include_in_schema=True,
        ),
    )
    subscriber = PromptBatchSubscriber(
        NatsSubscriberConfig(
            subject="",
            sub_config=config,
            extra_options={"durable": consumer.service, "stream": consumer.stream.name},
            no_reply=True,
            _outer_config=outer,
            _ack_policy=AckPolicy.MANUAL,
        ),
        specification,
        calls,
        stream=JStream(consumer.stream.name, declare=False),
        pull_sub=PullSub(batch_size=batch_size, timeout=EXPIRES_SECONDS, batch=True),
    )
    subscriber.consumer = consumer
    super(NatsRegistrator, broker).subscriber(subscriber)
    subscriber.add_call(parser_=None, decoder_=_undecoded, dependencies_=())
    return subscriber


async def _undecoded(message: Any) -> Any:
    """Leave the bodies alone: the runtime decodes each on its own, so that one bad body fails no other."""
    return message.raw_message
