"""What the tables in the code have otherwise than a schema in the database: alembic's comparison, as operations."""

import re
from collections.abc import Iterator
from typing import Any

from alembic.autogenerate import produce_migrations
from alembic.operations.ops import CreateIndexOp, DropIndexOp, MigrateOperation, OpContainer
from alembic.runtime.migration import MigrationContext
from sqlalchemy import MetaData
from sqlalchemy.engine import Connection

from shared.provision.versions import VERSION_TABLE

_NOTHING = {"None", "[]", "{}", "False"}
"""How an option is told that is not set."""


def differences(connection: Connection, metadata: MetaData) -> list[MigrateOperation]:
    """Return the operations that would make the schema of `metadata` as it is in the code; none where it is.

    Tables, columns with types, nullability, defaults and identity, indexes, unique and foreign keys are compared.
    """

    def ours(name: str | None, kind: str, _parents: Any) -> bool:
        return name == metadata.schema if kind == "schema" else not (kind == "table" and name == VERSION_TABLE)

    options = {"include_schemas": True, "include_name": ours, "compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(connection, opts=options | {"target_metadata": metadata})
    found = produce_migrations(context, metadata).upgrade_ops
    return _without_equal_indexes(list(_flat(found))) if found is not None else []


def _without_equal_indexes(found: list[MigrateOperation]) -> list[MigrateOperation]:
    """Leave out indexes that alembic would drop and make again only because PostgreSQL words an expression otherwise."""
    held = {one.index_name: _worded(one.reverse()) for one in found if isinstance(one, DropIndexOp)}
    wanted = {one.index_name: _worded(one) for one in found if isinstance(one, CreateIndexOp)}
    equal = {name for name, words in wanted.items() if name is not None and held.get(name) == words}
    return [one for one in found if not (isinstance(one, CreateIndexOp | DropIndexOp) and one.index_name in equal)]


def _worded(operation: CreateIndexOp) -> tuple[object, ...]:
    """Return what the index is, without spaces, casts, brackets and the ELSE that PostgreSQL adds."""
    index = operation.to_index()
    told = " ".join(str(part).rpartition(".")[2] for part in index.expressions)
    bare = re.sub(r"::\w+|[\s()]", "", told.lower()).replace("elsenullend", "end")
    kept = sorted((key, str(value)) for key, value in operation.kw.items() if str(value) not in _NOTHING)
    return index.unique, bare, *kept


def _flat(container: OpContainer) -> Iterator[MigrateOperation]:
    """Yield the operations of all tables, which alembic keeps by table."""
    for one in container.ops:
        if isinstance(one, OpContainer):
            yield from _flat(one)
        else:
            yield one
