"""JSON Schema 2020-12 of every message, from the models that read and write them."""

from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from shared.events import COMMAND_SUBJECTS, EVENT_TYPES, Contact, Event, PhoneContact, Problem
from shared.events.envelope import CONTENT_TYPE
from shared.events.trace import STATE_LIMIT
from shared.heartbeat.message import Heartbeat
from shared.times import rfc3339

SCHEMA_OF_SCHEMAS = "https://json-schema.org/draft/2020-12/schema"
TRACEPARENT = "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
DATE_TIME: JsonSchemaValue = {"type": "string", "format": "date-time"}


class _Generator(GenerateJsonSchema):
    """Pydantic's own, without titles that repeat the names, and with what is known of what we write."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 (pydantic's signature)
        """Return that no title is made up from a field's name."""
        return False

    def field_is_required(self, field: Any, total: bool) -> bool:
        """Return whether the field is always there; in what we write every one is."""
        return self.mode == "serialization" or super().field_is_required(field, total)

    def ser_schema(self, schema: Any) -> JsonSchemaValue | None:
        """Return the schema of what a serializer writes; a time of ours would otherwise be just any text."""
        if schema["type"] == "function-plain" and schema["function"] is rfc3339:
            return dict(DATE_TIME)
        return super().ser_schema(schema)


def schemas() -> dict[str, JsonSchemaValue]:
    """Return every schema of the contract by its name, sorted: events by type, commands by subject, and what is common."""
    found = {
        "envelope": envelope_schema(),
        "contact": schema_of(Contact, "validation"),
        "contact.phone": schema_of(PhoneContact, "validation"),
        "heartbeat": schema_of(Heartbeat, "serialization"),
        "reply": reply_schema(),
    }
    found |= {name: event_schema(model) for name, model in EVENT_TYPES.items()}
    found |= {subject: schema_of(model, "validation") for subject, model in COMMAND_SUBJECTS.items()}
    return dict(sorted(found.items()))


def event_schema(model: type[Event]) -> JsonSchemaValue:
    """Return the schema of an event's `data` as it is emitted: every field is there, `schema` is the type's version."""
    schema = schema_of(model, "serialization")
    schema["properties"]["schema"]["const"] = model.VERSION
    return schema


def schema_of(model: type[BaseModel], mode: Literal["validation", "serialization"]) -> JsonSchemaValue:
    """Return the schema of `model`, of what it reads (`validation`) or of what it writes (`serialization`)."""
    schema = model.model_json_schema(by_alias=True, schema_generator=_Generator, mode=mode)
    return {"$schema": SCHEMA_OF_SCHEMAS, **schema}


def envelope_schema() -> JsonSchemaValue:
    """Return the schema of the CloudEvents envelope, as `shared.events.envelope` reads and writes it."""
    name = {"type": "string", "minLength": 1}
    return {
        "$schema": SCHEMA_OF_SCHEMAS,
        "title": "Envelope",
        "description": "CloudEvents 1.0 in structured JSON mode. `source` and `id` identify a message for ever.",
        "type": "object",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {**name, "description": "the sender's own stable id of the message"},
            "source": {**name, "description": "who sent it, as in `web/shop` or `yingda/routing`"},
            "type": {
                **name,
                "description": "of an event its type with the version, as in `yingda.workorder.opened.v1`",
            },
            "time": {**DATE_TIME, "description": "RFC 3339 with offset; events are written in UTC"},
            "subject": {"type": "string", "description": "the id of the entity that the message is about"},
            "datacontenttype": {"const": "application/json"},
            "traceparent": {
                "type": "string",
                "pattern": TRACEPARENT,
                "description": "W3C Trace Context; all messages that follow from a contact share its trace",
            },
            "tracestate": {
                "type": "string",
                "maxLength": STATE_LIMIT,
                "description": "W3C Trace Context; what came with a contact is handed on with all that follows from it",
            },
            "data": {"type": "object"},
        },
    }


def reply_schema() -> JsonSchemaValue:
    """Return the schema of the reply to a command: its result, or the problem that kept it from being done."""
    return {
        "$schema": SCHEMA_OF_SCHEMAS,
        "title": "Reply",
        "description": "Sent after the commit. A refused command has changed nothing (RFC 9457 problem details).",
        "oneOf": [
            _object({"ok": {"const": True}, "result": {"type": "object"}}),
            _object({"ok": {"const": False}, "error": {"$ref": "#/$defs/Problem"}}),
        ],
        "$defs": {"Problem": Problem.model_json_schema(mode="serialization")},
    }


def headers_schema() -> JsonSchemaValue:
    """Return the schema of the NATS headers of a message on a stream."""
    return {
        "type": "object",
        "properties": {
            "Nats-Msg-Id": {"type": "string", "description": "`<source>/<id>`; the server drops what it has already"},
            "content-type": {"const": CONTENT_TYPE},
            "traceparent": {
                "type": "string",
                "pattern": TRACEPARENT,
                "description": "as in the envelope; of a contact without one there, it is taken from here",
            },
            "tracestate": {"type": "string", "description": "as in the envelope"},
        },
    }


def _object(properties: dict[str, JsonSchemaValue]) -> JsonSchemaValue:
    return {"type": "object", "required": list(properties), "properties": properties}
