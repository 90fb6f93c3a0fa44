"""What the services and the streams know of one work order: asked and read, not yet put in order."""

import re
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import nats.errors
from nats.aio.client import Client
from nats.js import JetStreamContext
from nats.js.errors import Error as JetStreamError
from pydantic_core import from_json, to_json

from shared.bus.streams import CONTACTS, EVENTS
from shared.cli.errors import CliError
from shared.cli.event_stream import everything, lately, subject_of
from shared.cli.output import warn
from shared.events import Malformed, decode
from shared.events.commands import GetWorkorder, ListClocks, ListNotifications
from shared.ids import new_id
from shared.times import parse_rfc3339

Json = Mapping[str, Any]

ASKED_BY = "service-1"
REPLY_SECONDS = 10.0
MOST_LISTED = 500
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_SLACK = 5_000
"""Messages before the first of a work order's own that are read as well: replicas publish side by side."""
_CLOSE_ENOUGH = 500
_TELL_EVERY = 200_000
_ARRIVAL_WINDOWS = (timedelta(seconds=5), timedelta(minutes=1), timedelta(minutes=10))
_MOST_CONTACTS = 20_000
_SAME_CLOCK = timedelta(minutes=5)
"""The clock of a rehearsal is further away than this from the time by which the streams go."""


@dataclass(slots=True)
class Facts:
    """One work order: what routing tells of it, its notices and clocks, and the events that concern it."""

    work_order: Json
    steps: Sequence[Json]
    beside: Json
    """Verification, register, links, tags, promises, collaborations."""
    events: list[Json] = field(default_factory=list)
    """Envelopes, in order of time."""
    notices: Sequence[Json] = ()
    clocks: Sequence[Json] = ()
    received_at: datetime | None = None
    """When the contact came onto its stream, where that is still there to be seen."""
    notes: list[str] = field(default_factory=list)
    """What is missing here, in sentences."""

    @property
    def id(self) -> str:
        """The id of the work order."""
        return str(self.work_order.get("work_order_id") or self.work_order["id"])

    @property
    def contact_id(self) -> str | None:
        """The id of its contact."""
        found = self.work_order.get("contact_id")
        return str(found) if found else None


async def gather(client: Client, name: str) -> Facts:
    """Return everything about the work order that `name` means: its number, its id, or the id of its contact."""
    found = await _work_order(client, name)
    beside = {key: value for key, value in found.items() if key not in {"work_order", "steps"}}
    facts = Facts(found["work_order"], found.get("steps", []), beside)
    facts.notices = await _listed(client, facts, "notify", ListNotifications.SUBJECT, "notifications", {"state": None})
    facts.clocks = await _listed(client, facts, "sla", ListClocks.SUBJECT, "clocks", {})
    await _read_events(client, facts)
    return facts


async def _work_order(client: Client, name: str) -> Json:
    if not _ID.fullmatch(name):
        return _result(await _ask(client, GetWorkorder.SUBJECT, "routing", {"number": name}))
    reply = await _ask(client, GetWorkorder.SUBJECT, "routing", {"work_order_id": name})
    if not reply["ok"] and reply["error"]["status"] == 404:  # noqa: PLR2004 (not found)
        reply = await _ask(client, GetWorkorder.SUBJECT, "routing", {"contact_id": name})
        if not reply["ok"] and reply["error"]["status"] == 404:  # noqa: PLR2004 (same)
            raise CliError(f"There is no work order with the id {name}, and none of a contact with that id.")
    return _result(reply)


async def _listed(
    client: Client, facts: Facts, service: str, subject: str, what: str, extra: Mapping[str, Any]
) -> Sequence[Json]:
    """Return what a service lists of the work order; where it cannot be asked, nothing, and a note of it."""
    try:
        reply = await _ask(client, subject, service, {"work_order_id": facts.id, "limit": MOST_LISTED, **extra})
        listed: Sequence[Json] = _result(reply)[what]
    except CliError as error:
        facts.notes.append(f"What {service} keeps of it is missing here: {error}.")
        return ()
    return listed


async def _ask(client: Client, subject: str, service: str, named: Mapping[str, Any]) -> Json:
    request = to_json({"command_id": new_id(), "by": ASKED_BY, **named})
    try:
        reply: Json = from_json((await client.request(subject, request, timeout=REPLY_SECONDS)).data)
    except nats.errors.NoRespondersError:
        raise CliError(f"nobody answers: the service {service} does not run") from None
    except (nats.errors.TimeoutError, TimeoutError):
        raise CliError(f"{service} did not answer within {REPLY_SECONDS:g} s") from None
    return reply


def _result(reply: Json) -> Json:
    if not reply["ok"]:
        raise CliError(str(reply["error"]["detail"] or reply["error"]["title"]))
    result: Json = reply["result"]
    return result


async def _read_events(client: Client, facts: Facts) -> None:
    """Read the events from about the moment on at which the contact was registered; from the first, if they are not there."""
    jetstream = client.jetstream()
    moment = facts.work_order.get("registered_at") or facts.work_order.get("opened_at")
    info = await jetstream.stream_info(EVENTS.name)
    oldest = info.state.first_seq
    first = await _place_of(jetstream, parse_rfc3339(str(moment)), oldest, info.state.last_seq) if moment else oldest
    await _scan(client, facts, first)
    if first > oldest and not _has_opening(facts):
        await _scan(client, facts, oldest)
    facts.events.sort(key=lambda event: str(event["time"]))
    if not _has_opening(facts):
        days = (info.config.max_age or 0) / 86_400
        gone = f"have been deleted: messages are kept for {days:g} days (YINGDA_KEEP_DAYS)"
        there = "What the services keep of it is shown." if not facts.events else "The rest is shown."
        facts.notes.append(f"Its first messages {gone if oldest > 1 else 'are not on the bus'}. {there}")


def _has_opening(facts: Facts) -> bool:
    return any(event["type"] == "yingda.workorder.opened.v1" for event in facts.events)


async def _place_of(jetstream: JetStreamContext, moment: datetime, first: int, last: int) -> int:
    """Return a sequence before which no event of `moment` is: events carry their time, and are stored nearly in its order."""
    low, high = first, last
    while high - low > _CLOSE_ENOUGH:
        middle = (low + high) // 2
        try:
            message = await jetstream.get_msg(EVENTS.name, middle)
            at = decode(message.data or b"").time
        except (JetStreamError, Malformed, TimeoutError):
            return first
        if at is None:
            return first
        low, high = (middle, high) if at < moment else (low, middle)
    return max(first, low - _SLACK)


async def _scan(client: Client, facts: Facts, first: int) -> None:
    """Put the events that name the work order or its contact into `facts`."""
    wanted = [needle.encode() for needle in (facts.id, facts.contact_id) if needle]
    facts.events = []
    async with everything(client, subject_of(None), first) as messages, aclosing(messages):
        seen = 0
        async for message in messages:
            seen += 1
            if seen % _TELL_EVERY == 0:
                warn(f"{seen} events read so far")
            # Most messages are about others: only those that hold an id anywhere are parsed.
            if any(needle in message.data for needle in wanted):
                event = from_json(message.data)
                if _concerns(event, facts.id, facts.contact_id):
                    facts.events.append(event)
                    if event["type"] == "yingda.contact.registered.v1":
                        facts.received_at = await _arrival(client, event, message.metadata.timestamp)


def _concerns(event: Json, work_order_id: str, contact_id: str | None) -> bool:
    data = event.get("data", {})
    ids = {event.get("subject"), data.get("work_order_id"), data.get("subject_id"), *data.get("work_order_ids", ())}
    return work_order_id in ids or (contact_id is not None and contact_id in {data.get("contact_id"), *ids})


async def _arrival(client: Client, registered: Json, published: datetime) -> datetime | None:
    """Return when the stream took the contact; None where it is not found shortly before, or another clock goes here."""
    if abs(parse_rfc3339(str(registered["time"])) - published) > _SAME_CLOCK:
        return None
    source_id = str(registered["data"]["source_id"])
    subject = f"yingda.contact.received.{registered['data']['channel']}"
    for window in _ARRIVAL_WINDOWS:
        async with (
            lately(client, CONTACTS, subject, published - window, _MOST_CONTACTS) as messages,
            aclosing(messages),
        ):
            async for message in messages:
                if message.metadata.timestamp > published:
                    break
                if _is(message.data, source_id):
                    return message.metadata.timestamp
    return None


def _is(body: bytes, source_id: str) -> bool:
    try:
        return decode(body).key == source_id
    except Malformed:
        return False
