"""What came of the day, counted from the events alone, as any dashboard could."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from nats.aio.msg import Msg
from pydantic_core import from_json
from rich.console import Group, RenderableType
from rich.table import Table

_STATUSES = ("opened", "responded", "resolved", "signed", "confirmed", "called_back", "paused", "closed", "cancelled")


class Tally:
    """Counts the events of a run."""

    def __init__(self) -> None:
        self.events = 0
        self.status: dict[str, tuple[str, str]] = {}
        self.clocks: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.notices: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self.callbacks: Counter[str] = Counter()
        self.knowledge: Counter[str] = Counter()
        self.contacts: Counter[str] = Counter()
        self.handed_over: list[tuple[str, int]] = []
        self.numbers: list[str] = []

    async def see(self, message: Msg) -> None:
        """Count one event."""
        self.events += 1
        entity, verb = message.subject.removeprefix("yingda.event.").split(".")
        data = from_json(message.data)["data"]
        count = getattr(self, f"_{entity}", None)
        if count is not None:
            count(verb, data)

    def progress(self) -> str:
        """Return one line about where the day stands."""
        closed = sum(status == "closed" for _, status in self.status.values())
        met = sum(counter["met"] for counter in self.clocks.values())
        breached = sum(counter["breached"] for counter in self.clocks.values())
        sent = sum(counter["sent"] for counter in self.notices.values())
        return (
            f"{self.contacts['registered']} contacts, {len(self.status)} work orders, {closed} closed, "
            f"clocks {met} met / {breached} breached, {sent} notices, {self.callbacks['completed']} callbacks"
        )

    def tables(self) -> RenderableType:
        """Return everything as tables."""
        return Group(self._work_orders(), self._clocks(), self._notices(), self._rest())

    def _contact(self, verb: str, _data: Mapping[str, Any]) -> None:
        self.contacts[verb] += 1

    def _workorder(self, verb: str, data: Mapping[str, Any]) -> None:
        if verb == "handed_over":
            self.handed_over.append((data["department"], len(data["work_order_ids"])))
            return
        if verb == "opened":
            self.numbers.append(data["number"])
        self.status[data["work_order_id"]] = (data["department"], data.get("status", "opened"))

    def _sla(self, verb: str, data: Mapping[str, Any]) -> None:
        self.clocks[data["metric"]][verb] += 1

    def _notification(self, verb: str, data: Mapping[str, Any]) -> None:
        self.notices[(data["audience"], data["purpose"])][verb] += 1

    def _callback(self, verb: str, data: Mapping[str, Any]) -> None:
        self.callbacks[verb] += 1
        if verb == "completed":
            self.callbacks[data["outcome"]] += 1
            self.callbacks[data["satisfaction"]] += 1
            self.callbacks["reopened"] += bool(data["reopen"])

    def _knowledge(self, verb: str, _data: Mapping[str, Any]) -> None:
        self.knowledge[verb] += 1

    def _work_orders(self) -> Table:
        counts = Counter(self.status.values())
        statuses = [status for status in _STATUSES if any(key[1] == status for key in counts)]
        table = Table("department", *statuses, "all", title="Work orders 工作单", title_justify="left")
        for department in sorted({key[0] for key in counts}):
            row = [counts[(department, status)] for status in statuses]
            table.add_row(department, *map(_number, row), str(sum(row)))
        return table

    def _clocks(self) -> Table:
        verbs = ("started", "warned", "met", "breached", "cancelled")
        table = Table("metric", *verbs, title="Clocks 时限", title_justify="left")
        for metric, counter in sorted(self.clocks.items()):
            table.add_row(metric, *(_number(counter[verb]) for verb in verbs))
        return table

    def _notices(self) -> Table:
        verbs = ("sent", "failed", "suppressed", "unknown")
        table = Table("audience", "purpose", *verbs, title="Notices 通知", title_justify="left")
        for (audience, purpose), counter in sorted(self.notices.items()):
            table.add_row(audience, purpose, *(_number(counter[verb]) for verb in verbs))
        return table

    def _rest(self) -> Table:
        table = Table("what", "how many", title="And also", title_justify="left")
        table.add_row("contacts registered / rejected", f"{self.contacts['registered']} / {self.contacts['rejected']}")
        for department, count in self.handed_over:
            table.add_row(f"16:00 batch for {department}", f"{count} work orders")
        table.add_row(
            "callbacks scheduled / completed", f"{self.callbacks['scheduled']} / {self.callbacks['completed']}"
        )
        table.add_row("  reached / no answer yet", f"{self.callbacks['reached']} / {self.callbacks['attempted']}")
        table.add_row(
            "  very satisfied / satisfied", f"{self.callbacks['very_satisfied']} / {self.callbacks['satisfied']}"
        )
        table.add_row("  not content, reopened", str(self.callbacks["reopened"]))
        table.add_row("knowledge drafted / published", f"{self.knowledge['drafted']} / {self.knowledge['published']}")
        table.add_row("events on the bus", str(self.events))
        return table


def _number(count: int) -> str:
    return str(count) if count else "·"
