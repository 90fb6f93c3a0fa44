"""What the real server refuses each user, and that it lets each do what it needs (deploy/nats/permissions.conf)."""

import json
from itertools import product
from typing import Any

import nats.errors
import pytest

from shared.bus.connect import connect
from shared.bus.settle import settle
from shared.bus.streams import CONTACTS, EVENTS, STREAMS
from shared.events import COMMAND_SUBJECTS, EVENT_TYPES
from shared.nkey import new_seed
from shared.permissions import DESK, OPERATIONS, adapter, installed_users
from shared.plugins import plugin_names
from shared.service import installed_services, service_names
from tests.polling import until
from tests.privilege.guarded import Guarded, Speaker

SERVICES = service_names()
ADAPTERS = [adapter(channel) for channel in plugin_names("channel")]
USERS = [user.name for user in installed_users()]
STRANGERS = [*ADAPTERS, DESK]
"""Who is no part of the suite."""
ADMINISTRATION = [
    *(f"$JS.API.STREAM.PURGE.{stream.name}" for stream in STREAMS),
    "$JS.API.STREAM.DELETE.OTHER",
    "$JS.API.STREAM.PEER.REMOVE.EVENTS",
    "$JS.API.STREAM.LEADER.STEPDOWN.EVENTS",
    "$JS.API.META.LEADER.STEPDOWN",
    "$SYS.REQ.SERVER.PING",
    "$SYS.REQ.ACCOUNT.PING.CONNZ",
]
PROVISIONING = [
    *(
        f"$JS.API.STREAM.{act}.{name}"
        for act in ("CREATE", "UPDATE", "RESTORE", "SNAPSHOT")
        for name in ("EVENTS", "X")
    ),
    "$JS.API.STREAM.CREATE.CONTACTS",
    "$JS.API.STREAM.DELETE.CONTACTS",
    "$JS.API.CONSUMER.CREATE.EVENTS",
    "$JS.API.CONSUMER.CREATE.EVENTS.routing",
    "$JS.API.CONSUMER.CREATE.EVENTS.mine.yingda.event.>",
    "$JS.API.CONSUMER.DURABLE.CREATE.EVENTS.routing",
    "$JS.API.CONSUMER.DELETE.EVENTS.routing",
    "$JS.API.CONSUMER.PAUSE.EVENTS.routing",
    "$JS.API.STREAM.MSG.DELETE.EVENTS",
]


@pytest.mark.parametrize("name", USERS)
async def test_nobody_reads_what_is_answered_to_another(house: Guarded, name: str) -> None:
    async with house.speaker(name) as user:
        for other in {*USERS, "anybody"} - {name}:
            assert await user.subscribe(f"_INBOX.{other}.>"), other
        for all_of_them in (">", "_INBOX.>", "_INBOX.*.>", "$JS.>", "$SYS.>", "yingda.>", "*.*.>"):
            assert await user.subscribe(all_of_them), all_of_them


@pytest.mark.parametrize("name", USERS)
async def test_nobody_empties_a_stream_or_takes_the_server_apart(house: Guarded, name: str) -> None:
    async with house.speaker(name) as user:
        for subject in ADMINISTRATION:
            assert await user.publish(subject), subject


@pytest.mark.parametrize("name", [*SERVICES, *STRANGERS])
async def test_only_operations_create_change_and_delete_streams_and_consumers(house: Guarded, name: str) -> None:
    async with house.speaker(name) as user:
        for subject in PROVISIONING:
            assert await user.publish(subject), subject


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_takes_and_acknowledges_its_own_messages_only(house: Guarded, name: str) -> None:
    async with house.speaker(name) as user:
        for other in set(SERVICES) - {name}:
            consumer = installed_services()[other].consumer
            place = f"{consumer.stream.name}.{other}"
            for subject in (f"$JS.API.CONSUMER.MSG.NEXT.{place}", f"$JS.ACK.{place}.1.1.1.1.0"):
                assert await user.publish(subject), subject


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_tells_its_own_events_only(house: Guarded, name: str) -> None:
    service = installed_services()[name]
    async with house.speaker(name) as user:
        for event in EVENT_TYPES.values():
            refused = await user.publish(event.SUBJECT, b"") if _entity(event.SUBJECT) not in service.tells else ["-"]
            assert refused, event.SUBJECT
        assert await user.publish("yingda.event.workorder.invented")
        assert await user.publish("yingda.contact.received.web")
        for other in set(SERVICES) - {name}:
            assert await user.publish(f"yingda.heartbeat.{other}"), other


@pytest.mark.parametrize("name", SERVICES)
async def test_a_service_answers_its_own_commands_and_sends_only_those_it_asks(house: Guarded, name: str) -> None:
    allowed = {user.name: user for user in installed_users()}[name]
    async with house.speaker(name) as user:
        for subject in COMMAND_SUBJECTS:
            assert bool(await user.subscribe(subject)) == (subject not in allowed.hears), subject
            if subject not in allowed.publishes:
                assert await user.publish(subject), subject
        assert await user.subscribe("yingda.command.>")
        assert await user.subscribe("yingda.event.>")
        assert await user.subscribe("yingda.contact.received.*")


async def test_a_service_replies_to_what_it_was_asked_and_only_once(house: Guarded) -> None:
    async with house.speaker("sla") as service, house.speaker(DESK) as desk:
        asked: list[str] = []

        async def answer(message: Any) -> None:
            asked.append(message.reply)
            await message.respond(b"once")

        await service.client.subscribe("yingda.command.sla.list", cb=answer)
        await settle(service.client)
        assert (await desk.client.request("yingda.command.sla.list", b"{}", timeout=60)).data == b"once"
        assert await service.publish(asked[0], b"twice")
        assert await service.publish("_INBOX.desk.guessed", b"never asked")


@pytest.mark.parametrize(("name", "channel"), list(product(ADAPTERS, plugin_names("channel"))))
async def test_an_adapter_publishes_the_contacts_of_its_channel_and_no_others(
    house: Guarded, name: str, channel: str
) -> None:
    async with house.speaker(name) as user:
        refused = await user.publish(f"yingda.contact.received.{channel}", b"{}")
        assert bool(refused) == (name != adapter(channel))


@pytest.mark.parametrize("name", ADAPTERS)
async def test_an_adapter_does_nothing_else(house: Guarded, name: str) -> None:
    async with house.speaker(name) as user:
        for subject in (
            *COMMAND_SUBJECTS,
            *(event.SUBJECT for event in EVENT_TYPES.values()),
            *(f"$JS.API.STREAM.{act}.CONTACTS" for act in ("INFO", "MSG.GET", "MSG.DELETE")),
            "$JS.API.DIRECT.GET.CONTACTS",
            *(f"$JS.API.STREAM.{act}.OBJ_ATTACHMENTS" for act in ("INFO", "MSG.GET", "MSG.DELETE", "PURGE")),
            "$JS.API.DIRECT.GET.OBJ_ATTACHMENTS",
            "$JS.API.DIRECT.GET.OBJ_ATTACHMENTS.$O.ATTACHMENTS.C.any",
            "$JS.API.INFO",
            "$JS.API.CONSUMER.CREATE.CONTACTS",
            "yingda.contact.received.invented",
        ):
            assert await user.publish(subject), subject
        for subject in ("yingda.contact.received.*", "yingda.event.>", "yingda.command.>", "yingda.heartbeat.*"):
            assert await user.subscribe(subject), subject


async def test_a_desk_sees_events_and_sends_commands_and_nothing_else(house: Guarded) -> None:
    async with house.speaker(DESK) as desk:
        assert not await desk.subscribe("yingda.event.>")
        for subject in COMMAND_SUBJECTS:
            refused = await desk.publish(subject, b"")
            assert bool(refused) == (".reconciliation." in subject), subject
            assert await desk.subscribe(subject), subject
        for event in EVENT_TYPES.values():
            assert await desk.publish(event.SUBJECT), event.SUBJECT
        for subject in ("yingda.contact.received.web", "yingda.heartbeat.sla", "$JS.API.STREAM.MSG.GET.CONTACTS"):
            assert await desk.publish(subject), subject


async def test_a_desk_that_was_away_reads_on_from_the_stream(house: Guarded) -> None:
    """Without a consumer: whoever creates one on a stream may change all of that stream's consumers."""
    async with house.speaker(OPERATIONS) as operations:
        kept = await operations.client.jetstream().publish("yingda.event.report.published", b"not read by anybody")
    async with house.speaker(DESK) as desk:
        question = {"seq": kept.seq, "next_by_subj": "yingda.event.>"}
        reply = await desk.client.request("$JS.API.STREAM.MSG.GET.EVENTS", json.dumps(question).encode(), timeout=60)
        assert json.loads(reply.data)["message"]["subject"] == "yingda.event.report.published"


async def test_operations_provision_and_publish_again_but_hear_no_commands(house: Guarded) -> None:
    assert [change for change in await house.provisioned() if "password" not in change] == []
    async with house.speaker(OPERATIONS) as operations:
        for subject in COMMAND_SUBJECTS:
            assert await operations.subscribe(subject), subject
        for subject in ("yingda.heartbeat.sla", "yingda.contact.received.web.more", "$JS.API.STREAM.CREATE.OTHER"):
            assert await operations.publish(subject), subject
        for stream in (CONTACTS, EVENTS):
            assert (await operations.client.jetstream().stream_info(stream.name)).config.name == stream.name


async def test_whoever_shows_no_key_or_a_strangers_is_not_let_in(house: Guarded, tmp_path: Any) -> None:
    stranger = tmp_path / "routing.nk"
    stranger.write_text(new_seed())
    for changes in ({"nats_nkey_file": None}, {"nats_nkey_file": stranger}):
        settings = house.settings("routing").model_copy(update=changes)
        with pytest.raises(nats.errors.Error, match=r"(?i)authorization violation"):
            await connect(settings, "test")


def _entity(subject: str) -> str:
    return subject.split(".")[2]


@pytest.mark.parametrize("act", ["PURGE.EVENTS", "MSG.DELETE.EVENTS", "DELETE.EVENTS"])
async def test_an_acknowledgement_that_is_sent_to_the_api_changes_nothing(house: Guarded, act: str) -> None:
    """A publisher names where the server's answer goes, which NATS does not check: the API does not take it for a request."""
    async with house.speaker(OPERATIONS) as operations, house.speaker(adapter("web")) as web:
        jetstream = operations.client.jetstream()
        await jetstream.publish("yingda.event.report.published", b"kept")
        before = (await jetstream.stream_info(EVENTS.name)).state
        contacts = (await jetstream.stream_info(CONTACTS.name)).state.last_seq
        await web.client.publish("yingda.contact.received.web", b"{}", reply=f"$JS.API.STREAM.{act}")
        await until(lambda: _stored(operations, contacts + 1), 60, said="the contact is kept")
        after = (await jetstream.stream_info(EVENTS.name)).state
        assert (after.messages, after.first_seq, after.last_seq) == (before.messages, before.first_seq, before.last_seq)


async def _stored(operations: Speaker, sequence: int) -> bool:
    """Return whether the contact is on the stream; what is answered to the API meanwhile is handled before."""
    return bool((await operations.client.jetstream().stream_info(CONTACTS.name)).state.last_seq >= sequence)
