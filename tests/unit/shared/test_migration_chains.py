"""The revisions that are installed: one chain per schema, each of a kind that the code before it survives (ADR 0026)."""

from pathlib import Path

import pytest

import shared.provision.runtime_migrations
from shared.provision.kinds import not_expanding, operations_of
from shared.provision.revisions import revision_of, scripts_of
from tests.architecture.test_imports import imports, within
from tests.migrations.chains import CHAINS

FROZEN = ("alembic", "sqlalchemy", "shared.provision.runtime_migrations")
STEPS = [(name, number) for name, chain in CHAINS.items() for number in chain.revisions]


@pytest.mark.parametrize("name", CHAINS)
def test_the_files_are_one_chain_in_the_order_of_their_numbers(name: str) -> None:
    """What a service reads off the names without loading them is what alembic does."""
    chain = CHAINS[name]
    scripts = scripts_of(chain)
    assert [one.revision for one in reversed(list(scripts.walk_revisions()))] == list(chain.revisions)
    assert list(chain.revisions) == [f"{number:04}" for number in range(1, len(chain.revisions) + 1)]
    assert chain.head == scripts.get_current_head()


@pytest.mark.parametrize(("name", "number"), STEPS)
def test_every_revision_is_survived_by_the_code_before_it_or_says_by_which_it_is(name: str, number: str) -> None:
    """The expand kind, or a mark: `oldest_code` names a revision of the chain."""
    script = scripts_of(CHAINS[name]).get_revision(number)
    assert script is not None
    revision = revision_of(script)
    assert revision.says
    if revision.oldest_code is None:
        assert not_expanding(operations_of(script.module), concurrently=revision.concurrently) == []
    else:
        assert revision.oldest_code in CHAINS[name].revisions
        assert revision.oldest_code <= number


def test_every_service_that_has_tables_has_migrations() -> None:
    assert [name for name, chain in CHAINS.items() if chain.head is None] == []


def test_a_revision_rests_on_nothing_that_changes_later() -> None:
    """It makes the same tables for ever: what the code has today is not for it to see."""
    folders = [folder for chain in CHAINS.values() for folder in chain.directories]
    for folder in [*folders, *map(Path, shared.provision.runtime_migrations.__path__)]:
        for path in folder.glob("r*.py"):
            assert [name for name in imports(path) if not within(name, *FROZEN)] == [], path.name
