"""`yingda events [PATTERN]`: the events of the suite, one line each, as they happen."""

import asyncio
import re
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from nats.aio.msg import Msg
from pydantic_core import from_json

from shared.cli.connection import DataOption, client_settings, nats_client
from shared.cli.errors import WrongUse
from shared.cli.event_stream import following, subject_of
from shared.settings import Settings

_SINCE = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

_TELLING = (
    "channel", "category", "topic", "grade", "metric", "purpose", "audience", "department", "status", "assignee",
    "due_at", "percent", "step", "late_seconds", "outcome", "score",
)  # fmt: skip
"""The fields that tell a reader most; none of them is personal."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("events")(events)


def events(
    pattern: Annotated[
        str | None, typer.Argument(help="As in `workorder.*`, `sla.breached`; all events if empty.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Begin with what was published so long ago, as in 10m, 2h, 1d.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="Stop after so many events.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole messages, one a line.")] = False,
    data: DataOption = None,
) -> None:
    """Watch events live: time, type, and the number or id of what they tell of. Ctrl-C ends it."""
    subject = subject_of(pattern)
    begin = datetime.now(UTC) - duration(since) if since else None
    asyncio.run(_watch(client_settings(data), subject, begin, count, as_json=as_json))


async def _watch(settings: Settings, subject: str, since: datetime | None, count: int | None, *, as_json: bool) -> None:
    seen = 0
    async with nats_client(settings) as client, following(client, subject, since) as messages, aclosing(messages):
        async for message in messages:
            print(message.data.decode(errors="replace") if as_json else line_of(message), flush=True)
            seen += 1
            if seen == count:
                return


def line_of(message: Msg) -> str:
    """Return one event as one line; personal data is not in it."""
    try:
        event = from_json(message.data)
        data = event.get("data", {})
        what = data.get("number") or event.get("subject") or ""
        about = "  ".join(f"{name} {data[name]}" for name in _TELLING if isinstance(data.get(name), str | int | float))
        kind = event["type"].removeprefix("yingda.").rpartition(".v")[0]
        return f"{event['time']}  {kind:<24}  {what}  {about}".rstrip()
    except (ValueError, KeyError, AttributeError):
        return f"{message.subject}  (not an event of this suite)"


def duration(text: str) -> timedelta:
    """Return what `10m`, `2h` or `1d` means; `WrongUse` for anything else."""
    match = _SINCE.fullmatch(text)
    if match is None:
        raise WrongUse(f"{text!r} is no duration: write one like 30s, 10m, 2h or 1d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
