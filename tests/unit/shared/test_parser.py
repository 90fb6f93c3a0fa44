"""What is taken directly is what nats-py would have put into the queue of its subscription, in the same order."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import ProtocolError
from nats.protocol.parser import Parser

from shared.bus.parser import LeanParser
from shared.bus.wire import read_leanly

TRACE = f"00-{'a' * 32}-{'b' * 16}-01"
HEADS = st.sampled_from(
    [
        b"NATS/1.0\r\nNats-Msg-Id: yingda/routing/1\r\ntraceparent: %b\r\n\r\n" % TRACE.encode(),
        b"NATS/1.0\r\nNats-Msg-Id: web/1\r\ntraceparent: %b\r\ntracestate: a=1\r\n\r\n" % TRACE.encode(),
        b"NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 1\r\n\r\n",
        b"NATS/1.0 100\r\n\r\n",
        b"NATS/1.0",
        b"x",
    ]
)
SUBJECTS = st.sampled_from([b"yingda.event.a.b", b"_INBOX.x.1", b"odd.\xff\xfe", b"5"])
REPLIES = st.sampled_from([b"", b"$JS.ACK.EVENTS.sla.1.7.12.1763805600000000000.3", b"9"])
BODIES = st.binary(max_size=40) | st.sampled_from([b"PING\r\n", b"MSG a 1 1\r\nx\r\n", b"\r\n"])
TAKEN, QUEUED, NOBODYS = 1, 2, 3


@st.composite
def pieces(draw: st.DrawFn) -> bytes:
    """Return one piece of what a server says."""
    kind = draw(st.sampled_from(["MSG", "HMSG", "HMSG", "PING", "INFO"]))
    if kind == "PING":
        return b"PING\r\n"
    if kind == "INFO":
        return b'INFO {"server_id": "a b"}\r\n'
    head = draw(HEADS) if kind == "HMSG" else b""
    body = draw(BODIES)
    words = [kind.encode(), draw(SUBJECTS), b"%d" % draw(st.sampled_from([TAKEN, TAKEN, QUEUED, NOBODYS]))]
    words += [reply] if (reply := draw(REPLIES)) else []
    words += [b"%d" % len(head)] if head else []
    return b" ".join([*words, b"%d" % (len(head) + len(body))]) + b"\r\n" + head + body + b"\r\n"


class Reader(Client):
    """A client that is not connected and keeps what it gets: each subscription's messages, and what it answers."""

    def __init__(self) -> None:
        super().__init__()
        read_leanly(self)
        self.written: list[bytes] = []
        self.came: dict[tuple[int, bool], list[tuple[Any, ...]]] = defaultdict(list)
        self._subs = {number: Subscription(self, number) for number in (TAKEN, QUEUED)}

    async def _process_ping(self) -> None:
        self.written.append(b"PONG")

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        self.written.append(repr((info, initial_connection)).encode())

    def take(self, message: Msg) -> None:
        """Keep `message`, apart from the others if it is the server's own word."""
        status = message.headers is not None and "Status" in message.headers
        known = message.subject, message.reply, bytes(message.data), message.headers, message.sid, message.is_acked
        self.came[message.sid, status].append(known)

    def queued(self) -> None:
        """Add what is in the queues, which the tasks of subscriptions would take from there."""
        for subscription in self._subs.values():
            while not subscription._pending_queue.empty():
                self.take(subscription._pending_queue.get_nowait())

    async def read(self, piece: bytes) -> None:
        await self._ps.parse(piece)
        self.queued()


@given(st.lists(pieces(), max_size=8), st.lists(st.integers(0, 200), max_size=8))
async def test_what_is_taken_directly_is_what_nats_py_would_queue(said: list[bytes], cuts: list[int]) -> None:
    """The pieces may arrive cut anywhere."""
    whole = b"".join(said)
    bounds = [0, *sorted(cut for cut in cuts if cut < len(whole)), len(whole)]
    theirs, ours = Reader(), Reader()
    theirs._ps = Parser(theirs)
    LeanParser.take_directly(ours._subs[TAKEN], ours.take)
    for start, end in pairwise(bounds):
        await theirs.read(whole[start:end])
        await ours.read(whole[start:end])
        assert (ours.came, ours.written) == (theirs.came, theirs.written)


async def test_what_has_begun_before_is_read_to_its_end() -> None:
    client = Reader()
    client._ps = Parser(client)
    await client.read(b"PI")
    client._ps = LeanParser(client)
    await client.read(b"NG\r\nPING\r\n")
    assert client.written == [b"PONG", b"PONG"]


async def test_nothing_is_left_of_a_connection_that_is_gone() -> None:
    client = Reader()
    await client.read(b"MSG yingda.event.a.b 2 5\r\nab")
    client._ps.reset()
    await client.read(b"MSG yingda.event.a.b 2 1\r\nx\r\n")
    assert [data for _, _, data, *_ in client.came[QUEUED, False]] == [b"x"]


@pytest.mark.parametrize("line", [b"MSG a 1 x\r\n", b"HMSG\r\n", b"HMSG a 1 x 4\r\nabcd\r\n", b"NONSENSE\r\n"])
async def test_what_no_server_says_ends_the_connection(line: bytes) -> None:
    with pytest.raises(ProtocolError):
        await Reader().read(line)
