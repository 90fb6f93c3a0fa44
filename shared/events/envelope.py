"""The envelope: CloudEvents 1.0, structured JSON mode, for contacts and events alike (contract, "Envelope")."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from shared.events.base import EVENT_TYPES, Event
from shared.ids import new_id
from shared.times import parse_rfc3339, rfc3339

CONTENT_TYPE = "application/cloudevents+json"
NAME_LIMIT = 500
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")  # W3C Trace Context, version 00

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


@dataclass(frozen=True, slots=True)
class Message(Generic[E_co]):
    """One validated message: who sent it, what it is, and its `data`."""

    source: str
    id: str
    type: str
    time: datetime | None
    subject: str
    traceparent: str
    data: E_co

    @property
    def key(self) -> str:
        """What identifies the message for ever: `<source>/<id>`."""
        return f"{self.source}/{self.id}"

    @property
    def trace_id(self) -> str:
        """The 32 hexadecimal digits that every message of one contact shares."""
        return self.traceparent[3:35]


def compose(event: Event, *, source: str, subject: str, at: datetime, traceparent: str | None) -> Message[Event]:
    """Return `event` in a fresh envelope that continues the trace of `traceparent`, or begins one."""
    return Message(
        source=source,
        id=new_id(),
        type=event.TYPE,
        time=at,
        subject=subject,
        traceparent=next_span(traceparent),
        data=event,
    )


def encode(message: Message[Event]) -> bytes:
    """Return the structured JSON form of `message`."""
    return to_json(
        {
            "specversion": "1.0",
            "id": message.id,
            "source": message.source,
            "type": message.type,
            "time": message.time and rfc3339(message.time),
            "subject": message.subject,
            "datacontenttype": "application/json",
            "traceparent": message.traceparent,
            "data": message.data,
        },
        by_alias=True,
    )


def decode(body: bytes) -> Message[Mapping[str, Any]]:
    """Return the envelope in `body` with its `data` as it came; `Malformed` names every fault of the envelope."""
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
    source_id = f"{raw['source']}/{raw['id']}" if _is_name(raw.get("source")) and _is_name(raw.get("id")) else None
    if faults:
        raise Malformed(_sentence("the envelope is not CloudEvents 1.0", faults), tuple(faults), source_id)
    return Message(
        source=raw["source"],
        id=raw["id"],
        type=raw["type"],
        time=at,
        subject=str(raw.get("subject") or ""),
        traceparent=_traceparent(raw.get("traceparent")),
        data=raw["data"],
    )


def decode_event(body: bytes) -> Message[Event] | None:
    """Return the event in `body`, or None where no model of this suite knows its type; `Malformed` as in `decode`."""
    raw = decode(body)
    model = EVENT_TYPES.get(raw.type)
    if model is None:
        return None
    try:
        data = model.model_validate(raw.data)
    except ValidationError as error:
        faults = faults_of(error)
        raise Malformed(_sentence(f"the data is not a {raw.type}", faults), tuple(faults), raw.key) from None
    return Message(raw.source, raw.id, raw.type, raw.time, raw.subject, raw.traceparent, data)


def faults_of(error: ValidationError) -> list[Fault]:
    """Return pydantic's complaints as faults, without the values (they may be personal)."""
    return [
        Fault(".".join(map(str, item["loc"])) or "(whole)", item["msg"])
        for item in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def next_span(traceparent: str | None) -> str:
    """Return a W3C traceparent of the same trace with a new span; a new trace where there is none."""
    trace_id = traceparent[3:35] if traceparent else secrets.token_hex(16)
    return f"00-{trace_id}-{secrets.token_hex(8)}-01"


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


def _traceparent(value: object) -> str:
    """Return a usable traceparent: the sender's if it is one, else the beginning of a new trace."""
    if isinstance(value, str) and _TRACEPARENT.fullmatch(value):
        return value
    return next_span(None)


def _sentence(what: str, faults: list[Fault]) -> str:
    return f"{what}: " + "; ".join(f"{fault.field} {fault.message}" for fault in faults)
