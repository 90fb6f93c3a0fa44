"""The streams and durable consumers of JetStream, setting by setting."""

from dataclasses import replace

from nats.js import JetStreamContext
from nats.js.errors import NotFoundError

from shared.bus.streams import Consumer, Stream
from shared.provision.errors import NotProvisionedError


async def provision_stream(
    jetstream: JetStreamContext, stream: Stream, replicas: int | None, keep_days: int
) -> list[str]:
    """Create or update `stream`; return a line if anything was changed. None for `replicas` leaves them as they are."""
    wanted = stream.config(replicas or 1, keep_days)
    try:
        held = (await jetstream.stream_info(stream.name)).config
    except NotFoundError:
        await jetstream.add_stream(wanted)
        return [f"stream {stream.name} created"]
    wanted = replace(wanted, num_replicas=replicas or held.num_replicas)
    if all(getattr(held, name) == value for name, value in vars(wanted).items() if value is not None):
        return []
    await jetstream.update_stream(wanted)
    return [f"stream {stream.name} updated"]


async def provision_consumer(jetstream: JetStreamContext, consumer: Consumer) -> list[str]:
    """Create or update `consumer`; return a line if anything was changed."""
    try:
        await check_consumer(jetstream, consumer)
    except NotProvisionedError:
        await jetstream.add_consumer(consumer.stream.name, consumer.config())
        return [f"consumer {consumer.service} created or updated"]
    return []


async def check_consumer(jetstream: JetStreamContext, consumer: Consumer) -> None:
    """Return if the stream and durable consumer hold the wanted settings; else `NotProvisionedError`."""
    try:
        stream = (await jetstream.stream_info(consumer.stream.name)).config
        info = await jetstream.consumer_info(consumer.stream.name, consumer.service)
    except NotFoundError:
        raise NotProvisionedError(
            f"NATS has no stream {consumer.stream.name} with a consumer {consumer.service}: run `yingda provision`"
        ) from None
    wanted, held = consumer.config(), info.config
    if not stream.allow_atomic:
        raise NotProvisionedError(f"the stream {consumer.stream.name} takes no atomic batches: run `yingda provision`")
    for name in ("ack_wait", "max_ack_pending", "max_deliver"):
        if getattr(held, name) != getattr(wanted, name):
            raise NotProvisionedError(f"the consumer {consumer.service} has another {name}: run `yingda provision`")
    if set(held.filter_subjects or [held.filter_subject]) != set(consumer.subjects):
        raise NotProvisionedError(f"the consumer {consumer.service} has other subjects: run `yingda provision`")
