"""The dead letters of all services: read, replayed, discarded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from nats.aio.client import Client
from sqlalchemy import ColumnElement, Row, delete, func, literal_column, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.bus.ordering import skip_version
from shared.bus.publish import Outgoing, Publisher, PublishError
from shared.bus.tables import RuntimeTables
from shared.cli.errors import CliError, WrongUse
from shared.cli.schemas import service_tables

OPEN, REPLAYED, DISCARDED = "open", "replayed", "discarded"


@dataclass(frozen=True, slots=True)
class Letter:
    """One dead letter; `id` is `<service>:<n>`."""

    id: str
    service: str
    state: str
    subject: str
    message_id: str | None
    reason: str
    errors: Sequence[Mapping[str, str]]
    body: bytes
    stream: str
    sequence: int
    received_at: datetime
    replays: int
    acted_by: str | None
    acted_at: datetime | None
    note: str | None

    def to_json(self, *, with_body: bool = False) -> dict[str, Any]:
        """Return the letter for printing; the body, which may hold personal data, only when asked for."""
        names = [name for name in self.__slots__ if name != "body"]
        told = {name: getattr(self, name) for name in names}
        return told | {"body": self.body.decode(errors="replace")} if with_body else told


async def list_letters(engine: AsyncEngine, service: str | None, state: str | None) -> list[Letter]:
    """Return the letters of one service or all, in one state or any, the oldest first."""
    found: list[Letter] = []
    async with engine.connect() as connection:
        for name, tables in (await service_tables(connection, service)).items():
            query = select(tables.dead_letters).order_by(tables.dead_letters.c.id)
            if state is not None:
                query = query.where(tables.dead_letters.c.state == state)
            found += [_letter(name, row) for row in await connection.execute(query)]
    return sorted(found, key=lambda letter: letter.received_at)


async def load_letter(engine: AsyncEngine, letter_id: str) -> Letter:
    """Return one letter; `WrongUse` where there is none of that id."""
    service, number = split_id(letter_id)
    async with engine.connect() as connection:
        table = (await service_tables(connection, service))[service].dead_letters
        row = (await connection.execute(select(table).where(table.c.id == number))).one_or_none()
    if row is None:
        raise WrongUse(f"there is no dead letter {letter_id}")
    return _letter(service, row)


async def replay_letter(engine: AsyncEngine, client: Client, letter_id: str, body: bytes | None, by: str) -> None:
    """Publish the letter again, with `body` instead of its own if given, and mark it replayed.

    It reaches its consumers also within the server's duplicate window; where it has had its effect already, it has
    none. A letter whose publishing fails stays open.
    """
    letter = await load_letter(engine, letter_id)
    if letter.state == DISCARDED:
        raise CliError(f"the dead letter {letter_id} was discarded by {letter.acted_by}: {letter.note}")
    times = await _prepare(engine, letter)
    _, number = split_id(letter_id)
    message_id = f"replay/{letter.service}/{number}/{times}"
    try:
        await Publisher(client, letter.stream).publish([Outgoing(message_id, letter.subject, body or letter.body)])
    except PublishError as error:
        raise CliError(f"the dead letter {letter_id} may not have arrived, replay it again: {error}") from error
    await _mark(engine, letter, REPLAYED, by, "with an edited body" if body else None)


async def discard_letter(engine: AsyncEngine, letter_id: str, reason: str, by: str) -> None:
    """Mark the letter as dealt with, for `reason`; `CliError` where it was already.

    The later events of its work order, which waited for it, go on without it.
    """
    letter = await load_letter(engine, letter_id)
    if letter.state != OPEN:
        raise CliError(f"the dead letter {letter_id} is {letter.state} already")
    await _mark(engine, letter, DISCARDED, by, reason)
    async with engine.begin() as connection:
        tables = (await service_tables(connection, letter.service))[letter.service]
        await skip_version(connection, tables, letter.body)


def split_id(letter_id: str) -> tuple[str, int]:
    """Return service and number of `<service>:<n>`; `WrongUse` for anything else."""
    service, _, number = letter_id.partition(":")
    if not (service and number.isdecimal()):
        raise WrongUse(f"{letter_id!r} is no dead letter's id: write one like intake:12")
    return service, int(number)


async def _prepare(engine: AsyncEngine, letter: Letter) -> int:
    """Count the replay, and let the inbox take the message again; return how many replays that makes.

    A handler that rejects a message has noted it in the inbox, in the same transaction as the letter. That row (and no
    other: one of another transaction tells of an effect) must go, or the corrected message would be dropped.
    """
    _, number = split_id(letter.id)
    tables: RuntimeTables
    async with engine.begin() as connection:
        tables = (await service_tables(connection, letter.service))[letter.service]
        letters, inbox = tables.dead_letters, tables.inbox
        written_by: ColumnElement[str] = literal_column("xmin::text")
        query = select(written_by).select_from(letters).where(letters.c.id == number).with_for_update()
        transaction = await connection.scalar(query)
        await connection.execute(
            delete(inbox).where(inbox.c.message_id == letter.message_id).where(written_by == transaction)
        )
        times = await connection.scalar(
            update(letters)
            .where(letters.c.id == number)
            .values(replays=letters.c.replays + 1)
            .returning(letters.c.replays)
        )
    return int(times or 1)


async def _mark(engine: AsyncEngine, letter: Letter, state: str, by: str, note: str | None) -> None:
    _, number = split_id(letter.id)
    async with engine.begin() as connection:
        table = (await service_tables(connection, letter.service))[letter.service].dead_letters
        values = {"state": state, "acted_by": by, "acted_at": func.clock_timestamp(), "note": note}
        await connection.execute(update(table).where(table.c.id == number).values(**values))


def _letter(service: str, row: Row[Any]) -> Letter:
    return Letter(
        id=f"{service}:{row.id}",
        service=service,
        **{name: getattr(row, name) for name in Letter.__slots__ if name not in {"id", "service"}},
    )
