"""The options that choose dead letters, the same for every command that deals with them."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Annotated, Any

import typer

from shared.cli.errors import WrongUse
from shared.cli.letter_selection import Selection, moment, split_id
from shared.cli.letters import DISCARDED, OPEN, REPLAYED

STATES = {OPEN: OPEN, REPLAYED: REPLAYED, DISCARDED: DISCARDED, "all": None}

SinceOption = Annotated[
    str | None, typer.Option(help="Only from then on, as in 10m, 2h, 1d or 2026-11-23T10:00:00+08:00.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done to which.")]
ConfirmOption = Annotated[
    int | None, typer.Option(metavar="COUNT", help="Do it without asking if exactly so many are meant.")
]
ByOption = Annotated[str | None, typer.Option(help="Who acts, where the operating system's user does not tell it.")]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a command was given to choose dead letters by; each field is an option of the command line."""

    letter_ids: Annotated[
        list[str] | None, typer.Argument(metavar="ID", help="As `dlq list` shows them: SERVICE:N.", show_default=False)
    ] = None
    service: Annotated[str | None, typer.Option(help="Only those of this service.")] = None
    stream: Annotated[str | None, typer.Option(help="Only those that came over this stream: CONTACTS or EVENTS.")] = (
        None
    )
    subject: Annotated[
        str | None, typer.Option(metavar="PATTERN", help="Only this subject or end of one, as in `workorder.*`.")
    ] = None
    channel: Annotated[str | None, typer.Option(help="Only contacts that came over this channel.")] = None
    saying: Annotated[
        str | None, typer.Option("--saying", metavar="TEXT", help="Only those whose reason holds this text.")
    ] = None
    cause: Annotated[str | None, typer.Option(help="Only those of this cause, as `dlq list --group` shows it.")] = None
    since: SinceOption = None
    until: Annotated[str | None, typer.Option(help="Only before that time, written as for --since.")] = None

    def selection(self, state: str) -> Selection:
        """Return what the options choose among those in `state`; `WrongUse` where one of them cannot be read."""
        for letter_id in self.letter_ids or ():
            split_id(letter_id)
        if state not in STATES:
            raise WrongUse(f'there is no state "{state}": a dead letter is {", ".join(STATES)}')
        return Selection(
            ids=tuple(self.letter_ids or ()),
            service=self.service,
            stream=self.stream,
            subject=self.subject,
            channel=self.channel,
            saying=self.saying,
            cause=self.cause,
            since=moment(self.since) if self.since else None,
            until=moment(self.until) if self.until else None,
            state=STATES[state],
        )


def filtered(command: Callable[..., None]) -> Callable[..., None]:
    """Give `command` the options of `Filters` in the place of its first parameter, which gets their values."""
    own = list(inspect.signature(command).parameters.values())[1:]
    options = [
        inspect.Parameter(one.name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=one.type)
        for one in fields(Filters)
    ]
    names = {option.name for option in options}

    def wrapped(**given: Any) -> None:
        filters = Filters(**{name: given.pop(name) for name in names})
        command(filters, **given)

    parameters = [*options, *(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in own)]
    wrapped.__doc__, wrapped.__name__ = command.__doc__, command.__name__
    wrapped.__annotations__ = {one.name: one.annotation for one in parameters}
    vars(wrapped)["__signature__"] = inspect.Signature(parameters)
    return wrapped
