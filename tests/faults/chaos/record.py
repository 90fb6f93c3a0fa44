"""What the stream says, event by event: contacts, work orders with their versions, clocks with their ends, notices."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

CLOCK_ENDS: Final = ("met", "breached", "cancelled")
WORKORDER_ENDS: Final = ("closed", "cancelled", "merged")


@dataclass(slots=True)
class Order:
    """One work order: the event id of each version, in which order the versions first came, and its last status."""

    source_id: str = ""
    number: str = ""
    department: str = ""
    ids: dict[int, set[str]] = field(default_factory=dict)
    versions: list[int] = field(default_factory=list)
    ended: bool = False
    texts: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Clock:
    """One clock: the ids of the events that started it and of those that ended it, by kind."""

    what: tuple[Any, ...] = ()
    due_at: str = ""
    started: set[str] = field(default_factory=set)
    ends: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Record:
    """Facts of a stream; an event that comes twice with the same id is one event."""

    events: int = 0
    registered: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    opened: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    orders: defaultdict[str, Order] = field(default_factory=lambda: defaultdict(Order))
    clocks: defaultdict[str, Clock] = field(default_factory=lambda: defaultdict(Clock))
    notices: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    """By notification id, the kind of each event about it by that event's id."""
    accepted: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By work order, the notification ids of its acceptance notice."""
    callbacks: dict[str, str] = field(default_factory=dict)
    """By work order, its callback."""

    def see(self, event: Mapping[str, Any]) -> None:
        """Note one event."""
        self.events += 1
        _, entity, verb, _ = event["type"].split(".")
        data, key = event["data"], f"{event['source']}/{event['id']}"
        match entity:
            case "contact" if verb == "registered":
                self.registered[data["source_id"]].add(key)
            case "workorder" if verb != "handed_over":
                self._workorder(verb, data, key)
            case "sla" if verb == "started":
                clock = self.clocks[data["clock_id"]]
                clock.what = tuple(data.get(n) for n in ("subject_type", "subject_id", "metric", "cycle", "about"))
                clock.due_at = data["due_at"]
                clock.started.add(key)
            case "sla" if verb in CLOCK_ENDS:
                self.clocks[data["clock_id"]].ends[key] = verb
            case "notification":
                self.notices[data["notification_id"]][key] = verb
                if data["purpose"] == "accepted":
                    self.accepted[data["work_order_id"]].add(data["notification_id"])
            case "callback" if verb == "scheduled" and data["kind"] == "callback":
                self.callbacks[data["work_order_id"]] = data["callback_id"]

    def _workorder(self, verb: str, data: Mapping[str, Any], key: str) -> None:
        order = self.orders[data["work_order_id"]]
        ids = order.ids.setdefault(data["version"], set())
        if key in ids:
            return
        if not ids:
            order.versions.append(data["version"])
        ids.add(key)
        order.number, order.department = data["number"], data["department"]
        if verb == "opened":
            order.source_id = data["source_id"]
            self.opened[data["source_id"]].add(data["work_order_id"])
        elif verb in WORKORDER_ENDS:
            order.ended = True
        if text := data.get("text") or data.get("reason"):
            order.texts.append(text)

    @property
    def running(self) -> list[str]:
        """The clocks that were started and have not ended."""
        return [key for key, clock in self.clocks.items() if not clock.ends]
