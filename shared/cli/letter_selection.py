"""What chooses dead letters: the same filters for looking at them and for acting on them."""

from dataclasses import dataclass, fields
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Table, false, or_

from shared.bus.streams import CONTACTS
from shared.cli.errors import WrongUse
from shared.cli.events import duration
from shared.times import parse_rfc3339, rfc3339

_ESCAPE = "\\"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which dead letters are meant: those for which everything that is given holds."""

    ids: tuple[str, ...] = ()
    service: str | None = None
    stream: str | None = None
    subject: str | None = None
    channel: str | None = None
    saying: str | None = None
    cause: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    state: str | None = None

    @property
    def is_bulk(self) -> bool:
        """Whether letters are chosen by what they are like and not by their ids alone."""
        return not self.ids or any(getattr(self, name) for name in _FILTERS)

    @property
    def filters(self) -> str:
        """The filters in words, as the history keeps them; empty where there are none."""
        given = {name: getattr(self, name) for name in _FILTERS}
        return " ".join(f"--{name} {_told(value)}" for name, value in given.items() if value is not None)

    def conditions(self, table: Table, service: str) -> list[ColumnElement[bool]]:
        """Return what the rows of that service's dead letters must be like; the cause is left to the caller."""
        wanted: list[ColumnElement[bool]] = []
        if self.ids:
            pairs = [split_id(one) for one in self.ids]
            numbers = [number for name, number in pairs if name == service]
            wanted.append(table.c.id.in_(numbers) if numbers else false())
        if self.state is not None:
            wanted.append(table.c.state == self.state)
        if self.stream is not None:
            wanted.append(table.c.stream == self.stream.upper())
        if self.subject is not None:
            wanted.append(_matches(table, self.subject))
        if self.channel is not None:
            wanted.append(table.c.subject == CONTACTS.subjects[0].replace("*", self.channel))
        if self.saying is not None:
            wanted.append(table.c.reason.icontains(self.saying, autoescape=True))
        if self.since is not None:
            wanted.append(table.c.received_at >= self.since)
        if self.until is not None:
            wanted.append(table.c.received_at < self.until)
        return wanted


_FILTERS = tuple(field.name for field in fields(Selection) if field.name not in {"ids", "state"})


def split_id(letter_id: str) -> tuple[str, int]:
    """Return service and number of `<service>:<n>`; `WrongUse` for anything else."""
    service, _, number = letter_id.partition(":")
    if not (service and number.isdecimal() and int(number) < 2**63):
        raise WrongUse(f"{letter_id!r} is no dead letter's id: write one like intake:12")
    return service, int(number)


def moment(text: str) -> datetime:
    """Return the point in time that `2h` (so long ago) or `2026-11-23T10:00:00+08:00` means; `WrongUse` else."""
    if "T" not in text:
        return datetime.now(UTC) - duration(text)
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        raise WrongUse(str(error)) from error


def _matches(table: Table, pattern: str) -> ColumnElement[bool]:
    """Match the whole subject or the end of it, from a dot on; `*` stands for anything."""
    for character in (_ESCAPE, "%", "_"):
        pattern = pattern.replace(character, _ESCAPE + character)
    like = pattern.replace("*", "%")
    subject = table.c.subject
    return or_(subject.like(like, escape=_ESCAPE), subject.like(f"%.{like}", escape=_ESCAPE))


def _told(value: object) -> str:
    text = rfc3339(value) if isinstance(value, datetime) else str(value)
    return f'"{text}"' if " " in text else text
