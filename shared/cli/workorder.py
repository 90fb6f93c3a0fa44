"""`yingda workorder show NUMBER`: one work order, its steps, and every event of its trace."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any

import nats.errors
import typer
from nats.aio.client import Client
from pydantic_core import from_json, to_json

from shared.cli.connection import DataOption, client_settings, nats_client
from shared.cli.errors import CliError
from shared.cli.event_stream import everything, subject_of
from shared.cli.output import print_json, print_table
from shared.cli.workorder_aspects import aspects
from shared.events.commands import GetWorkorder
from shared.ids import new_id
from shared.settings import Settings

ASKED_BY = "service-1"
REPLY_SECONDS = 10.0
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")
_ABOUT = (
    "metric",
    "purpose",
    "audience",
    "due_at",
    "late_seconds",
    "transport",
    "outcome",
    "department",
    "reason",
    "by",
)
"""The fields of an event that tell its reader most."""

workorder = typer.Typer(help="Look at work orders.", rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.add_typer(workorder, name="workorder")


@workorder.callback()
def _group() -> None:
    """Look at work orders."""


@dataclass(frozen=True, slots=True)
class Trace:
    """One work order as `routing` tells of it, and the events that concern it, in order of time."""

    work_order: Mapping[str, Any]
    steps: Sequence[Mapping[str, Any]]
    events: Sequence[Mapping[str, Any]]
    beside: Mapping[str, Any]
    """Verification, register, links, tags, promises, collaborations."""


@workorder.command("show")
def show(
    number: Annotated[str, typer.Argument(help="The number, as in XR20261123001, or the work order's id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    data: DataOption = None,
) -> None:
    """Show a work order with its steps, its deadlines, its messages and every other event about it."""
    trace = asyncio.run(_trace(client_settings(data), number))
    if as_json:
        print_json({"work_order": trace.work_order, **trace.beside, "steps": trace.steps, "events": trace.events})
        return
    print_table(
        ("work order", ""), [(key, _text(value)) for key, value in trace.work_order.items() if value is not None]
    )
    print_table(("beside it", ""), aspects(trace.beside))
    columns = ("version", "at", "step", "status", "department", "by", "reason", "text")
    print_table(("", *columns), [("", *(_text(step.get(c)) for c in columns)) for step in trace.steps])
    print_table(("event", "at", "about"), [_event_row(event) for event in trace.events])


async def _trace(settings: Settings, number: str) -> Trace:
    async with nats_client(settings) as client:
        found = await _ask(client, number)
        work_order, steps = found["work_order"], found.get("steps", [])
        beside = {name: value for name, value in found.items() if name not in {"work_order", "steps"}}
        key = str(work_order.get("work_order_id") or work_order["id"])
        contact_id = work_order.get("contact_id")
        events = await _events(client, key, str(contact_id) if contact_id else None)
        return Trace(work_order, steps, events, beside)


async def _ask(client: Client, number: str) -> Mapping[str, Any]:
    named = {"work_order_id": number} if _ID.fullmatch(number) else {"number": number}
    request = to_json({"command_id": new_id(), "by": ASKED_BY, **named})
    try:
        reply = from_json((await client.request(GetWorkorder.SUBJECT, request, timeout=REPLY_SECONDS)).data)
    except nats.errors.NoRespondersError:
        raise CliError("nobody answers for work orders: the service routing does not run") from None
    except (nats.errors.TimeoutError, TimeoutError):
        raise CliError(f"routing did not answer within {REPLY_SECONDS:g} s") from None
    if not reply["ok"]:
        raise CliError(str(reply["error"]["detail"] or reply["error"]["title"]))
    result: Mapping[str, Any] = reply["result"]
    return result


async def _events(client: Client, work_order_id: str, contact_id: str | None) -> list[Mapping[str, Any]]:
    """Return the events that name the work order or its contact, in order of time."""
    wanted = [needle.encode() for needle in (work_order_id, contact_id) if needle]
    found: list[Mapping[str, Any]] = []
    async with everything(client, subject_of(None)) as messages, aclosing(messages):
        async for message in messages:
            # Most messages are about others: only those that hold an id anywhere are parsed.
            if any(needle in message.data for needle in wanted):
                event = from_json(message.data)
                if _concerns(event, work_order_id, contact_id):
                    found.append(event)
    return sorted(found, key=lambda event: str(event["time"]))


def _concerns(event: Mapping[str, Any], work_order_id: str, contact_id: str | None) -> bool:
    data = event.get("data", {})
    ids = {event.get("subject"), data.get("work_order_id"), data.get("subject_id"), *data.get("work_order_ids", ())}
    return work_order_id in ids or (contact_id is not None and contact_id in {data.get("contact_id"), *ids})


def _event_row(event: Mapping[str, Any]) -> tuple[str, str, str]:
    data = event.get("data", {})
    about = ", ".join(f"{name} {data[name]}" for name in _ABOUT if data.get(name) not in {None, ""})
    return str(event["type"]).removeprefix("yingda.").rpartition(".v")[0], str(event["time"]), about


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else to_json(value).decode()
