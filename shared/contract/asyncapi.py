"""The AsyncAPI 3.0 document: the channels, what is sent and taken on them, and the streams that hold it."""

from importlib.metadata import version
from inspect import cleandoc
from typing import Any

from shared.bus.streams import CONTACTS, DUPLICATE_WINDOW_SECONDS, EVENTS, STREAMS, Stream
from shared.contract.schemas import headers_schema
from shared.events import COMMAND_SUBJECTS, EVENT_TYPES
from shared.events.envelope import CONTENT_TYPE
from shared.heartbeat.message import SUBJECT_PREFIX

CONTACT_ADDRESS = "yingda.contact.received.{channel}"
HEARTBEAT_ADDRESS = f"{SUBJECT_PREFIX}{{service}}"
JSON = "application/json"


def asyncapi() -> dict[str, Any]:
    """Return the document; it speaks of the suite as one application: what it sends, and what it takes."""
    channels: dict[str, Any] = {
        "contact_received": _contacts(),
        "heartbeat": {"address": HEARTBEAT_ADDRESS, "messages": _reference("heartbeat"), **_named("service")},
        "reply": _replies(),
    }
    operations: dict[str, Any] = {
        "take_contact_received": _operation("receive", "contact_received"),
        "emit_heartbeat": _operation("send", "heartbeat"),
    }
    messages: dict[str, Any] = {
        "heartbeat": _message(
            "heartbeat", JSON, _schema("heartbeat"), "What a process tells of itself every few seconds; on no stream."
        ),
        "contact": _stream_message("contact", "A raw contact, as a channel adapter publishes it."),
        "reply": _message("reply", JSON, _schema("reply"), "The reply to a command, sent after its commit."),
    }
    for name, event in sorted(EVENT_TYPES.items()):
        channel = _id(event.SUBJECT, "yingda.event.")
        messages[_id(name)] = _stream_message(name, _first_words(event))
        taken = channels.get(channel, {}).get("messages", {})
        channels[channel] = _channel(event.SUBJECT, EVENTS, taken | _reference(name))
        operations[f"emit_{channel}"] = _operation("send", channel)
    for subject, command in sorted(COMMAND_SUBJECTS.items()):
        channel = _id(subject, "yingda.")
        messages[_id(subject)] = _message(subject, JSON, _schema(subject), _first_words(command))
        channels[channel] = {"address": subject, "messages": _reference(subject)}
        operations[f"answer_{channel}"] = _operation("receive", channel) | {
            "reply": {"channel": {"$ref": "#/channels/reply"}}
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Yingda 应答",
            "version": version("yingda"),
            "description": "Generated from the code by `python -m shared.contract`; do not edit.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
        "x-jetstream-streams": [_stream(stream) for stream in STREAMS],
    }


def _contacts() -> dict[str, Any]:
    channel = _channel(CONTACT_ADDRESS, CONTACTS, _reference("contact"))
    description = "the name of the channel, `[a-z][a-z0-9_]{0,31}`; one without a plugin goes to the dead letters"
    return channel | {"parameters": {"channel": {"description": description}}}


def _named(parameter: str) -> dict[str, Any]:
    return {"parameters": {parameter: {"description": f"the name of the {parameter}"}}}


def _replies() -> dict[str, Any]:
    return {"address": None, "description": "the reply subject of the request", "messages": _reference("reply")}


def _channel(address: str, stream: Stream, messages: dict[str, Any]) -> dict[str, Any]:
    return {"address": address, "messages": messages, "x-jetstream-stream": stream.name}


def _operation(action: str, channel: str) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}


def _stream_message(name: str, summary: str) -> dict[str, Any]:
    """Return a message in its envelope; an event's envelope names its type."""
    properties: dict[str, Any] = {"type": {"const": name}} if name in EVENT_TYPES else {}
    properties["data"] = _schema(name)
    payload = {"allOf": [_schema("envelope"), {"type": "object", "properties": properties}]}
    return _message(name, CONTENT_TYPE, payload, summary) | {"headers": headers_schema()}


def _message(name: str, content_type: str, payload: dict[str, Any], summary: str) -> dict[str, Any]:
    return {"name": name, "summary": summary, "contentType": content_type, "payload": payload}


def _schema(name: str) -> dict[str, Any]:
    return {"$ref": f"schemas/{name}.schema.json"}


def _reference(name: str) -> dict[str, Any]:
    return {_id(name): {"$ref": f"#/components/messages/{_id(name)}"}}


def _stream(stream: Stream) -> dict[str, Any]:
    config = stream.config()
    return {
        "name": stream.name,
        "description": stream.description,
        "subjects": list(stream.subjects),
        "atomic_batches": bool(config.allow_atomic),
        "duplicate_window_seconds": DUPLICATE_WINDOW_SECONDS,
        "max_message_bytes": config.max_msg_size,
    }


def _id(name: str, prefix: str = "yingda.") -> str:
    """Return a key that AsyncAPI allows: letters, digits and underscores."""
    return name.removeprefix(prefix).replace(".", "_")


def _first_words(model: type) -> str:
    return cleandoc(model.__doc__ or "").splitlines()[0]
