"""Who is known by which identifier: set-based statements, safe between replicas."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import TableValuedAlias, delete, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.customer_file import FIELDS, CustomerFile
from services.intake.domain.customers import Identifier
from services.intake.store.parameters import given
from services.intake.store.tables import contacts, customers, identifiers
from shared.db import Prepared, Row, fetch, insert_rows
from shared.events import Preferences

_KNOWN: Final = Prepared(
    text(
        "SELECT stored.recorded, owned.* "
        f"FROM (SELECT ARRAY(SELECT source_id FROM {contacts.fullname} WHERE source_id = ANY (CAST(:sources AS text[])))) "
        "AS stored(recorded) LEFT JOIN ("
        f"SELECT i.kind, i.value, c.id, {', '.join(f'c.{name}' for name in FIELDS)}, c.preferences "
        "FROM unnest(CAST(:kinds AS text[]), CAST(:values AS text[])) AS asked(kind, value) "
        f"JOIN {identifiers.fullname} AS i ON i.kind = asked.kind AND i.value = asked.value "
        f"JOIN {customers.fullname} AS c ON c.id = i.customer_id) AS owned ON true"
    )
)


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of some contacts and those who stand behind them."""

    owners: Mapping[Identifier, str]
    """The customers' ids by the identifiers that are somebody's."""
    files: Mapping[str, CustomerFile]
    """The files of these customers."""
    recorded: Container[str]
    """Those of the contacts that are recorded, by their source ids."""


async def load_known(
    connection: AsyncConnection, wanted: Iterable[Identifier], source_ids: Sequence[str] = ()
) -> Known:
    """Return what is known of identifiers, and which contacts are recorded."""
    pairs = sorted(set(wanted))
    asked = {"kinds": [one.kind for one in pairs], "values": [one.value for one in pairs], "sources": source_ids}
    rows = await fetch(connection, _KNOWN, asked)
    owned = [row for row in rows if row.id is not None]
    owners = {Identifier(row.kind, row.value): row.id for row in owned}
    return Known(owners, {row.id: file_in(row) for row in owned}, frozenset(rows[0].recorded))


def file_in(row: Mapping[Any, Any] | Row) -> CustomerFile:
    """Return the file in a row of `customers`."""
    return CustomerFile(**{name: row[name] for name in FIELDS}, preferences=Preferences(**row["preferences"]))


async def claim(
    connection: AsyncConnection, claims: Mapping[Identifier, str], sources: Mapping[Identifier, str], at: datetime
) -> set[Identifier]:
    """Write identifiers that nobody has, and return those that are ours now.

    Another replica's claim to the same one is waited for; where it is committed first, it wins. All replicas claim
    in the same order, so that they cannot wait for each other.
    """
    rows = [
        {"kind": i.kind, "value": i.value, "customer_id": claims[i], "source_id": sources[i], "created_at": at}
        for i in sorted(claims)
    ]
    won = await insert_rows(connection, identifiers, rows, ignore_conflicts=True, returning=("kind", "value"))
    return {Identifier(row.kind, row.value) for row in won}


async def reassign(connection: AsyncConnection, moves: Mapping[Identifier, str]) -> None:
    """Give identifiers that this transaction has claimed to other customers."""
    if not moves:
        return
    asked = given("kind", "value", "customer_id")
    pairs = sorted(moves)
    await connection.execute(
        update(identifiers).values(customer_id=asked.c.customer_id).where(_same(asked)),
        {**_columns_of(pairs), "customer_id_": [moves[i] for i in pairs]},
    )


async def release(connection: AsyncConnection, customer_id: str, wrong: Iterable[Identifier]) -> None:
    """Take identifiers from a customer that turned out not to be theirs."""
    pairs = sorted(wrong)
    if not pairs:
        return
    values = [(pair.kind, pair.value) for pair in pairs]
    await connection.execute(
        delete(identifiers)
        .where(tuple_(identifiers.c.kind, identifiers.c.value).in_(values))
        .where(identifiers.c.customer_id == customer_id)
    )


def _same(asked: TableValuedAlias) -> Any:
    return tuple_(identifiers.c.kind, identifiers.c.value) == tuple_(asked.c.kind, asked.c.value)


def _columns_of(pairs: Sequence[Identifier]) -> dict[str, list[str]]:
    return {"kind_": [pair.kind for pair in pairs], "value_": [pair.value for pair in pairs]}
