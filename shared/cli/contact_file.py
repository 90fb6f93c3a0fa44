"""The file of `contact send`: a contact, an envelope, a list of them, or one a line, made into messages."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic_core import from_json, to_json

from shared.bus.publish import Outgoing
from shared.cli.errors import WrongUse
from shared.events import Malformed, decode
from shared.events.trace import first_trace
from shared.ids import derived_id
from shared.times import parse_rfc3339, rfc3339

CHANNEL = re.compile(r"[a-z][a-z0-9_]{0,31}")
TYPE = "yingda.contact.received.v1"
LIMIT_BYTES = 1_000_000
"""The largest message that the stream takes."""


def read_contacts(channel: str, content: str) -> list[Outgoing]:
    """Return the messages for `content`; `WrongUse` says what is wrong, and in which contact of several."""
    if not CHANNEL.fullmatch(channel):
        raise WrongUse(f"{channel!r} is no channel: it must be lower-case letters, digits and _, at most 32")
    objects = _objects(content)
    if not objects:
        raise WrongUse("the file holds no contact")
    many = len(objects) > 1
    return [_outgoing(channel, value, f"contact {number}: " if many else "") for number, value in enumerate(objects, 1)]


def _objects(content: str) -> Sequence[Any]:
    try:
        whole = from_json(content)
    except ValueError as error:
        lines = [(number, line) for number, line in enumerate(content.splitlines(), 1) if line.strip()]
        if len(lines) <= 1 or not _is_json(lines[0][1]):
            raise WrongUse(f"the file is not JSON: {error}") from error
        return [_line(number, line) for number, line in lines]
    return whole if isinstance(whole, list) else [whole]


def _is_json(line: str) -> bool:
    try:
        from_json(line)
    except ValueError:
        return False
    return True


def _line(number: int, line: str) -> Any:
    try:
        return from_json(line)
    except ValueError as error:
        raise WrongUse(f"line {number} is not JSON: {error}") from error


def _outgoing(channel: str, value: Any, where: str) -> Outgoing:
    if not isinstance(value, dict):
        raise WrongUse(f"{where}a contact is a JSON object")
    body = to_json(value if "specversion" in value else _envelope(channel, value))
    try:
        message = decode(body)
    except Malformed as error:
        raise WrongUse(f"{where}{error.reason}") from error
    if len(body) > LIMIT_BYTES:
        raise WrongUse(f"{where}it has {len(body)} bytes, the stream takes {LIMIT_BYTES}")
    return Outgoing(message.key, f"yingda.contact.received.{channel}", body, message.trace)


def _envelope(channel: str, contact: Mapping[str, Any]) -> dict[str, Any]:
    """Return the envelope of a bare contact; the same contact always gets the same id."""
    own = contact.get("id")
    name = str(own) if isinstance(own, str | int) and own != "" else derived_id("cli", channel, _canonical(contact))
    return {
        "specversion": "1.0",
        "id": name,
        "source": f"cli/{channel}",
        "type": TYPE,
        "time": _time(contact.get("occurred_at")),
        "subject": name,
        "datacontenttype": "application/json",
        "traceparent": first_trace(f"cli/{channel}/{name}"),
        "data": contact,
    }


def _canonical(value: Any) -> str:
    """Return `value` as text that does not depend on the order of fields."""
    if isinstance(value, Mapping):
        fields = (f"{to_json(key).decode()}:{_canonical(item)}" for key, item in sorted(value.items()))
        return "{" + ",".join(fields) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical, value)) + "]"
    return to_json(value).decode()


def _time(occurred_at: object) -> str:
    """Return when it happened; now, where the contact does not say it in a readable way (intake judges that)."""
    if isinstance(occurred_at, str):
        try:
            return rfc3339(parse_rfc3339(occurred_at))
        except ValueError:
            pass
    return rfc3339(datetime.now(UTC))
