"""The streams: JetStream's own snapshots, with sequences, times and consumers as they are; and what came afterwards."""

import gzip
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StreamState
from nats.js.errors import NotFoundError
from pydantic_core import from_json, to_json

from shared.backup.errors import BackupError, DamagedError
from shared.backup.files import packed, written
from shared.backup.manifest import StreamKept, TailKept

CHUNK: Final = 131_072
DONE: Final = "204"
SILENCE_SECONDS: Final = 30.0
"""So long the server may say nothing while it sends or takes a snapshot."""
READ_AT_ONCE: Final = 250
READ_SECONDS: Final = 5.0


async def keep_stream(client: Client, name: str, directory: Path) -> StreamKept:
    """Write a snapshot of the stream `name` as it is now, with its consumers."""
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox)
    try:
        wanted = {"deliver_subject": inbox, "no_consumers": False, "chunk_size": CHUNK, "jsck": True}
        told = await _ask(client, f"$JS.API.STREAM.SNAPSHOT.{name}", wanted)
        file_name = f"{name}.snapshot"
        with written(directory, file_name) as writing:
            while True:
                chunk: Msg = await subscription.next_msg(timeout=SILENCE_SECONDS)
                if not chunk.data:
                    _refuse_broken(chunk, name)
                    break
                writing.write(chunk.data)
                if chunk.reply:
                    await chunk.respond(b"")
    except TimeoutError as error:
        raise BackupError(f"NATS has not sent the whole stream {name} within its time") from error
    finally:
        await subscription.unsubscribe()
    state = told["state"]
    return StreamKept(
        name=name,
        messages=state["messages"],
        last_sequence=state["last_seq"],
        consumers=state.get("consumer_count", 0),
        config=told["config"],
        state=state,
        file=writing.kept,
    )


async def keep_tail(client: Client, kept: StreamKept, directory: Path) -> TailKept:
    """Write what the stream has received since its snapshot, up to now."""
    last = (await client.jetstream().stream_info(kept.name)).state.last_seq
    count, sequence = 0, kept.last_sequence
    with written(directory, f"{kept.name}.tail.gz") as writing, packed(writing) as file:
        if last > kept.last_sequence:
            async with aclosing(_after(client, kept.name, kept.last_sequence)) as messages:
                async for message in messages:
                    sequence = message.metadata.sequence.stream
                    line = {"sequence": sequence, "subject": message.subject, "headers": message.headers}
                    file.write(to_json(line | {"body": message.data.decode("latin-1")}) + b"\n")
                    count += 1
                    if sequence >= last:
                        break
    return TailKept(stream=kept.name, messages=count, last_sequence=max(last, kept.last_sequence), file=writing.kept)


async def restore_stream(client: Client, kept: StreamKept, directory: Path, replicas: int) -> None:
    """Bring the stream back as the snapshot has it; it must not be there."""
    wanted = {"config": kept.config | {"num_replicas": replicas}, "state": kept.state}
    told = await _ask(client, f"$JS.API.STREAM.RESTORE.{kept.name}", wanted)
    path = directory / kept.file.name
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                await _hand_over(client, told["deliver_subject"], chunk, kept.name)
        await _hand_over(client, told["deliver_subject"], b"", kept.name)
    except (nats.errors.Error, TimeoutError) as error:
        raise BackupError(f"NATS has not taken the stream {kept.name}: {error!r}") from error


async def restore_tail(client: Client, tail: TailKept, directory: Path) -> None:
    """Publish what came after the snapshot, each message under the sequence that it had."""
    jetstream = client.jetstream()
    sequence = (await jetstream.stream_info(tail.stream)).state.last_seq
    with gzip.open(directory / tail.file.name, "rb") as file:
        for line in file:
            told = from_json(line)
            while sequence < told["sequence"] - 1:  # one that was erased meanwhile: its number is not given anew
                sequence = (await jetstream.publish(told["subject"], b"", stream=tail.stream)).seq
                await jetstream.delete_msg(tail.stream, sequence)
            headers = {name: text for name, text in (told["headers"] or {}).items() if not _of_its_way(name)}
            body = told["body"].encode("latin-1")
            answer = await jetstream.publish(told["subject"], body, headers=headers)
            if answer.duplicate:  # sent twice, and stored twice at the time: only a quick restore brings them so close
                headers.pop("Nats-Msg-Id", None)
                answer = await jetstream.publish(told["subject"], body, headers=headers)
            sequence = answer.seq
            if sequence != told["sequence"]:
                raise DamagedError(
                    f"the stream {tail.stream} gave a message the number {sequence}, not {told['sequence']}"
                )


async def state_of(client: Client, name: str) -> StreamState | None:
    """Return what the stream holds; None where it does not exist."""
    try:
        return (await client.jetstream().stream_info(name)).state
    except NotFoundError:
        return None


async def _after(client: Client, name: str, sequence: int) -> AsyncGenerator[Msg]:
    """Yield the messages of the stream after `sequence`, without touching its consumers."""
    config = ConsumerConfig(
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=sequence + 1,
        ack_policy=AckPolicy.NONE,
        mem_storage=True,
        num_replicas=1,
        inactive_threshold=60.0,
    )
    jetstream = client.jetstream()
    subscription = await jetstream.pull_subscribe("", stream=name, config=config)
    info = await subscription.consumer_info()
    left = info.num_pending or 0
    try:
        while left:
            batch = await subscription.fetch(min(READ_AT_ONCE, left), timeout=READ_SECONDS)
            left = batch[-1].metadata.num_pending or 0
            for message in batch:
                yield message
    finally:
        await subscription.unsubscribe()
        await jetstream.delete_consumer(name, info.name)


async def _ask(client: Client, subject: str, wanted: dict[str, Any]) -> dict[str, Any]:
    try:
        answer: dict[str, Any] = json.loads(
            (await client.request(subject, to_json(wanted), timeout=SILENCE_SECONDS)).data
        )
    except (nats.errors.Error, TimeoutError) as error:
        raise BackupError(f"NATS has not answered {subject}") from error
    if "error" in answer:
        raise BackupError(f"NATS refuses {subject}: {answer['error'].get('description', answer['error'])}")
    return answer


async def _hand_over(client: Client, subject: str, chunk: bytes, name: str) -> None:
    answer = await client.request(subject, chunk, timeout=SILENCE_SECONDS)
    if answer.data:
        told = json.loads(answer.data)
        if "error" in told:
            raise BackupError(f"NATS refuses the stream {name}: {told['error'].get('description', told['error'])}")


def _refuse_broken(end: Msg, name: str) -> None:
    status = (end.headers or {}).get("Status")
    if status not in {None, DONE}:
        said = (end.headers or {}).get("Description", "")
        raise BackupError(f"NATS has broken off the snapshot of the stream {name}: {status} {said}".strip())


def _of_its_way(header: str) -> bool:
    """Whether the header was for the server that took the message then: the batch it came in, what it expected there."""
    return header.startswith(("Nats-Batch-", "Nats-Expected-"))
