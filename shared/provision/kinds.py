"""Which operations of a revision the code that ran before survives, beside the traffic (ADR 0026).

A revision of the expand kind adds what old code does not see, and takes no lock for longer than a moment. Everything else
is a contract: its file names the oldest code that still runs (`oldest_code`), or the operation is done in another way.
"""

import re
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any, Final

from alembic.operations import Operations
from alembic.operations.ops import (
    AddColumnOp,
    AlterColumnOp,
    BulkInsertOp,
    CreateIndexOp,
    CreateTableCommentOp,
    CreateTableOp,
    DropIndexOp,
    ExecuteSQLOp,
    MigrateOperation,
)
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, ColumnDefault, DefaultClause

_HARMLESS_SQL: Final = re.compile(
    r"\s*(CREATE (OR REPLACE )?(FUNCTION|TRIGGER)\b|COMMENT ON\b|ALTER TABLE \S+ SET \()", re.IGNORECASE
)
"""Statements that can be judged by how they begin: what they add is not seen, or is a setting of the storage."""


class Recorder(Operations):
    """Keeps the operations of a revision instead of doing them."""

    def __init__(self) -> None:
        super().__init__(MigrationContext.configure(dialect_name="postgresql", opts={"as_sql": True}))
        self.recorded: list[MigrateOperation] = []

    def invoke(self, operation: MigrateOperation) -> Any:
        """Note the operation; return the table of one that makes it, for rows to be put into."""
        self.recorded.append(operation)
        return operation.to_table() if isinstance(operation, CreateTableOp) else None


def operations_of(module: ModuleType) -> list[MigrateOperation]:
    """Return what the revision in `module` does, in order."""
    recorder = Recorder()
    module.upgrade(recorder)
    return recorder.recorded


def not_expanding(operations: Sequence[MigrateOperation], *, concurrently: bool) -> list[str]:
    """Return a sentence for each operation that the code of before may not survive, or that holds the traffic up."""
    new = {one.table_name for one in operations if isinstance(one, CreateTableOp)}
    said = [sentence for one in operations for sentence in _judged(one, new)]
    if concurrently and not all(isinstance(one, CreateIndexOp | DropIndexOp) and _beside(one) for one in operations):
        said.append("without a transaction only indexes are built, CONCURRENTLY and IF NOT EXISTS")
    return said


def _judged(operation: MigrateOperation, new: set[str]) -> Iterator[str]:
    match operation:
        case CreateTableOp() | CreateTableCommentOp():
            return
        case BulkInsertOp() if operation.table.name in new:
            return
        case CreateIndexOp() if operation.table_name in new:
            return
        case CreateIndexOp() if operation.unique:
            yield f"the unique index {operation.index_name} refuses rows that older code writes"
        case CreateIndexOp():
            if not _beside(operation):
                yield f"the index {operation.index_name} on a table with rows is built CONCURRENTLY and IF NOT EXISTS"
        case AddColumnOp():
            yield from _column(operation.table_name, operation.column)
        case AlterColumnOp() if _only_default(operation):
            return
        case ExecuteSQLOp() if _HARMLESS_SQL.match(str(operation.sqltext)):
            return
        case _:
            yield f"{type(operation).__name__} is a contract: it needs `oldest_code`"


def _column(table: str, column: Column[Any]) -> Iterator[str]:
    default = column.server_default
    if default is None and not column.nullable:
        yield f"the column {table}.{column.name} is refused by rows of older code: let it be null, or give it a default"
    if default is not None and (not isinstance(default, DefaultClause) or "(" in str(default.arg)):
        yield f"the default of {table}.{column.name} is computed for each row: every page is written under a lock"
    if isinstance(column.default, ColumnDefault):
        yield f"the default of {table}.{column.name} is Python's, which older code does not have"


def _only_default(operation: AlterColumnOp) -> bool:
    """Tell whether nothing but the default of later rows changes."""
    return operation.modify_type is None and operation.modify_nullable is None and operation.modify_name is None


def _beside(operation: CreateIndexOp | DropIndexOp) -> bool:
    """Tell whether an index is built or dropped beside the traffic, and again where that was broken off."""
    again = operation.if_not_exists if isinstance(operation, CreateIndexOp) else operation.if_exists
    return bool(operation.kw.get("postgresql_concurrently") and again)
