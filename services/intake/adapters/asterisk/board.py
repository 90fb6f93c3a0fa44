"""Reads Asterisk's events into calls; pure. Events and their fields: docs.asterisk.org, "Asterisk REST Data Models".

A customer's call is a channel that comes to be in one of the contexts for customers, and was not dialled by us: a call that
the house makes by the same trunk has the trunk's context too. It is answered when a dialled
telephone answers (`Dial` with ANSWER, which `Dial()` and `Queue()` send) or another channel joins it in a bridge.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from services.intake.adapters.asterisk.call import Call

Event = Mapping[str, Any]

_EXTENSION: Final = re.compile(r"^[A-Za-z]+/([^-/@]+)")
_DIALLED: Final = frozenset({"Down", "Dialing", "Ringing"})
"""States that only a channel has which Asterisk itself calls out on; one that comes in begins with `Ring`."""
_OUTGOING: Final = "(Outgoing Line)"
"""What Asterisk notes as the application's data on a channel that was dialled, also when it is up."""
_ENOUGH: Final = 2
"""Channels in a bridge from which on people talk."""


class Board:
    """The calls that are going on. What `apply` and `catch_up` return has changed and is to be kept, or is over."""

    def __init__(self, contexts: Collection[str], calls: Iterable[Call] = ()) -> None:
        self._contexts = frozenset(contexts)
        self._calls = {call.call_id: call for call in calls}
        self._partners = {call.answered_by: call.call_id for call in calls if call.answered_by}

    def apply(self, event: Event) -> Call | None:
        """Return the call that `event` changes, as it is now; None where it means nothing to a customer's call."""
        reader = _READERS.get(str(event.get("type")))
        at = moment(event.get("timestamp"))
        if reader is None or at is None:
            return None
        return self._changed(reader(self, event, at))

    def catch_up(self, channels: Iterable[Event], bridges: Iterable[Event], now: datetime) -> list[Call]:
        """Return the calls that changed while nobody listened: begun, answered, or over without a known end."""
        live = {str(one["id"]): one for one in channels if one.get("id")}
        changed = [self._changed(self._begun(one, now)) for one in live.values()]
        joined = [bridge for bridge in bridges if len(bridge.get("channels", ())) >= _ENOUGH]
        changed += [
            self._changed(self._joined(bridge, live.get(name), str(name), now))
            for bridge in joined
            for name in bridge["channels"]
        ]
        gone = [call for call in self._calls.values() if call.call_id not in live]
        changed += [self._changed(replace(call, over=True, unobserved=True)) for call in gone]
        return list({call.call_id: call for call in changed if call is not None}.values())

    def _changed(self, call: Call | None) -> Call | None:
        if call is None or self._calls.get(call.call_id) == call:
            return None
        if call.over:
            self._calls.pop(call.call_id, None)
            self._partners.pop(call.answered_by or "", None)
            return call
        self._calls[call.call_id] = call
        if call.answered_by:
            self._partners[call.answered_by] = call.call_id
        return call

    def _created(self, event: Event, at: datetime) -> Call | None:
        return self._begun(_object(event, "channel"), at)

    def _begun(self, channel: Event, at: datetime) -> Call | None:
        dialplan = _object(channel, "dialplan")
        name = channel.get("id")
        if not isinstance(name, str) or name in self._calls or dialplan.get("context") not in self._contexts:
            return None
        if channel.get("state") in _DIALLED or dialplan.get("app_data") == _OUTGOING:
            return None
        began = moment(channel.get("creationtime")) or at
        return Call(name, _number(channel), str(dialplan.get("exten") or ""), began)

    def _named(self, event: Event, _at: datetime) -> Call | None:
        """Take the number where it is transmitted only after the call began."""
        channel = _object(event, "channel")
        call = self._calls.get(str(channel.get("id")))
        number = _number(channel)
        return replace(call, caller=number) if call is not None and number else None

    def _dialled(self, event: Event, at: datetime) -> Call | None:
        call = self._calls.get(str(_object(event, "caller").get("id")))
        if call is None or call.answered_at is not None:
            return None
        if event.get("dialstatus") == "ANSWER":
            return _answered(call, _object(event, "peer"), at)
        if event.get("dialstatus") == "RINGING" and call.ringing_at is None:
            return replace(call, ringing_at=at)
        return None

    def _entered(self, event: Event, at: datetime) -> Call | None:
        channel = _object(event, "channel")
        return self._joined(_object(event, "bridge"), channel, str(channel.get("id")), at)

    def _joined(self, bridge: Event, channel: Event | None, name: str, at: datetime) -> Call | None:
        """Return the call that `channel`, which is in `bridge`, answers; or that it is, where another is there already."""
        others = [str(one) for one in bridge.get("channels") or () if str(one) != name]
        own = self._calls.get(name)
        if own is not None:
            partner = next((one for one in others if one not in self._calls), None)
            answers = partner is not None and own.answered_at is None
            return replace(own, answered_at=at, answered_by=partner) if answers else None
        call = next((self._calls[one] for one in others if one in self._calls), None)
        if call is None or (call.answered_at is not None and call.extension is not None):
            return None
        if call.answered_at is not None:
            return replace(call, answered_by=name, extension=_extension(channel or {}))
        return _answered(call, channel or {}, at, name)

    def _held(self, event: Event, at: datetime) -> Call | None:
        call = self._of(event)
        return replace(call, held_at=at) if call is not None and call.held_at is None else None

    def _taken_up(self, event: Event, at: datetime) -> Call | None:
        call = self._of(event)
        return _unheld(call, at) if call is not None else None

    def _destroyed(self, event: Event, at: datetime) -> Call | None:
        call = self._calls.get(str(_object(event, "channel").get("id")))
        return replace(_unheld(call, at), ended_at=at, over=True) if call is not None else None

    def _of(self, event: Event) -> Call | None:
        """Return the call of the channel, the customer's own or that of whoever answered."""
        name = str(_object(event, "channel").get("id"))
        return self._calls.get(name) or self._calls.get(self._partners.get(name, ""))


def moment(text: Any) -> datetime | None:
    """Return the time that Asterisk wrote as `2019-03-19T16:48:54.251+0000`; None where it is none."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo is not None else None


def _answered(call: Call, by: Event, at: datetime, name: str | None = None) -> Call:
    partner = name or (str(by["id"]) if by.get("id") else None)
    return replace(call, answered_at=at, answered_by=partner, extension=_extension(by))


def _unheld(call: Call, at: datetime) -> Call:
    if call.held_at is None:
        return call
    seconds = max(0.0, (at - call.held_at).total_seconds())
    return replace(call, held_at=None, hold_seconds=max(seconds, call.hold_seconds or 0.0))


def _extension(channel: Event) -> str | None:
    """Return the extension of an agent's channel, as in `PJSIP/1001-0000a7e3`; else the number that it shows."""
    match = _EXTENSION.match(str(channel.get("name") or ""))
    return match[1] if match else _number(channel) or None


def _number(channel: Event) -> str:
    number = _object(channel, "caller").get("number")
    return number if isinstance(number, str) else ""


def _object(event: Event, name: str) -> Event:
    found = event.get(name)
    return found if isinstance(found, Mapping) else {}


_READERS: Final[Mapping[str, Callable[[Board, Event, datetime], Call | None]]] = {
    "ChannelCreated": Board._created,  # noqa: SLF001 (the table stands after its class)
    "StasisStart": Board._created,  # noqa: SLF001
    "ChannelCallerId": Board._named,  # noqa: SLF001
    "Dial": Board._dialled,  # noqa: SLF001
    "ChannelEnteredBridge": Board._entered,  # noqa: SLF001
    "ChannelHold": Board._held,  # noqa: SLF001
    "ChannelUnhold": Board._taken_up,  # noqa: SLF001
    "ChannelDestroyed": Board._destroyed,  # noqa: SLF001
}
