"""`yingda replay --to SERVICE`: one service reads its stream again, as after its tables were restored from a backup."""

from dataclasses import replace
from datetime import datetime

from nats.js.api import DeliverPolicy
from nats.js.errors import NotFoundError

from shared.cli.connection import nats_client
from shared.cli.errors import CliError
from shared.cli.services import load_service
from shared.provision import check_consumer
from shared.settings import Settings
from shared.times import rfc3339


async def rewind(settings: Settings, name: str, since: datetime | None) -> None:
    """Put the service's consumer back to `since`, or to the beginning of its stream; nothing is published.

    What the service has handled already has no second effect; the other services notice nothing.
    """
    consumer = load_service(name).consumer
    config = consumer.config()
    if since is not None:
        config = replace(config, deliver_policy=DeliverPolicy.BY_START_TIME, opt_start_time=since)
    async with nats_client(settings) as client:
        jetstream = client.jetstream()
        try:
            stream = (await jetstream.stream_info(consumer.stream.name)).state
            await jetstream.delete_consumer(consumer.stream.name, name)
        except NotFoundError:
            raise CliError(f"NATS has no consumer {name} on {consumer.stream.name}: run `yingda provision`") from None
        await jetstream.add_consumer(consumer.stream.name, config)
        await check_consumer(jetstream, consumer)
        waiting = (await jetstream.consumer_info(consumer.stream.name, name)).num_pending
    begin = rfc3339(since) if since else "the beginning"
    print(f"{name} reads {consumer.stream.name} again from {begin}: {waiting} of {stream.messages} messages")
