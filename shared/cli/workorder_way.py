"""The way of one work order, from the contact to what was learned from it: every passage with its time, in order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.cli.workorder_facts import Facts
from shared.cli.workorder_words import Local, about, name_of
from shared.times import parse_rfc3339

Json = Mapping[str, Any]

_MACHINES = {"", "system"}
_REGISTERED = "contact registered"
_SAID = ("way", "assignee", "audience", "outcome", "from_department", "into_number", "other_number", "identifier")
"""Details of a step that tell its reader most."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One thing that happened: when, by whom and where, what, and the trace it belongs to, if that is known."""

    at: datetime
    who: str
    service: str
    what: str
    about: str
    trace_id: str | None = None
    version: int | None = None


def way_of(facts: Facts, local: Local) -> list[Passage]:
    """Return everything that happened to the work order, in order of time."""
    events = [event for event in facts.events if _is_told_by_event(event, facts.steps)]
    passages = [
        *_beginning(facts),
        *_steps(facts),
        *(_of_event(event, local) for event in events),
        *_queued(facts, local),
        *_clocks(facts, local),
    ]
    return _in_order(passages)


def _in_order(passages: Sequence[Passage]) -> list[Passage]:
    """Return `passages` by time, what happened at once in the order of the stream; nothing follows from a contact before it.

    The services read their clocks from PostgreSQL, to some milliseconds: routing may open a moment before intake records.
    """
    registered = next((one.at for one in passages if one.what == _REGISTERED), None)

    def place(one: Passage) -> tuple[datetime, bool]:
        if registered is None or one.service == "" or one.what == _REGISTERED:
            return one.at, False
        return max(one.at, registered), True

    return sorted(passages, key=place)


def trace_of_way(facts: Facts) -> str | None:
    """Return the trace id of the work order's contact."""
    traces = [str(event.get("traceparent") or "")[3:35] for event in facts.events]
    own = str(facts.work_order.get("traceparent") or "")[3:35]
    return own or next(filter(None, traces), None)


def milestones(facts: Facts, passages: Sequence[Passage]) -> Iterator[tuple[str, datetime, datetime]]:
    """Yield how the work order came along: to its first answer, result, callback and end, each counted from the contact."""
    wanted = {
        "first answer": "responded",
        "result": "resolved",
        "callback": "called back",
        "end": "closed",
    }
    begin = _moment(facts.work_order, "occurred_at") or (passages[0].at if passages else None)
    for name, what in wanted.items():
        at = next((one.at for one in passages if one.what == what), None)
        if begin is not None and at is not None:
            yield name, begin, at


def _beginning(facts: Facts) -> Iterator[Passage]:
    """Yield what comes before the first step; routing remembers it also where the messages are gone."""
    order, trace = facts.work_order, trace_of_way(facts)
    source = str(order.get("source_id") or "").rpartition("/")[0] or "the customer"
    channel = str(order.get("channel") or "")
    if (at := _moment(order, "occurred_at")) is not None:
        yield Passage(at, source, "", "contact occurred", channel, trace)
    if facts.received_at is not None:
        yield Passage(facts.received_at, source, "", "contact received", f"{order.get('source_id')}", trace)
    known = {event["type"] for event in facts.events}
    if "yingda.contact.registered.v1" not in known and (at := _moment(order, "registered_at")) is not None:
        yield Passage(at, "intake", "intake", _REGISTERED, channel, trace)
    if (at := _moment(order, "opened_at")) is not None:
        topic = f" / {order['topic']}" if order.get("topic") else ""
        sure = f", sure to {float(order['confidence']):.0%}" if order.get("confidence") is not None else ""
        by = str(order.get("classified_by") or "routing")
        what = f"{order.get('category')}{topic}{sure}"
        yield Passage(at, by, "routing", "classified", what, trace)


def _steps(facts: Facts) -> Iterator[Passage]:
    """Yield the steps as routing keeps them, with what staff wrote."""
    traces = {event["data"].get("version"): _trace(event) for event in facts.events if _is_step(event)}
    for step in facts.steps:
        details: Json = step.get("details") or {}
        said = [str(details[name]) for name in _SAID if details.get(name)]
        said += [str(step[name]) for name in ("reason", "text") if step.get(name)]
        words = ", ".join([str(step.get("department") or ""), *said]).strip(", ")
        version = step.get("version")
        what = str(step["step"]).replace("_", " ")
        trace = traces.get(version) or trace_of_way(facts)
        yield Passage(_at(step), _who(step.get("by"), "routing"), "routing", what, words, trace, version)


def _is_told_by_event(event: Json, steps: Sequence[Json]) -> bool:
    """Return whether an event has something to say that routing's own steps do not."""
    return not _is_step(event) or event["data"]["version"] not in {step.get("version") for step in steps}


def _is_step(event: Json) -> bool:
    return str(event["type"]).startswith("yingda.workorder.") and "version" in event["data"]


def _of_event(event: Json, local: Local) -> Passage:
    service, data = str(event["source"]).rpartition("/")[2], event["data"]
    what, words = name_of(event["type"]), about(event["type"], data, local)
    return Passage(_at(event, "time"), _who(data.get("by"), service), service, what, words, _trace(event))


def _queued(facts: Facts, local: Local) -> Iterator[Passage]:
    """Yield when each notice was queued, and what became of it where no event tells that any more."""
    told = {event["data"].get("notification_id") for event in facts.events}
    for notice in facts.notices:
        state = "" if notice["notification_id"] in told else f", {notice['state']}"
        later = _moment(notice, "next_attempt_at")
        until = f", waits until {local(later)}" if later is not None else state
        words = f"{notice['purpose']} to {notice['audience']}{until}"
        yield Passage(_at(notice, "created_at"), "notify", "notify", "notice queued", words)


def _clocks(facts: Facts, local: Local) -> Iterator[Passage]:
    """Yield the start of each clock that no event tells of any more, and how it stands."""
    told = {event["data"].get("clock_id") for event in _of_type(facts.events, "yingda.sla.started.v1")}
    for clock in facts.clocks:
        if clock["clock_id"] not in told:
            words = f"{about('yingda.sla.started.v1', clock, local)}, {clock['state']}"
            yield Passage(_at(clock, "started_at"), "sla", "sla", "clock started", words)


def _of_type(events: Iterable[Json], event_type: str) -> Iterator[Json]:
    return (event for event in events if event["type"] == event_type)


def _who(by: object, service: str) -> str:
    return service if by is None or by in _MACHINES else str(by)


def _trace(event: Json) -> str | None:
    return str(event.get("traceparent") or "")[3:35] or None


def _at(told: Json, name: str = "at") -> datetime:
    return parse_rfc3339(str(told[name]))


def _moment(told: Json, name: str) -> datetime | None:
    value = told.get(name)
    return parse_rfc3339(str(value)) if value else None
