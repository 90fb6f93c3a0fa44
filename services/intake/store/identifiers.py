"""Who is known by which identifier: set-based statements, safe between replicas."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import TableValuedAlias, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.domain.customer_file import FIELDS, CustomerFile
from services.intake.domain.customers import Identifier
from services.intake.store.parameters import given
from services.intake.store.tables import customers, identifiers
from shared.db import insert_rows
from shared.events import Preferences


async def load_owners(
    connection: AsyncConnection, wanted: Iterable[Identifier]
) -> tuple[dict[Identifier, str], dict[str, CustomerFile]]:
    """Return who owns each of the `wanted` identifiers that is known, and the files of these customers."""
    pairs = sorted(set(wanted))
    if not pairs:
        return {}, {}
    asked = given("kind", "value")
    query = select(identifiers.c.kind, identifiers.c.value, customers).join_from(
        identifiers.join(asked, _same(asked)), customers, customers.c.id == identifiers.c.customer_id
    )
    owners: dict[Identifier, str] = {}
    files: dict[str, CustomerFile] = {}
    for row in await connection.execute(query, _columns_of(pairs)):
        owners[Identifier(row.kind, row.value)] = row.id
        files[row.id] = file_in(row._mapping)  # noqa: SLF001 (public name)
    return owners, files


def file_in(row: Mapping[Any, Any]) -> CustomerFile:
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
