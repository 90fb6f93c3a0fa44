"""What a stream holds is read between two moments, by any client, and nothing of the reader stays on the server."""

import nats
import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import TimeoutError as NothingCameError

from shared.bus import read as reading
from shared.bus.publish import Outgoing, Publisher
from shared.bus.read import Stored, reader_of
from shared.bus.streams import EVENTS
from shared.ids import new_id
from tests.integration.runtime_probe import Probe, published
from tests.integration.runtime_probe import probe as probe

TRACE = f"00-{'a' * 32}-{'b' * 16}-01"
COUNT = 2 * reading.READ_AT_ONCE + 10


async def filled(probe: Probe) -> tuple[str, bytes]:
    """Publish one event so often that it fills more than two batches; return its subject and body."""
    subject, body = published("event")
    outgoing = [Outgoing(f"web/{new_id()}", subject, body, TRACE) for _ in range(COUNT)]
    assert await Publisher(probe.client, EVENTS.name).publish(outgoing) == "atomic"
    return subject, body


async def all_of(client: Client, after: int, up_to: int) -> list[Stored]:
    return [one async for found in reader_of(client, EVENTS)(after, up_to, None) for one in found]


@pytest.mark.parametrize("lean", [True, False])
async def test_what_is_read_is_what_lies_between_in_its_order(probe: Probe, lean: bool) -> None:
    event = await filled(probe)
    jetstream = probe.client.jetstream()
    first = (await jetstream.stream_info(EVENTS.name)).state.first_seq
    client = probe.client if lean else await nats.connect([one.geturl() for one in probe.client.servers])
    found = await all_of(client, first + 2, first + COUNT - 4)
    assert [one.sequence for one in found] == list(range(first + 3, first + COUNT - 3))
    assert {(one.subject, one.body, one.trace) for one in found} == {(*event, TRACE)}
    assert await all_of(client, first + COUNT, first + COUNT + 5) == []
    assert [one.name for one in await jetstream.consumers_info(EVENTS.name)] == ["probe"]
    if not lean:
        await client.close()


async def test_what_is_taken_off_meanwhile_is_waited_for_no_longer_than_it_may_take(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reader may be told of messages that are erased before it gets them (R-IN-03)."""
    monkeypatch.setattr(reading, "READ_SECONDS", 0.2)
    await filled(probe)
    batches = reader_of(probe.client, EVENTS)(0, 10**9, None)
    assert len(await anext(batches)) == reading.READ_AT_ONCE
    await probe.client.jetstream().purge_stream(EVENTS.name)
    with pytest.raises(NothingCameError):
        await anext(batches)


@pytest.mark.parametrize(
    "reply",
    [
        "$JS.ACK.EVENTS.sla.1.4711.12.1763805600000000000.3",
        "$JS.ACK._.hash.EVENTS.sla.1.4711.12.1763805600000000000.3",
        "$JS.ACK.hub.hash.EVENTS.sla.1.4711.12.1763805600000000000.3.token",
    ],
)
def test_the_place_is_read_as_nats_py_reads_it(reply: str) -> None:
    message = Msg(_client=Client(), reply=reply)
    place = message.metadata
    assert reading._place(message) == (place.sequence.stream, place.num_pending)
