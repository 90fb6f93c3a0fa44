"""A batch subscriber for FastStream that returns as soon as anything is there.

FastStream's own waits until the batch is full or its timeout has passed: a lone message waited 2.7 s on average.
It also cancels its consume task on stop; ours finishes the batch in hand first and fetches no further one.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
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
from nats.js.errors import APIError

from shared.bus.streams import Consumer

FETCH_SECONDS = 5.0
PAUSE_SECONDS = 0.5

log = structlog.get_logger()


class PromptBatchSubscriber(BatchPullStreamSubscriber):
    """Hands every batch to its handler as soon as the server delivered anything."""

    on_turn: Callable[[], None] | None = None

    async def _consume_pull(self) -> None:
        while self.running:
            if self.on_turn is not None:
                self.on_turn()
            try:
                messages = await self._fetch()
            except (nats.errors.Error, APIError) as error:
                log.warning("fetching paused", why=repr(error))
                await asyncio.sleep(PAUSE_SECONDS)  # a closed or refusing server must not be asked in a tight loop
                continue
            if messages and self.running:
                await self.consume(messages)
            else:
                for message in messages:  # fetched while stopping: another replica takes them at once
                    await message.nak()

    async def _fetch(self) -> list[Any]:
        if self.subscription is None:
            return []
        with suppress(nats.errors.TimeoutError, TimeoutError):
            return await self.subscription.fetch(batch=self.pull_sub.batch_size, timeout=FETCH_SECONDS)
        return []


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
        pull_sub=PullSub(batch_size=batch_size, timeout=FETCH_SECONDS, batch=True),
    )
    super(NatsRegistrator, broker).subscriber(subscriber)
    subscriber.add_call(parser_=None, decoder_=_undecoded, dependencies_=())
    return subscriber


async def _undecoded(message: Any) -> Any:
    """Leave the bodies alone: the runtime decodes each on its own, so that one bad body fails no other."""
    return message.raw_message
