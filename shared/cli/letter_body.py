"""The corrected body of a dead letter: what the operator wrote becomes a message that can be handled, or is refused.

An operator corrects what is wrong and means the same message: a contact without its envelope gets that of the letter, so
its identity stays what it was. A correction that still cannot be read is refused at once, and does not become a second
dead letter.
"""

from collections.abc import Mapping
from typing import Any

from pydantic_core import from_json, to_json

from shared.bus.streams import CONTACTS
from shared.cli.contact_file import LIMIT_BYTES, TYPE
from shared.cli.environment import settings_of
from shared.cli.errors import WrongUse
from shared.cli.letters import Letter
from shared.cli.policy_files import policy_in_force
from shared.events import Contact, Malformed, decode, decode_event
from shared.ids import derived_id
from shared.plugins import PluginError
from shared.workshop import Workshop

_ENVELOPE = ("id", "source", "type", "time", "subject", "datacontenttype", "traceparent", "tracestate")


def corrected(letter: Letter, text: bytes) -> bytes:
    """Return the message to publish instead of the letter's own; `WrongUse` says why `text` is none."""
    given = _object(letter, text)
    body = text.strip() if _is_whole(given) else to_json(_envelope(letter, given))
    contact = None
    try:
        if letter.stream == CONTACTS.name:
            contact = decode(body).data
        else:
            decode_event(body)
    except Malformed as error:
        raise WrongUse(f"{letter.id} would fail again: {error.reason}") from error
    if len(body) > LIMIT_BYTES:
        raise WrongUse(f"{letter.id} would have {len(body)} bytes, the stream takes {LIMIT_BYTES}")
    if contact is not None:
        _refuse_unreadable(letter, contact)
    return body


def editable(letter: Letter) -> bytes:
    """Return the letter's body for an editor: JSON on many lines, anything else as it came."""
    try:
        return to_json(from_json(letter.body), indent=2) + b"\n"
    except ValueError:
        return letter.body


def _object(letter: Letter, text: bytes) -> dict[str, Any]:
    if not text.strip():
        raise WrongUse(f"the corrected body of {letter.id} is empty")
    try:
        given = from_json(text)
    except ValueError as error:
        raise WrongUse(f"the corrected body of {letter.id} is not JSON: {error}") from error
    if not isinstance(given, dict):
        raise WrongUse(f"the corrected body of {letter.id} is not a JSON object")
    return given


def _is_whole(given: Mapping[str, Any]) -> bool:
    """Whether it has an envelope, be it a faulty one; a contact of its own has none of these together."""
    return "specversion" in given or ("source" in given and isinstance(given.get("data"), dict))


def _envelope(letter: Letter, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the letter's own envelope around `data`, completed where it cannot be read; the same for the same letter."""
    held = _held(letter)
    if "type" not in held and letter.stream != CONTACTS.name:
        raise WrongUse(f"the envelope of {letter.id} cannot be read: write the whole message, with `specversion`")
    service, _, number = letter.id.partition(":")
    name = held.get("id") or derived_id("dlq", service, number, letter.stream, str(letter.sequence))
    return {
        "specversion": "1.0",
        "source": f"dlq/{service}",
        "type": TYPE,
        "subject": name,
        "datacontenttype": "application/json",
        **held,
        "id": name,
        "data": data,
    }


def _held(letter: Letter) -> dict[str, Any]:
    """Return what can be used of the letter's envelope."""
    try:
        raw = from_json(letter.body)
    except ValueError:
        return {}
    if not isinstance(raw, dict):
        return {}
    found = {name: raw[name] for name in _ENVELOPE if isinstance(raw.get(name), str) and raw[name]}
    return {name: value for name, value in found.items() if _is_readable(name, value)}


def _is_readable(name: str, value: str) -> bool:
    """Whether that field would be taken in an envelope without any other fault."""
    sound = {"specversion": "1.0", "id": "x", "source": "x", "type": "x", "data": {}}
    try:
        decode(to_json(sound | {name: value}))
    except Malformed:
        return False
    return True


def _refuse_unreadable(letter: Letter, data: Mapping[str, Any]) -> None:
    """Ask the channel's plugin, where it is installed here, whether it can read the contact."""
    channel = letter.subject.rpartition(".")[2]
    try:
        reading = Workshop(policy_in_force().plugins, settings_of()).make("channel", channel, object).read(data)
    except PluginError:
        return
    except Exception as error:
        raise WrongUse(
            f"{letter.id} would fail again: the plugin of {channel} fails: {type(error).__name__}"
        ) from error
    if not isinstance(reading, Contact):
        raise WrongUse(f"{letter.id} would fail again: {reading.reason}")
