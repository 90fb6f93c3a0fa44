"""`yingda policy simulate NEW.yaml`: what a new policy would have done to the contacts of a month."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from shared.cli.errors import WrongUse

DAYS: Final = 30
START: Final = datetime(2026, 9, 1, tzinfo=UTC)


def simulate(
    new: Annotated[Path, typer.Argument(help="The new policy file.")],
    history: Annotated[Path | None, typer.Option(help="Replay the contacts in DIR/*.jsonl.")] = None,
    sample: Annotated[bool, typer.Option("--sample", help="Replay a sample month (the default).")] = False,
    contacts: Annotated[int, typer.Option(min=1, max=1_000_000, help="Contacts of the sample month.")] = 50_000,
    start: Annotated[
        datetime,
        typer.Option(formats=["%Y-%m-%d"], help="Its first day; the default month has a public holiday in it."),
    ] = START,
    days: Annotated[int, typer.Option(min=1, max=366, help="Its length in days.")] = DAYS,
    seed: Annotated[int, typer.Option(help="Decides who comes when, and how long people take.")] = 1,
    people: Annotated[
        Literal["needed", "listed"],
        typer.Option(help="Agents: as many as the work under the policy in force needs, or those of its directory."),
    ] = "needed",
    load: Annotated[
        float, typer.Option(min=0.05, max=1.0, help="With `needed`: the share of their time at work.")
    ] = 0.8,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare the policy in force with a new one on the same contacts, people and efforts, on a virtual clock.

    The contacts go through the real rules of routing and sla; how long people take is assumed. The same input and
    seed give the same figures.
    """
    if history is not None and sample:
        raise WrongUse("either --history or --sample, not both")
    from shared.cli.simulation import report  # noqa: PLC0415 (the rules of two services: `policy check` need not wait)

    report(new, history, (contacts, start.date(), days), seed, people=people, load=load, as_json=as_json)
