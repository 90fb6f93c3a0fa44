"""The history of the dead letters on the command line: written with each act, read by `yingda dlq history`."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.bus.letter_acts import acts
from shared.cli.errors import CliError
from shared.cli.letter_selection import split_id
from shared.cli.letters import Letter


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and for a bulk act what chose the letters."""

    by: str
    selection: str | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """One act on one letter; `after` is the body that is published."""

    act: str
    letter: Letter
    note: str | None = None
    after: bytes | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the history; `before` and `after` are SHA-256 in hexadecimal digits."""

    at: datetime
    by: str
    act: str
    letter: str
    message_id: str | None
    before: str
    after: str | None
    note: str | None
    selection: str | None

    def to_json(self) -> dict[str, Any]:
        """Return the act for printing."""
        return {name: getattr(self, name) for name in self.__slots__}


async def write(connection: AsyncConnection, actor: Actor, written: Sequence[Written]) -> None:
    """Add the acts to the history, in the transaction of what was done; `CliError` where there is no history."""
    if not written:
        return
    await _require(connection)
    rows = [
        {
            "by": actor.by,
            "act": one.act,
            "service": one.letter.service,
            "letter": one.letter.number,
            "message_id": one.letter.message_id,
            "before": _digest(one.letter.body),
            "after": None if one.after is None else _digest(one.after),
            "note": one.note,
            "selection": actor.selection,
        }
        for one in written
    ]
    await connection.execute(insert(acts), rows)


async def read(
    engine: AsyncEngine,
    letter_id: str | None = None,
    *,
    by: str | None = None,
    since: datetime | None = None,
    limit: int | None = None,
) -> list[Act]:
    """Return the latest acts, of one letter or all, the oldest of them first."""
    query = select(acts).order_by(acts.c.id.desc()).limit(limit)
    if letter_id is not None:
        service, number = split_id(letter_id)
        query = query.where(acts.c.service == service, acts.c.letter == number)
    if by is not None:
        query = query.where(acts.c.by == by)
    if since is not None:
        query = query.where(acts.c.at >= since)
    async with engine.connect() as connection:
        await _require(connection)
        rows = (await connection.execute(query)).all()
    return [
        Act(
            at=row.at,
            by=row.by,
            act=row.act,
            letter=f"{row.service}:{row.letter}",
            message_id=row.message_id,
            before=row.before,
            after=row.after,
            note=row.note,
            selection=row.selection,
        )
        for row in reversed(rows)
    ]


async def _require(connection: AsyncConnection) -> None:
    if not await connection.scalar(text("SELECT to_regclass(:name)"), {"name": acts.fullname}):
        raise CliError(
            f"the database has no {acts.fullname}, and nothing is done without a trace: run `yingda provision`"
        )


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
