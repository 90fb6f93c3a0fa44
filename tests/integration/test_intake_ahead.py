"""In a long queue what cannot wait is taken out of its turn, once, and nothing else changes (R-RT-04, R-IN-06)."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from shared.bus import ahead
from shared.bus.ahead import FirstLook
from shared.bus.runtime import BatchRuntime
from shared.bus.streams import CONTACTS, EVENTS
from shared.clock import SystemClock
from shared.events import ContactRegistered
from shared.service import installed_services
from tests.integration.intake_house import Intake, envelope, form, intake_house
from tests.polling import until

LONG = 20


@pytest.fixture
async def intake(database_url: str, fresh_nats: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Intake]:
    monkeypatch.setattr(ahead, "LONG_QUEUE", LONG)
    async with intake_house(database_url, fresh_nats) as ready:
        yield ready


def look(intake: Intake) -> FirstLook:
    bench = intake.bench
    assert bench.parts.hasty is not None
    runtime = BatchRuntime(bench.outbox, bench.parts.on_events, raw=True)
    return FirstLook(bench.parts.hasty, CONTACTS, runtime, bench.context.read, bench.context.position, SystemClock())


async def wait(intake: Intake, count: int) -> None:
    """Return when `count` messages wait as the server says; it counts one a moment after it has acknowledged it."""

    async def counted() -> bool:
        return (await intake.bench.context.position()).waiting == count

    await until(counted, 30, said=f"the server counts {count} messages")


def test_intake_is_no_faster_than_those_who_follow_and_who_opens_work_orders_waits_least_for_company() -> None:
    services = installed_services()
    assert services["intake"].paced_by == EVENTS
    gather = {name: service.gather_seconds for name, service in services.items()}
    assert 0 < gather["routing"] <= gather["intake"] < min(gather[name] for name in ("sla", "notify", "feedback"))


async def test_an_emergency_at_the_end_of_a_long_queue_is_registered_first_and_once(intake: Intake) -> None:
    queue = [envelope(number, form()) for number in range(LONG)]
    await intake.publish(*queue, envelope("fire", form(text="仓库着火了")), "nobody can read this: 着火".encode())
    await wait(intake, LONG + 2)
    first = look(intake)
    await first.turn()
    assert [event.source_id for event in await intake.registered()] == ["web/shop/fire"]
    assert await first.turn() is None, "it has seen everything"
    await intake.bench.consume(LONG + 2)
    sources = [event.source_id for event in await intake.registered()]
    assert sources == ["web/shop/fire", *(f"web/shop/{number}" for number in range(LONG))]
    assert await intake.bench.dead_letters() == 1, "what cannot be read had its turn"


async def test_what_is_taken_out_of_its_turn_keeps_the_trace_of_its_header(intake: Intake) -> None:
    """R-OB-04."""
    await intake.publish(*(envelope(number, form()) for number in range(LONG)))
    fire, header = envelope("fire", form(text="仓库着火了")), {"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"}
    jetstream = intake.bench.client.jetstream()
    await jetstream.publish("yingda.contact.received.web", fire, stream="CONTACTS", headers=header)
    await wait(intake, LONG + 1)
    await look(intake).turn()
    (told,) = await intake.bench.messages(ContactRegistered)
    assert (told.data.source_id, told.trace_id) == ("web/shop/fire", "a" * 32)


async def test_a_short_queue_keeps_its_order(intake: Intake) -> None:
    await intake.publish(*(envelope(number, form(emotion="anxious")) for number in range(LONG - 1)))
    await wait(intake, LONG - 1)
    assert await look(intake).turn() is None
    assert await intake.registered() == []
    await intake.bench.consume(LONG - 1)
    assert len(await intake.registered()) == LONG - 1


async def test_it_looks_at_each_message_once_and_goes_on_where_it_stopped(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "LOOK_SECONDS", 0.0)
    await intake.publish(*(envelope(number, form()) for number in range(300)))
    await intake.publish(envelope("late", form(category="emergency", topic="medical")))
    await wait(intake, 301)
    first = look(intake)
    await first.level(0)
    assert await first.turn() is not None, "there is more to be seen"
    began = time.monotonic()
    await first.level(0.2)
    assert time.monotonic() - began >= 0.2, "the consumer lets it go first, for a while"
    assert await intake.registered() == []
    while await first.turn() is not None:
        pass
    assert [event.source_id for event in await intake.registered()] == ["web/shop/late"]
    async with asyncio.timeout(30):
        await first.level(60)


async def test_it_rests_when_the_last_message_was_taken_off_the_stream(intake: Intake) -> None:
    """R-IN-03: what is erased cannot be seen, and must not be looked for again and again."""
    await intake.publish(*(envelope(number, form()) for number in range(LONG + 1)))
    await wait(intake, LONG + 1)
    position = await intake.bench.context.position()
    await intake.bench.context.erase(position.published)
    assert await look(intake).turn() is None
