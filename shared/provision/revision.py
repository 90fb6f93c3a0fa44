"""Writes the next revision of a service's schema: `python -m shared.provision.revision SERVICE "what it does"`.

What the tables in the code have otherwise than the migrations make them is found on an embedded PostgreSQL. Read what was
written: a renamed column looks like one dropped and one added. What all services have is moved to `runtime_migrations`.
"""

import asyncio
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from alembic.autogenerate import render_python_code
from alembic.operations.ops import CreateIndexOp, CreateTableOp, DropIndexOp, MigrateOperation, UpgradeOps
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import create_engine
from shared.provision.chain import chain_of
from shared.provision.compare import differences
from shared.provision.errors import ProvisionError
from shared.provision.kinds import not_expanding
from shared.provision.roles import provision_roles
from shared.provision.schemas import provision_schema
from shared.service import Service, UnknownServiceError, find_service
from shared.settings import Settings
from shared.testing.embedded_errors import EmbeddedError
from shared.testing.embedded_postgres import EmbeddedPostgres

FILE = '''"""{says}."""

import sqlalchemy as sa
from alembic.operations import Operations
from sqlalchemy.dialects import postgresql

revision = "{number:04}"
down_revision = {before}
{marks}

def upgrade(op: Operations) -> None:
{body}
'''


def main(arguments: Sequence[str]) -> int:
    """Write the revision and tell its files; return 1 where there is nothing to write, 2 for wrong use."""
    if len(arguments) != 2 or not all(arguments):  # noqa: PLR2004 (what the usage says)
        sys.stderr.write('usage: python -m shared.provision.revision SERVICE "what it does"\n')
        return 2
    name, says = arguments
    try:
        service = find_service(name)
        parts = asyncio.run(_found(service))
    except (UnknownServiceError, ProvisionError, EmbeddedError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    for part in parts:
        path, notes = write(service, says, part)
        sys.stdout.write("".join(f"{line}\n" for line in (f"{path} written: read it", *notes)))
    if not parts:
        sys.stdout.write(f"the migrations of {name} make the tables that its code has: nothing to write\n")
    return 0 if parts else 1


async def missing(engine: AsyncEngine, service: Service) -> list[list[MigrateOperation]]:
    """Return the operations that the migrations of `service` lack, those apart that build indexes beside the traffic.

    They are made in the database of `engine`, which has none of it yet.
    """
    async with engine.connect() as connection:
        async with connection.begin():
            await provision_roles(connection, [service.name])
        await provision_schema(connection, service)
        found = await connection.run_sync(differences, service.metadata)
    new = {one.table_name for one in found if isinstance(one, CreateTableOp)}
    indexes = [one for one in found if isinstance(one, CreateIndexOp | DropIndexOp) and one.table_name not in new]
    for one in indexes:
        one.kw["postgresql_concurrently"] = True
        if isinstance(one, CreateIndexOp):
            one.if_not_exists = True
        else:
            one.if_exists = True
    others = [one for one in found if one not in indexes]
    return [part for part in (others, list[MigrateOperation](indexes)) if part]


def write(service: Service, says: str, operations: Sequence[MigrateOperation]) -> tuple[Path, list[str]]:
    """Write the next revision of `service` with these operations; return its file, and what is to be decided in it."""
    chain = chain_of(service.name, service.migrations)
    number = int(chain.head or 0) + 1
    concurrently = any(
        one.kw.get("postgresql_concurrently") for one in operations if isinstance(one, CreateIndexOp | DropIndexOp)
    )
    notes = not_expanding(operations, concurrently=concurrently)
    marks = "concurrently = True\n" if concurrently else ""
    if notes:
        marks += f'oldest_code = "{number:04}"  # of the code that ran before, the oldest that still does\n'
    body = render_python_code(
        UpgradeOps(list(operations)), migration_context=MigrationContext.configure(dialect_name="postgresql")
    )
    lines = [line for line in body.splitlines() if not line.lstrip().startswith("# ###")]
    slug = re.sub(r"[^a-z0-9]+", "_", says.lower()).strip("_")
    path = service.migrations[0] / f"r{number:04}_{slug}.py"
    text = FILE.format(
        says=says.rstrip("."),
        number=number,
        before=f'"{chain.head}"' if chain.head is not None else "None",
        marks=marks,
        body="\n".join(lines).replace("(astext_type=sa.Text())", "()"),
    )
    path.write_text(text, encoding="utf-8")
    for command in (["check", "--quiet", "--fix", "--select", "F401,I"], ["format", "--quiet"]):
        subprocess.run([sys.executable, "-m", "ruff", *command, path], check=True)  # noqa: S603 (our own arguments)
    return path, notes


async def _found(service: Service) -> list[list[MigrateOperation]]:
    """Return what is missing, found on a PostgreSQL for this moment."""
    with _folder() as folder:
        async with EmbeddedPostgres(folder) as server:
            engine = create_engine(Settings(database_url=server.url))
            try:
                return await missing(engine, service)
            finally:
                await engine.dispose()


@contextmanager
def _folder() -> Iterator[Path]:
    """Yield a directory that PostgreSQL may enter as whatever user it runs."""
    with tempfile.TemporaryDirectory(prefix="yingda-revision-") as name:
        Path(name).chmod(0o711)
        yield Path(name) / "postgres"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
