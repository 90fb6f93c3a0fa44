"""What a service needs seldom, so that a day of mixed load may do without it, is allowed to it all the same."""

from pathlib import Path

import pytest
from nats.js.errors import NotFoundError

from shared.attachments import ATTACHMENTS, Attachment, AttachmentStore
from shared.backup.streams import keep_stream, restore_stream
from shared.bus.erase import eraser_of
from shared.bus.pace import lags_of
from shared.bus.position import position_of
from shared.bus.publish import Outgoing, Publisher
from shared.bus.read import reader_of
from shared.bus.streams import CONTACTS, EVENTS, STREAMS
from shared.permissions import DESK, OPERATIONS, adapter
from shared.service import installed_services, service_names
from tests.privilege.guarded import Guarded


async def test_intake_looks_over_its_queue_and_erases_what_it_may_not_keep(house: Guarded) -> None:
    """R-IN-03, R-RT-04: a batch of contacts is read ahead, and one taken off the stream."""
    async with house.speaker(adapter("web")) as web, house.speaker("intake") as intake:
        before = (await position_of(intake.client, installed_services()["intake"].consumer)()).published
        batch = [Outgoing(f"privilege-{n}", "yingda.contact.received.web", b"{}") for n in range(3)]
        assert await Publisher(web.client, CONTACTS.name).publish(batch) == "atomic"
        read = reader_of(intake.client, CONTACTS)
        erase = eraser_of(intake.client, CONTACTS)
        assert [one.sequence async for found in read(before, before + 3, None) for one in found] == [
            before + 1,
            before + 2,
            before + 3,
        ]
        for sequence in range(before + 1, before + 4):
            await erase(sequence)
        await erase(before + 1)  # what is gone is no error
        assert [one async for found in read(before, before + 3, None) for one in found] == []
        assert (web.refusals, intake.refusals) == ([], [])


async def test_intake_asks_how_far_those_behind_it_are(house: Guarded) -> None:
    async with house.speaker("intake") as intake:
        assert set(await lags_of(intake.client, EVENTS)()) == set(service_names()) - {"intake"}
        assert intake.refusals == []


@pytest.mark.parametrize("name", service_names())
async def test_a_service_knows_where_its_consumer_is(house: Guarded, name: str) -> None:
    async with house.speaker(name) as user:
        position = await position_of(user.client, installed_services()[name].consumer)()
        assert position.applied <= position.published
        assert user.refusals == []


async def test_operations_make_and_change_consumers_and_read_the_streams(house: Guarded) -> None:
    async with house.speaker(OPERATIONS) as operations:
        jetstream = operations.client.jetstream()
        consumer = installed_services()["sla"].consumer
        await jetstream.delete_consumer(consumer.stream.name, "sla")
        await jetstream.add_consumer(consumer.stream.name, consumer.config())
        await jetstream.account_info()
        for stream in STREAMS:
            assert [info.name for info in await jetstream.consumers_info(stream.name)]
            with pytest.raises(NotFoundError):
                await jetstream.get_msg(stream.name, 1_000_000_000)
            read = reader_of(operations.client, stream)
            assert [one async for found in read(0, 0, None) for one in found] == []
        assert operations.refusals == []


async def test_an_adapter_keeps_files_which_desk_and_operations_get_out(house: Guarded) -> None:
    """R-IN-02: an adapter asks which files there are and adds others; it reads none."""
    async with house.speaker(adapter("email")) as mail:
        kept = await AttachmentStore(mail.client).put("a.pdf", "", b"%PDF-1.7\n" + bytes(300_000), "by mail")
        assert isinstance(kept, Attachment)
        assert mail.refusals == []
    for name in (DESK, OPERATIONS):
        async with house.speaker(name) as reader:
            assert (await AttachmentStore(reader.client).get(kept.sha256)).size == kept.size
            assert reader.refusals == []


async def test_operations_back_a_stream_up_and_restore_it(house: Guarded, tmp_path: Path) -> None:
    async with house.speaker(OPERATIONS) as operations:
        jetstream = operations.client.jetstream()
        await keep_stream(operations.client, ATTACHMENTS.name, tmp_path)
        kept = await keep_stream(operations.client, CONTACTS.name, tmp_path)
        await jetstream.delete_stream(CONTACTS.name)
        await restore_stream(operations.client, kept, tmp_path, replicas=1)
        state = (await jetstream.stream_info(CONTACTS.name)).state
        assert (state.messages, state.last_seq, state.consumer_count) == (kept.messages, kept.last_sequence, 1)
        assert operations.refusals == []
