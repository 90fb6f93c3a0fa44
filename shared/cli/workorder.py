"""`yingda workorder show NUMBER`: one work order and its whole way with times, from the contact to the callback."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from pydantic_core import to_json

from shared.cli.connection import DataOption, client_settings, nats_client
from shared.cli.output import print_json, print_table, warn
from shared.cli.workorder_aspects import aspects
from shared.cli.workorder_facts import Facts, gather
from shared.cli.workorder_way import Passage, milestones, trace_of_way, way_of
from shared.cli.workorder_words import lasted
from shared.policy import load_policy
from shared.settings import Settings
from shared.times import rfc3339

workorder = typer.Typer(help="Look at work orders.", rich_markup_mode=None)

_NOTHING: tuple[object, ...] = (None, "", [])
_HIDDEN = {"work_order_id", "traceparent"}
"""Of a work order: what is said elsewhere."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.add_typer(workorder, name="workorder")


@workorder.callback()
def _group() -> None:
    """Look at work orders."""


@workorder.command("show")
def show(
    number: Annotated[
        str, typer.Argument(help="The number, as in XR20261123001, or the id of the work order or of its contact.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    data: DataOption = None,
) -> None:
    """Show a work order and its whole way: contact, steps, clocks, notices, callback and knowledge, with their times."""
    settings = client_settings(data)
    zone = ZoneInfo(load_policy(settings.policy).timezone)
    facts = asyncio.run(_gather(settings, number))

    def local(at: datetime) -> str:
        return f"{at.astimezone(zone):%m-%d %H:%M}"

    way = way_of(facts, local)
    if as_json:
        print_json(_json(facts, way))
        return
    trace = trace_of_way(facts)
    told = {"trace": trace, **{k: v for k, v in facts.work_order.items() if k not in _HIDDEN}}
    print_table(("work order", ""), [(key, _text(value)) for key, value in told.items() if value not in _NOTHING])
    print()
    print_table(("beside it", ""), aspects(facts.beside))
    print()
    print_table((f"at ({zone})", "after", "who", "what", "about"), _rows(way, zone, trace))
    print()
    print_table(
        ("from the contact to", ""), [(name, lasted(end - begin)) for name, begin, end in milestones(facts, way)]
    )
    for note in facts.notes:
        warn(note)


async def _gather(settings: Settings, number: str) -> Facts:
    async with nats_client(settings) as client:
        return await gather(client, number)


def _rows(way: Sequence[Passage], zone: ZoneInfo, trace: str | None) -> Iterator[tuple[str, ...]]:
    """Yield one row for each passage: its time, the time since the one before, and what happened."""
    before: datetime | None = None
    for one in way:
        after = "" if before is None else lasted(max(one.at - before, timedelta()))
        other = f" (trace {one.trace_id})" if one.trace_id not in {None, trace} else ""
        at = f"{one.at.astimezone(zone):%Y-%m-%d %H:%M:%S.%f}"[:-3]
        yield at, after, one.who, one.what, one.about + other
        before = one.at


def _json(facts: Facts, way: Sequence[Passage]) -> dict[str, Any]:
    moments = [one.at for one in way]
    return {
        "work_order": facts.work_order,
        **facts.beside,
        "trace_id": trace_of_way(facts),
        "way": [
            {
                "at": rfc3339(one.at),
                "after_seconds": max((one.at - before).total_seconds(), 0.0) if before else None,
                "who": one.who,
                "service": one.service or None,
                "what": one.what,
                "about": one.about,
                "version": one.version,
                "trace_id": one.trace_id,
            }
            for one, before in zip(way, [None, *moments], strict=False)
        ],
        "seconds_to": {
            name.replace(" ", "_"): (end - begin).total_seconds() for name, begin, end in milestones(facts, way)
        },
        "steps": facts.steps,
        "notices": facts.notices,
        "clocks": facts.clocks,
        "events": facts.events,
        "notes": facts.notes,
    }


def _text(value: Any) -> str:
    return value if isinstance(value, str) else to_json(value).decode()
