"""How each contact passed through the suite, read from the event stream afterwards: reading it meanwhile costs a core."""

from collections import Counter
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field

from pydantic_core import from_json

from shared.bench.streams import Stored

_OPENED = "yingda.event.workorder.opened"
_STARTED = "yingda.event.sla.started"
_NOTICE = "yingda.event.notification."


@dataclass(slots=True)
class Passage:
    """When what is wanted of a contact was on the stream, and what else was there; moments are seconds since 1970."""

    opened: dict[str, float] = field(default_factory=dict)
    """By the contact's source id."""
    work_orders: dict[str, str] = field(default_factory=dict)
    """The work order of each."""
    started: dict[str, float] = field(default_factory=dict)
    """By work order, when its last clock was started."""
    noticed: dict[str, float] = field(default_factory=dict)
    """By work order, when the first notice to the customer of its acceptance was recorded, however it ended."""
    notices: Counter[str] = field(default_factory=Counter)
    """How those ended: sent, suppressed, failed, unknown."""
    messages: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Events by the service that sent them and their subject."""
    bytes: Counter[tuple[str, str]] = field(default_factory=Counter)
    last_at: float = 0.0
    """When the last event of all was stored."""

    def see(self, stored: Stored) -> None:
        """Note one event."""
        envelope = from_json(stored.body)
        data = envelope["data"]
        key = (envelope["source"].removeprefix("yingda/"), stored.subject)
        self.last_at = max(self.last_at, stored.at)
        self.messages[key] += 1
        self.bytes[key] += len(stored.body)
        if stored.subject == _OPENED:
            self.opened[data["source_id"]] = stored.at
            self.work_orders[data["source_id"]] = data["work_order_id"]
        elif stored.subject == _STARTED:
            self.started[data["subject_id"]] = max(stored.at, self.started.get(data["subject_id"], 0.0))
        elif stored.subject.startswith(_NOTICE) and (data["purpose"], data["audience"]) == ("accepted", "customer"):
            self._noticed(data["work_order_id"], stored)

    def _noticed(self, work_order_id: str, stored: Stored) -> None:
        if work_order_id not in self.noticed:
            self.noticed[work_order_id] = stored.at
            self.notices[stored.subject.removeprefix(_NOTICE)] += 1

    def unfinished(self, sources: Collection[str]) -> list[str]:
        """Return the contacts without work order, without clocks or without a notice of their acceptance."""
        done = self.started.keys() & self.noticed.keys()
        return [source for source in sources if self.work_orders.get(source) not in done]

    def finished_at(self, sources: Collection[str]) -> float:
        """Return when the last of these contacts had all three; none is unfinished."""
        orders = [self.work_orders[source] for source in sources]
        return max(max(self.started[order], self.noticed[order]) for order in orders)


async def passage_of(events: AsyncIterator[Stored]) -> Passage:
    """Return what `events` tell."""
    passage = Passage()
    async for stored in events:
        passage.see(stored)
    return passage
