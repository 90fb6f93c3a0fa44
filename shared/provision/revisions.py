"""The revisions of a chain as alembic loads them from their files, and how some of them are run."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import Script, ScriptDirectory
from sqlalchemy import text
from sqlalchemy.engine import Connection

from shared.provision.chain import Chain
from shared.provision.versions import VERSION_TABLE, update_version


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a schema, and what its file says about it.

    `oldest_code` is set by one that not all code survives which ran before (a contract): the oldest that does.
    `concurrently` says that it takes no transaction, as building an index beside the traffic must not.
    """

    number: str
    says: str
    oldest_code: str | None
    concurrently: bool


def scripts_of(chain: Chain) -> ScriptDirectory:
    """Return alembic's view of the chain."""
    return ScriptDirectory(chain.directories[0], version_locations=[str(path) for path in chain.directories])


def revisions_of(scripts: ScriptDirectory) -> list[Revision]:
    """Return all revisions, oldest first."""
    return [revision_of(script) for script in reversed(list(scripts.walk_revisions()))]


def revision_of(script: Script) -> Revision:
    """Return what the file of one revision says."""
    return Revision(
        number=script.revision,
        says=script.doc[:1].lower() + script.doc[1:].rstrip("."),
        oldest_code=getattr(script.module, "oldest_code", None),
        concurrently=getattr(script.module, "concurrently", False),
    )


def transactions(pending: Sequence[Revision]) -> list[list[Revision]]:
    """Return `pending` in parts: what commits together, and alone each that takes no transaction."""
    return [
        part
        for concurrently, together in groupby(pending, lambda one: one.concurrently)
        for part in ([[one] for one in together] if concurrently else [list(together)])
    ]


def still_runs(before: Sequence[str], revision: Revision) -> list[str]:
    """Return the revisions whose code runs on the schema once `revision` is made, where that of `before` did."""
    return [one for one in before if revision.oldest_code is None or one >= revision.oldest_code] + [revision.number]


@dataclass(slots=True)
class Steps:
    """Revisions that are made together; `current` is the one in hand, for the sentence when it fails."""

    chain: Chain
    scripts: ScriptDirectory
    together: Sequence[Revision]
    current: Revision = field(init=False)

    def __post_init__(self) -> None:
        self.current = self.together[0]

    def run(self, connection: Connection) -> None:
        """Make the revisions in the open transaction and note each in the version table."""
        options = {
            "fn": self._steps,
            "version_table": VERSION_TABLE,
            "version_table_schema": self.chain.schema,
            "on_version_apply": (self._note,),
        }
        context = MigrationContext.configure(connection, opts=options)
        # Each is given its operations: alembic's module `op` is one for the process, and there may be two connections.
        context.run_migrations(op=Operations(context))

    def _steps(self, heads: Any, _context: MigrationContext) -> Iterator[Any]:
        target = self.together[-1].number
        for revision, step in zip(
            self.together,
            self.scripts._upgrade_revs(target, heads),  # noqa: SLF001 (what alembic's cookbook calls)
            strict=True,
        ):
            self.current = revision
            yield step

    def _note(self, *, ctx: MigrationContext, **_: Any) -> None:
        """Let the version table say which code runs on the schema from now on."""
        connection, schema = ctx.connection, self.chain.schema
        assert connection is not None  # noqa: S101 (alembic is never offline here)
        table = f'"{schema}".{VERSION_TABLE}'
        before = connection.scalar(text(f"SELECT runs FROM {table}")) or []
        runs = still_runs(before, self.current)
        connection.execute(text(update_version(schema)), {"runs": runs})
        if self.chain.revisions[0] not in runs:
            # The mark by which code from before the revisions knew the schema: it does not run any more.
            connection.execute(text(f'COMMENT ON SCHEMA "{schema}" IS NULL'))
