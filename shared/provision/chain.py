"""The revisions of one schema as their files' names tell them; a service knows its own without loading alembic.

A revision is a file `rNNNN_what_it_does.py` in the service's `store/migrations`. Its number is its name in the chain, and
the numbers run on: two branches that both make the next one meet in a test and not in a database.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE: Final = re.compile(r"r(\d{4})_(\w+)\.py")
SUITE_SCHEMA: Final = "suite"
"""The schema for what all services share."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The revisions of `schema`, oldest first, from the files in `directories`."""

    schema: str
    directories: tuple[Path, ...]
    revisions: tuple[str, ...]

    @property
    def head(self) -> str | None:
        """The revision that this code is written for; None where the schema has no tables."""
        return self.revisions[-1] if self.revisions else None


def chain_of(schema: str, directories: Sequence[Path]) -> Chain:
    """Return the revisions of `schema` in `directories`."""
    files = [FILE.fullmatch(path.name) for directory in directories for path in directory.iterdir()]
    return Chain(schema, tuple(directories), tuple(sorted(found[1] for found in files if found)))


def suite_chain() -> Chain:
    """Return the revisions of the schema that all services share."""
    return chain_of(SUITE_SCHEMA, (Path(__file__).parent / "suite_migrations",))
