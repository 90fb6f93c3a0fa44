"""NATS's own lines for many messages at once.

nats-py looks at every header of every message, character by character, and hands each command to its writer on its own:
ten messages sent and a dozen received made up half a millisecond of the four that a contact cost. A batch is written here
in one piece, and of what comes in only what is needed is read. The protocol is NATS's client protocol (`PUB`, `HPUB`) and
its headers (ADR-4); the version of nats-py is pinned, since its writer has no public door for prepared lines.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import nats.errors
import nats.protocol.parser
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from shared.bus.parser import STATUS_AT, LeanParser, headers_in
from shared.events.trace import trace_of

_HMSG = re.compile(rb"\AHMSG[ \t]+(\S+)[ \t]+(\S+)[ \t]+((\S+)[ \t]+)?(\d+)[ \t]+(\d+)\r\n")
"""The line before a message with headers, and nothing after it: nats-py's own takes a number there for the size."""

_SHORT_REPLY = 9


def headed(subject: str, headers: Mapping[str, str], body: bytes, reply: str = "") -> bytes:
    """Return the line that publishes `body` with `headers`; `ValueError` for a value that could end its own line."""
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    if head.count("\n") != len(headers) or head.count("\r") != len(headers):
        raise ValueError("a header's value holds a line break")
    block = f"NATS/1.0\r\n{head}\r\n".encode()
    return b"HPUB %b %b %d %d\r\n%b%b\r\n" % (
        subject.encode(),
        reply.encode(),
        len(block),
        len(block) + len(body),
        block,
        body,
    )


async def write(client: Client, lines: Sequence[bytes]) -> None:
    """Hand `lines` to the connection in one piece; while it is away they wait for its return, as with `publish`.

    `ConnectionClosedError` where it was given up, `OutboundBufferLimitError` where too much waits for it already.
    """
    piece = b"".join(lines)
    if client.is_closed:
        raise nats.errors.ConnectionClosedError
    if not client.is_connected and client.pending_data_size + len(piece) > client._max_pending_size:  # noqa: SLF001
        raise nats.errors.OutboundBufferLimitError
    await client._send_command(piece)  # noqa: SLF001 (see above)


async def acknowledge(messages: Sequence[Msg]) -> None:
    """Acknowledge all `messages`, which came over one connection."""
    await _reply(messages, "")


async def keep(messages: Sequence[Msg]) -> None:
    """Tell the server that `messages`, which came over one connection, are in hand: their time begins anew."""
    await _reply(messages, "+WPI")


async def _reply(messages: Sequence[Msg], word: str) -> None:
    client = messages[0]._client  # noqa: SLF001 (see above)
    await write(client, [f"PUB {message.reply} {len(word)}\r\n{word}\r\n".encode() for message in messages])
    await client._flush_pending()  # noqa: SLF001 (see above)


def read_leanly(client: Client) -> None:
    """Make `client` read of the headers no more than the server's own status and a stranger's trace, and `listen` directly.

    All else that a message tells is in its body. A subject that is not UTF-8 arrives escaped, and headers that are none
    count as none: nats-py's reader would die of them, and with it the service, as often as the stream delivered them.
    """
    nats.protocol.parser.HMSG_RE = _HMSG
    build = client._build_message  # noqa: SLF001 (see above)

    def built(sid: int, subject: bytes, *rest: Any) -> Any:
        try:
            return build(sid, subject, *rest)
        except UnicodeDecodeError:
            return build(sid, bytes(subject).decode(errors="backslashreplace").encode(), *rest)

    client._build_message = built  # type: ignore[method-assign,assignment]  # noqa: SLF001
    read = client._process_headers  # noqa: SLF001

    async def little(raw: bytes) -> dict[str, str] | None:
        if not raw or raw[STATUS_AT : STATUS_AT + 1] != b" ":
            return headers_in(raw) if raw else None
        try:
            return await read(raw)
        except UnicodeDecodeError:
            return None

    client._process_headers = little  # type: ignore[method-assign,assignment]  # noqa: SLF001
    client._ps = LeanParser(client)  # noqa: SLF001


async def listen(client: Client, subject: str, take: Callable[[Msg], None]) -> Subscription:
    """Subscribe to `subject`: `take` is called with all that comes, by a client that reads leanly without delay."""

    async def taken(message: Msg) -> None:
        take(message)

    subscription = await client.subscribe(subject, cb=taken)
    if isinstance(client._ps, LeanParser):  # noqa: SLF001
        client._ps.take_directly(subscription, take)  # noqa: SLF001
    return subscription


def stored_at(reply: str) -> list[str]:
    """Return what the subject to acknowledge a message tells of it, from the name of the stream on.

    Stream, consumer, number of the delivery, sequence, the consumer's own, time in nanoseconds, messages left. In front of
    them are `$JS.ACK`, with a domain two more words, and then one more at the end.
    """
    words = reply.split(".")
    return words[2:] if len(words) == _SHORT_REPLY else words[4:]


def trace_in(message: Msg) -> str | None:
    """Return the trace that `message` has in its headers, None where it has none that is valid."""
    headers = message.headers
    return trace_of(headers.get("traceparent"), headers.get("tracestate") or None) if headers else None
