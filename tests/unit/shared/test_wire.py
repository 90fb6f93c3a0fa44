"""What goes over the wire is, byte for byte, what nats-py itself would write and read."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nats.aio.client import Client
from nats.aio.msg import Msg

from shared.bus.transaction import Delivery
from shared.bus.wire import headed, read_leanly, trace_in

names = st.text(alphabet="ABCabc-", min_size=1, max_size=12)
values = st.text(
    alphabet=st.characters(min_codepoint=33, max_codepoint=0x9FFF, exclude_categories=("C", "Z")), max_size=20
)


class Recorder(Client):
    """A client whose writer keeps what it is given."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    async def _send_command(self, cmd: bytes, priority: bool = False) -> None:
        assert not priority
        self.written += cmd


@given(st.dictionaries(names, values, min_size=1), st.binary(), st.sampled_from(["", "_INBOX.x"]))
async def test_a_message_is_written_as_nats_py_writes_it(headers: dict[str, str], body: bytes, reply: str) -> None:
    client = Recorder()
    await client._send_publish("yingda.event.a.b", reply, body, len(body), dict(headers))
    assert headed("yingda.event.a.b", headers, body, reply) == client.written


@pytest.mark.parametrize("value", ["a\r\nNats-Msg-Id: b", "a\nb", "\r"])
def test_a_header_cannot_be_smuggled_in(value: str) -> None:
    with pytest.raises(ValueError, match="line break"):
        headed("s", {"Nats-Msg-Id": value}, b"")


@pytest.mark.parametrize(
    "raw",
    [
        b"NATS/1.0 404 No Messages\r\n\r\n",
        b"NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 7\r\nNats-Last-Stream: 9\r\n\r\n",
        b"NATS/1.0 503\r\n\r\n",
        b"",
    ],
)
async def test_the_servers_status_is_read_as_nats_py_reads_it(raw: bytes) -> None:
    lean = Client()
    read_leanly(lean)
    assert await lean._process_headers(raw) == await Client()._process_headers(raw)


async def test_other_headers_are_left_alone() -> None:
    lean = Client()
    read_leanly(lean)
    assert await lean._process_headers(b"NATS/1.0\r\nNats-Msg-Id: a\r\n\r\n") is None


TRACE = f"00-{'a' * 32}-{'b' * 16}-01"


@pytest.mark.parametrize(
    ("headers", "trace"),
    [
        (f"Nats-Msg-Id: web/1\r\ntraceparent: {TRACE}\r\n", TRACE),
        (f"TraceParent:{TRACE} \r\nTRACESTATE: a=1\r\n", f"{TRACE} a=1"),
        (f"tracestate: a=1\r\ntraceparent: {TRACE}\r\ntracestate: b=2\r\n", f"{TRACE} a=1,b=2"),
        (f"traceparent: {TRACE}\r\ntraceparent: {TRACE}\r\n", None),
        ("tracestate: a=1\r\n", None),
        (f"x-traceparent: {TRACE}\r\n", None),
        (f"x: traceparent: {TRACE}\r\n", None),
        (f"Nats-Msg-Id: yingda/routing/1\r\ntraceparent: {TRACE}\r\n", None),  # an event of ours: its body says it
    ],
)
async def test_of_a_strangers_headers_the_trace_is_read(headers: str, trace: str | None) -> None:
    lean, client = Client(), Client()
    read_leanly(lean)
    read = await lean._process_headers(f"NATS/1.0\r\n{headers}\r\n".encode())
    assert trace_in(Msg(_client=client, headers=read)) == trace


async def test_headers_that_are_no_text_have_no_trace() -> None:
    lean = Client()
    read_leanly(lean)
    assert await lean._process_headers(b"NATS/1.0\r\ntraceparent: \xff\xfe\r\n\r\n") is None


@pytest.mark.parametrize(
    "reply",
    [
        "$JS.ACK.EVENTS.sla.1.4711.12.1763805600000000000.3",
        "$JS.ACK._.hash.EVENTS.sla.1.4711.12.1763805600000000000.3",
        "$JS.ACK.hub.hash.EVENTS.sla.1.4711.12.1763805600000000000.3.token",
    ],
)
def test_where_a_message_came_from_is_read_as_nats_py_reads_it(reply: str) -> None:
    client: Any = None
    message = Msg(_client=client, subject="yingda.event.a.b", reply=reply, data=b"{}")
    place = message.metadata
    stored = f"{place.timestamp.timestamp():.0f}000000000"
    assert Delivery.of(message) == Delivery(place.stream, place.sequence.stream, "yingda.event.a.b", b"{}", stored)
