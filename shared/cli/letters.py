"""The dead letters of all services as the command line sees them: read by what chooses them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.bus.tables import RuntimeTables
from shared.cli.errors import WrongUse
from shared.cli.letter_cause import cause_of
from shared.cli.letter_selection import Selection, split_id
from shared.cli.schemas import service_tables
from shared.db import update_rows

OPEN, REPLAYED, DISCARDED = "open", "replayed", "discarded"
_UNTOLD = {"body", "written_by"}


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter; `id` is `<service>:<n>`. A list is read without the bodies, which are empty in it."""

    id: str
    service: str
    state: str
    subject: str
    message_id: str | None
    reason: str
    errors: Sequence[Mapping[str, str]]
    stream: str
    sequence: int
    received_at: datetime
    replays: int
    acted_by: str | None
    acted_at: datetime | None
    note: str | None
    body: bytes = b""
    written_by: str | None = None
    """The transaction that wrote the row last; known of a letter that is about to be acted on."""

    @property
    def number(self) -> int:
        """Its number among the letters of its service."""
        return int(self.id.rpartition(":")[2])

    @property
    def cause(self) -> str:
        """What the letters of the same fault have in common, as `dlq list --group` names it."""
        return cause_of(self.service, self.reason)

    def to_json(self, *, with_body: bool = False) -> dict[str, Any]:
        """Return the letter for printing; the body, which may hold personal data, only when asked for."""
        told = {name: getattr(self, name) for name in self.__slots__ if name not in _UNTOLD} | {"cause": self.cause}
        return told | {"body": self.body.decode(errors="replace")} if with_body else told


async def list_letters(engine: AsyncEngine, selection: Selection, *, with_bodies: bool = False) -> list[Letter]:
    """Return the letters that `selection` chooses, the oldest first; `WrongUse` where it names one that is not there."""
    found: list[Letter] = []
    async with engine.connect() as connection:
        for name, tables in (await service_tables(connection, selection.service)).items():
            table = tables.dead_letters
            columns = [column for column in table.c if with_bodies or column.name != "body"]
            query = select(*columns).where(*selection.conditions(table, name)).order_by(table.c.id)
            found += [_letter(name, row) for row in await connection.execute(query)]
    if selection.cause is not None:
        found = [letter for letter in found if letter.cause == selection.cause]
    return sorted(found, key=lambda letter: letter.received_at)


async def load_letter(engine: AsyncEngine, letter_id: str) -> Letter:
    """Return one letter with its body; `WrongUse` where there is none of that id."""
    service, number = split_id(letter_id)
    async with engine.connect() as connection:
        table = (await service_tables(connection, service))[service].dead_letters
        row = (await connection.execute(select(table).where(table.c.id == number))).one_or_none()
    if row is None:
        raise WrongUse(f"there is no dead letter {letter_id}")
    return _letter(service, row)


def split_ids(letter_ids: Sequence[str]) -> dict[str, list[int]]:
    """Return the numbers by service, each once and ascending: the order in which the letters were written."""
    found: dict[str, set[int]] = {}
    for letter_id in letter_ids:
        service, number = split_id(letter_id)
        found.setdefault(service, set()).add(number)
    return {service: sorted(numbers) for service, numbers in found.items()}


async def tables_of(connection: AsyncConnection, service: str) -> RuntimeTables:
    """Return the runtime's tables of one service; `WrongUse` where the database does not know it."""
    return (await service_tables(connection, service))[service]


async def locked(
    connection: AsyncConnection, tables: RuntimeTables, service: str, numbers: Sequence[int]
) -> list[Letter]:
    """Return these letters, locked until the commit; `WrongUse` where one is not there."""
    table = tables.dead_letters
    written_by: ColumnElement[str] = literal_column("xmin::text")
    query = (
        select(*table.c, written_by.label("written_by"))
        .where(table.c.id.in_(numbers))
        .order_by(table.c.id)
        .with_for_update()
    )
    rows: Iterable[Row[Any]] = await connection.execute(query)
    found = [_letter(service, row) for row in rows]
    for number in numbers[len(found) :] and sorted(set(numbers) - {letter.number for letter in found}):
        raise WrongUse(f"there is no dead letter {service}:{number}")
    return found


async def mark(
    connection: AsyncConnection,
    tables: RuntimeTables,
    letters: Sequence[Letter],
    state: str,
    by: str,
    notes: Mapping[str, str | None],
) -> None:
    """Note the new state of `letters`, who gave it to them, and what there is to say of each."""
    at = await connection.scalar(select(func.clock_timestamp()))
    rows = [
        {"id": letter.number, "state": state, "acted_by": by, "acted_at": at, "note": notes.get(letter.id)}
        for letter in letters
    ]
    await update_rows(connection, tables.dead_letters, rows)


def _letter(service: str, row: Row[Any]) -> Letter:
    held = row._mapping  # noqa: SLF001 (SQLAlchemy's public name)
    known = {name: held[name] for name in Letter.__slots__ if name in held and name != "id"}
    return Letter(id=f"{service}:{row.id}", service=service, **known)
