"""The envelope: CloudEvents 1.0, structured JSON mode, for contacts and events alike (contract, "Envelope")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from shared.events.base import EVENT_TYPES, Event
from shared.events.trace import TRACEPARENT_LENGTH, USUAL_TRACEPARENT, first_trace, next_trace, trace_of
from shared.ids import new_id
from shared.times import parse_rfc3339, rfc3339
from shared.values import frozen

CONTENT_TYPE = "application/cloudevents+json"
NAME_LIMIT = 500

_NAME = rf"([ !#-\[\]-~]{{1,{NAME_LIMIT}}})"  # of ASCII, what JSON writes as it is
_OURS = re.compile(
    r'\{"specversion":"1\.0","id":"' + _NAME + r'","source":"' + _NAME + r'","type":"([a-z0-9_.]+)",'
    r'"time":"([0-9T:.-]+Z)","subject":"([ !#-\[\]-~]*)","datacontenttype":"application/json",'
    r'"traceparent":"(' + USUAL_TRACEPARENT + r')","data":(?=\{)'
)
"""How `encode` begins, of nearly every event: what is left are its `data` and the end of the envelope."""
_OURS_WITHIN = 768
"""Characters in which that begins; a longer beginning is read as a stranger's."""

E_co = TypeVar("E_co", bound=Event | Mapping[str, Any], covariant=True)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a message: the field, as a dotted path, and what is wrong with it."""

    field: str
    message: str

    def to_json(self) -> dict[str, str]:
        """Return the fault as the contract writes it in `errors`."""
        return {"field": self.field, "message": self.message}


class Malformed(ValueError):
    """The message cannot be read."""

    def __init__(self, reason: str, faults: tuple[Fault, ...] = (), source_id: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.faults = faults
        self.source_id = source_id


@frozen
class Message(Generic[E_co]):
    """One validated message: who sent it, what it is, and its `data`."""

    source: str
    id: str
    type: str
    time: datetime | None
    subject: str
    trace: str
    """Its own place in the trace of its contact (`shared.events.trace`); what it leads to continues this."""
    data: E_co
    parent: str = field(default="", compare=False)
    """The trace of what caused it, where this process made it; it does not travel."""

    @property
    def key(self) -> str:
        """What identifies the message for ever: `<source>/<id>`."""
        return f"{self.source}/{self.id}"

    @property
    def traceparent(self) -> str:
        """The attribute of that name, as it travels."""
        return self.trace[:TRACEPARENT_LENGTH]

    @property
    def tracestate(self) -> str:
        """The attribute of that name, as it travels; empty where there is none."""
        return self.trace[TRACEPARENT_LENGTH + 1 :]

    @property
    def trace_id(self) -> str:
        """The 32 hexadecimal digits that every message of one contact shares."""
        return self.trace[3:35]


def compose(event: Event, *, source: str, subject: str, at: datetime, traceparent: str | None) -> Message[Event]:
    """Return `event` in a fresh envelope that continues the trace `traceparent`, or begins one."""
    return Message(source, new_id(), event.TYPE, at, subject, next_trace(traceparent), event, traceparent or "")


def encode(message: Message[Event]) -> bytes:
    """Return the structured JSON form of `message`."""
    trace = message.trace
    attributes = {
        "specversion": "1.0",
        "id": message.id,
        "source": message.source,
        "type": message.type,
        "time": message.time and rfc3339(message.time),
        "subject": message.subject,
        "datacontenttype": "application/json",
        "traceparent": trace[:TRACEPARENT_LENGTH],
        "data": message.data,
    }
    if len(trace) > TRACEPARENT_LENGTH:
        attributes["tracestate"] = message.tracestate
    return to_json(attributes, by_alias=True)


def decode(body: bytes, trace: str | None = None) -> Message[Mapping[str, Any]]:
    """Return the envelope in `body` with its `data` as it came; `Malformed` names every fault of the envelope.

    Its trace is that of its own attributes; else `trace`, which came in its headers; else the one that follows from
    what identifies it, so that a message delivered again has the trace that it had.
    """
    try:
        raw = from_json(body)
    except ValueError as error:
        raise Malformed(f"the body is not JSON: {error}") from None
    if not isinstance(raw, dict):
        raise Malformed("the body is not a JSON object")
    faults = [
        Fault(name, f"is required and must be a string of 1 to {NAME_LIMIT} printable characters")
        for name in ("id", "source", "type")
        if not _is_name(raw.get(name))
    ]
    if raw.get("specversion") != "1.0":
        faults.append(Fault("specversion", 'must be "1.0"'))
    if not isinstance(raw.get("data"), dict):
        faults.append(Fault("data", "is required and must be an object"))
    at = _time(raw.get("time"), faults)
    if faults:
        known = _is_name(raw.get("source")) and _is_name(raw.get("id"))
        source_id = f"{raw['source']}/{raw['id']}" if known else None
        raise Malformed(_sentence("the envelope is not CloudEvents 1.0", faults), tuple(faults), source_id)
    return Message(
        source=raw["source"],
        id=raw["id"],
        type=raw["type"],
        time=at,
        subject=str(raw.get("subject") or ""),
        trace=trace_of(raw.get("traceparent"), raw.get("tracestate"))
        or trace
        or first_trace(f"{raw['source']}/{raw['id']}"),
        data=raw["data"],
    )


def decode_event(body: bytes, trace: str | None = None) -> Message[Event] | None:
    """Return the event in `body`, or None where no model of this suite knows its type; the rest as in `decode`."""
    return _as_we_write(body) or _as_anyone_writes(body, trace)


def _as_we_write(body: bytes) -> Message[Event] | None:
    """Return the event in a `body` that is in order and looks as `encode` writes it; None for any other.

    It is what the longer way returns: by their form all attributes are known to be right, and nothing but the end of the
    envelope stands behind its `data`, or they would be no JSON; so these are parsed and checked in one go. Two things are
    read that the longer way refuses: 200 levels within `data`, of which it counts the envelope as one, and an integer
    beyond all floating-point numbers in the place of one, which is infinite as `1e309` is for both.
    """
    found = _OURS.match(body[:_OURS_WITHIN].decode("latin-1"))
    if found is None or body[-1:] != b"}":
        return None
    name, source, kind, time, subject, trace = found.groups()
    model = EVENT_TYPES.get(kind)
    if model is None:
        return None
    try:  # the validator itself: the model's own method would look at six options first
        data = model.__pydantic_validator__.validate_json(body[found.end() : -1])
        return Message(source, name, kind, datetime.fromisoformat(time), subject, trace, data)
    except ValueError:  # the longer way says what is wrong
        return None


def _as_anyone_writes(body: bytes, trace: str | None) -> Message[Event] | None:
    raw = decode(body, trace)
    model = EVENT_TYPES.get(raw.type)
    if model is None:
        return None
    try:
        data = model.model_validate(raw.data)
    except ValidationError as error:
        faults = faults_of(error)
        raise Malformed(_sentence(f"the data is not a {raw.type}", faults), tuple(faults), raw.key) from None
    return Message(raw.source, raw.id, raw.type, raw.time, raw.subject, raw.trace, data)


def faults_of(error: ValidationError) -> list[Fault]:
    """Return pydantic's complaints as faults, without the values (they may be personal)."""
    return [
        Fault(".".join(map(str, item["loc"])) or "(whole)", item["msg"])
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def _time(value: object, faults: list[Fault]) -> datetime | None:
    """Return the sender's time; None where it gives none, which CloudEvents allows."""
    if value is None:
        return None
    if not isinstance(value, str):
        faults.append(Fault("time", "must be a time in the form 2026-11-23T02:15:00Z"))
        return None
    try:
        return parse_rfc3339(value)
    except ValueError as error:
        faults.append(Fault("time", str(error)))
        return None


def _is_name(value: object) -> bool:
    """Return whether `value` can identify something: what PostgreSQL and a log line can hold."""
    return isinstance(value, str) and 0 < len(value) <= NAME_LIMIT and value.isprintable()


def _sentence(what: str, faults: list[Fault]) -> str:
    return f"{what}: " + "; ".join(f"{fault.field} {fault.message}" for fault in faults)
