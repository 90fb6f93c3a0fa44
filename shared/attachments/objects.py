"""An object as JetStream holds it (NATS ADR-20): chunks in their order, and an entry that names them, written together."""

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic_core import from_json, to_json

from shared.attachments.bucket import ATTACHMENTS, BUCKET, CHUNKS, ENTRIES
from shared.attachments.errors import DamagedError, NotKeptError, StoreAwayError
from shared.ids import new_id
from shared.times import rfc3339

CHUNK: Final = 131_072
ANSWER_SECONDS: Final = 20.0
_DIRECT: Final = f"$JS.API.DIRECT.GET.{ATTACHMENTS.name}"
_NO_MESSAGE: Final = "404"


@dataclass(frozen=True, slots=True)
class Entry:
    """What the bucket says of one object."""

    sha256: str
    media_type: str
    size: int
    chunks: int
    nuid: str
    at: datetime
    sequence: int


async def find(client: Client, sha256: str) -> Entry | None:
    """Return the entry of an object, None where there is none."""
    message = await _asked(client, f"{_DIRECT}.{_entry_subject(sha256)}", b"")
    return None if message is None else _entry(sha256, message)


async def write(client: Client, sha256: str, media_type: str, content: bytes, now: datetime) -> None:
    """Write an object: all of it is on the stream afterwards, and nothing of it where that fails."""
    nuid = new_id().replace("-", "")
    parts = [content[start : start + CHUNK] for start in range(0, len(content), CHUNK)]
    entry = {
        "name": sha256,
        "description": "",
        "headers": {"content-type": [media_type]},
        "options": {"max_chunk_size": CHUNK},
        "bucket": BUCKET,
        "nuid": nuid,
        "size": len(content),
        "mtime": rfc3339(now),
        "chunks": len(parts),
        "digest": f"SHA-256={base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode()}",
    }
    batch = new_id()
    try:
        for number, part in enumerate(parts, start=1):
            await client.publish(f"{CHUNKS}{nuid}", part, headers=_place(batch, number))
        answer = await client.request(
            _entry_subject(sha256),
            to_json(entry),
            timeout=ANSWER_SECONDS,
            headers=_place(batch, len(parts) + 1) | {"Nats-Batch-Commit": "1"},
        )
        told = from_json(answer.data)
    except (nats.errors.Error, OSError, TimeoutError, ValueError) as error:
        raise StoreAwayError(f"the message bus has not acknowledged an attachment: {type(error).__name__}") from error
    if "error" in told:
        raise StoreAwayError(f"the message bus has not taken an attachment: {told['error'].get('description')}")


async def read(client: Client, entry: Entry) -> bytes:
    """Return the content of an object; `DamagedError` where it is not what its name says."""
    found = bytearray()
    sequence = 0
    for _ in range(entry.chunks):
        wanted = {"seq": sequence + 1, "next_by_subj": f"{CHUNKS}{entry.nuid}"}
        message = await _asked(client, _DIRECT, to_json(wanted))
        if message is None:
            raise NotKeptError
        found += message.data
        sequence = int((message.headers or {})["Nats-Sequence"])
    if hashlib.sha256(found).hexdigest() != entry.sha256:
        raise DamagedError
    return bytes(found)


async def _asked(client: Client, subject: str, body: bytes) -> Msg | None:
    try:
        message = await client.request(subject, body, timeout=ANSWER_SECONDS)
    except nats.errors.NoRespondersError as error:
        raise StoreAwayError(f"NATS has no bucket {BUCKET} now: run `yingda provision` if it lacks one") from error
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise StoreAwayError(f"the message bus does not answer: {type(error).__name__}") from error
    status = (message.headers or {}).get("Status")
    if status == _NO_MESSAGE:
        return None
    if status is not None:
        raise StoreAwayError(f"the message bus does not tell of attachments: {status}")
    return message


def _entry(sha256: str, message: Msg) -> Entry:
    headers = message.headers or {}
    try:
        told: dict[str, Any] = from_json(message.data)
        if told["name"] != sha256:
            raise DamagedError("the entry of an attachment is of another one")
        return Entry(
            sha256,
            next(iter(told.get("headers", {}).get("content-type", [])), "application/octet-stream"),
            int(told["size"]),
            int(told["chunks"]),
            str(told["nuid"]),
            _moment(headers["Nats-Time-Stamp"]),
            int(headers["Nats-Sequence"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DamagedError("the entry of an attachment cannot be read") from error


def _moment(written: str) -> datetime:
    """Return a moment as NATS writes it, with up to nine digits of a second."""
    seconds = datetime.fromisoformat(written[:19])
    return seconds.replace(tzinfo=UTC)


def _entry_subject(sha256: str) -> str:
    return f"{ENTRIES}{base64.urlsafe_b64encode(sha256.encode()).decode()}"


def _place(batch: str, number: int) -> dict[str, str]:
    return {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(number)}
