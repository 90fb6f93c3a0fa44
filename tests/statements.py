"""What a service asks PostgreSQL while a test looks on: every statement, whichever door it goes through."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement


@contextmanager
def statements() -> Iterator[list[str]]:
    """Yield the list that grows by the text of each statement of this process, and by `COPY <table>` for each copy.

    Beginnings and ends of transactions are not in it, nor are savepoints.
    """
    told: list[str] = []
    fetch, copy = PreparedStatement.fetch, asyncpg.Connection.copy_records_to_table

    async def fetched(self: Any, *values: Any, **options: Any) -> Any:
        if not self.get_query().startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            told.append(self.get_query())
        return await fetch(self, *values, **options)

    async def copied(self: Any, table_name: str, **options: Any) -> Any:
        told.append(f"COPY {options['schema_name']}.{table_name}")
        return await copy(self, table_name, **options)

    PreparedStatement.fetch, asyncpg.Connection.copy_records_to_table = fetched, copied
    try:
        yield told
    finally:
        PreparedStatement.fetch, asyncpg.Connection.copy_records_to_table = fetch, copy
