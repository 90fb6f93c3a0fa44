"""What came of the contacts, read from the stream as anybody could, and held against the book of those who sent them."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field

import nats.errors
from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig

from shared.bus.streams import EVENTS
from shared.events import ContactRegistered, NotificationSent, SlaStarted, WorkorderOpened, WorkorderStep, decode_event
from tests.faults.customers import Book
from tests.faults.fleet import SERVICES, STREAM_OF
from tests.polling import NotInTimeError, Rest, until

AWAY = (nats.errors.Error, OSError, TimeoutError)
"""What a server raises that has just come back and still reads."""
IDLE_SECONDS = 1.2
"""A notification waits for its sender's turn, and follows in an event."""
CLOCKS = {"first_response", "department_response", "resolution", "progress_update"}


@dataclass(slots=True)
class Outcome:
    """Every event once, by what it is about."""

    registered: Counter[str] = field(default_factory=Counter)
    opened: Counter[str] = field(default_factory=Counter)
    opened_at: dict[str, float] = field(default_factory=dict)
    """By source id: when the server put the work order's event on the stream, in seconds."""
    numbers: list[str] = field(default_factory=list)
    versions: dict[str, list[int]] = field(default_factory=dict)
    clocks: Counter[tuple[str, str]] = field(default_factory=Counter)
    told: Counter[str] = field(default_factory=Counter)
    """By work order: how often its customer was told that it was accepted."""
    told_at: dict[str, float] = field(default_factory=dict)
    work_orders: dict[str, str] = field(default_factory=dict)
    """By source id."""

    def faults(self, book: Book) -> list[str]:
        """Return everything that is not as it must be after all of `book` has been dealt with."""
        keys = self.versions.keys()
        wanted = {(key, metric): 1 for key in keys for metric in CLOCKS}
        days = sorted(int(number.removeprefix("XR20261123")) for number in self.numbers)
        return [
            *(f"lost: {key}" for key in book.acknowledged.keys() - self.opened.keys()),
            *(f"invented: {key}" for key in self.opened.keys() - book.sent.keys()),
            *(f"registered {n} times: {key}" for key, n in self.registered.items() if n != 1),
            *(f"opened {n} times: {key}" for key, n in self.opened.items() if n != 1),
            *(f"told {self.told[key]} times: {key}" for key in keys | self.told.keys() if self.told[key] != 1),
            *(f"clock {key} started {self.clocks[key]} times" for key in wanted if self.clocks[key] != 1),
            *(f"versions of {key}: {v}" for key, v in self.versions.items() if v != list(range(1, len(v) + 1))),
            *([] if days == list(range(1, len(days) + 1)) else ["the numbers of the day have gaps or doubles"]),
        ]

    def delays(self, book: Book, of: Iterable[str]) -> list[float]:
        """Return the seconds from the first publication to the work order on the stream, sorted, of those source ids."""
        return sorted(self.opened_at[key] - book.sent[key] for key in of)

    def notice_delays(self, book: Book, of: Iterable[str]) -> list[float]:
        """Return the seconds until the customer was told, sorted, of those source ids."""
        return sorted(self.told_at[self.work_orders[key]] - book.sent[key] for key in of)


async def outcome(client: Client) -> Outcome:
    """Return what the stream of events holds now."""
    jetstream = client.jetstream()
    found, seen = Outcome(), set[str]()
    left = (await jetstream.stream_info(EVENTS.name)).state.messages
    subscription = await jetstream.pull_subscribe(
        "", stream=EVENTS.name, config=ConsumerConfig(ack_policy=AckPolicy.NONE)
    )
    while left > 0:
        for raw in await subscription.fetch(min(left, 500), timeout=30):
            left -= 1
            message = decode_event(raw.data)
            if message is None or message.key in seen:
                continue
            seen.add(message.key)
            _note(found, message.data, raw.metadata.timestamp.timestamp())
    await subscription.unsubscribe()
    return found


def _note(found: Outcome, event: object, at: float) -> None:
    match event:
        case ContactRegistered():
            found.registered[event.source_id] += 1
        case WorkorderOpened():
            found.opened[event.source_id] += 1
            found.opened_at[event.source_id] = at
            found.work_orders[event.source_id] = event.work_order_id
            found.numbers.append(event.number)
            found.versions.setdefault(event.work_order_id, []).append(event.version)
        case WorkorderStep():
            found.versions.setdefault(event.work_order_id, []).append(event.version)
        case SlaStarted():
            found.clocks[event.subject_id, event.metric] += 1
        case NotificationSent(purpose="accepted"):
            found.told[event.work_order_id or ""] += 1
            found.told_at[event.work_order_id or ""] = at
        case _:
            pass


async def settled(client: Client, book: Book, seconds: float = 60) -> Outcome:
    """Return what came of `book`, once every service is idle and all is well, or when it is not well in time.

    What is missing may still be on its way, so it is waited for; what is doubled stays doubled.
    """
    found, rest = Outcome(), Rest()

    async def well() -> bool:
        nonlocal found
        if rest.seconds(await _last(client)) < IDLE_SECONDS:
            return False
        with suppress(*AWAY):
            found = await outcome(client)
            return not found.faults(book)
        return False

    with suppress(NotInTimeError):
        await until(well, seconds, every=0.25)
    return found


async def _last(client: Client) -> int | None:
    """Return the last event's sequence where no service has anything in hand."""
    jetstream = client.jetstream()
    try:
        for service in SERVICES:
            info = await jetstream.consumer_info(STREAM_OF[service], service)
            if info.num_pending or info.num_ack_pending:
                return None
        return int((await jetstream.stream_info(EVENTS.name)).state.last_seq)
    except AWAY:
        return None
