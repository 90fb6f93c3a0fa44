"""The options that choose dead letters, the same for every command that deals with them."""

from collections.abc import Sequence
from typing import Annotated

import typer

from shared.cli.errors import WrongUse
from shared.cli.letter_selection import Selection, moment, split_id
from shared.cli.letters import DISCARDED, OPEN, REPLAYED

STATES = {OPEN: OPEN, REPLAYED: REPLAYED, DISCARDED: DISCARDED, "all": None}

IdsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="ID", help="As `dlq list` shows them: SERVICE:N.", show_default=False)
]
ServiceOption = Annotated[str | None, typer.Option(help="Only those of this service.")]
StreamOption = Annotated[str | None, typer.Option(help="Only those that came over this stream: CONTACTS or EVENTS.")]
SubjectOption = Annotated[
    str | None, typer.Option(metavar="PATTERN", help="Only this subject or end of one, as in `workorder.*`.")
]
ChannelOption = Annotated[str | None, typer.Option(help="Only contacts that came over this channel.")]
SayingOption = Annotated[
    str | None, typer.Option("--saying", metavar="TEXT", help="Only those whose reason holds this text.")
]
CauseOption = Annotated[str | None, typer.Option(help="Only those of this cause, as `dlq list --group` shows it.")]
SinceOption = Annotated[
    str | None, typer.Option(help="Only from then on, as in 10m, 2h, 1d or 2026-11-23T10:00:00+08:00.")
]
UntilOption = Annotated[str | None, typer.Option(help="Only before that time, written as for --since.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done to which.")]
ConfirmOption = Annotated[
    int | None, typer.Option(metavar="COUNT", help="Do it without asking if exactly so many are meant.")
]
ByOption = Annotated[str | None, typer.Option(help="Who acts, where the operating system's user does not tell it.")]


def selection_of(
    ids: Sequence[str] | None,
    service: str | None,
    stream: str | None,
    subject: str | None,
    channel: str | None,
    saying: str | None,
    cause: str | None,
    since: str | None,
    until: str | None,
    state: str,
) -> Selection:
    """Return what the options choose; `WrongUse` where one of them cannot be read."""
    for letter_id in ids or ():
        split_id(letter_id)
    if state not in STATES:
        raise WrongUse(f'there is no state "{state}": a dead letter is {", ".join(STATES)}')
    return Selection(
        ids=tuple(ids or ()),
        service=service,
        stream=stream,
        subject=subject,
        channel=channel,
        saying=saying,
        cause=cause,
        since=moment(since) if since else None,
        until=moment(until) if until else None,
        state=STATES[state],
    )
