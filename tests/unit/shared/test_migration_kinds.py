"""What is told from a revision's operations alone: what older code survives, and what holds the traffic up (ADR 0026)."""

from pathlib import Path

import pytest

from shared.provision.kinds import not_expanding, operations_of
from shared.provision.revisions import Revision, revision_of, scripts_of, still_runs, transactions
from tests.migrations.chains import SERVICES, Next, chain_with

BESIDE = 'schema="sla", postgresql_concurrently=True, if_not_exists=True'


def judged(tmp_path: Path, *upgrade: str, marks: tuple[str, ...] = ()) -> list[str]:
    """Return what is said against a revision of sla with these lines."""
    chain = chain_with(Next(SERVICES["sla"], tmp_path).write(*upgrade, marks=marks))
    scripts = scripts_of(chain)
    assert chain.head is not None
    script = scripts.get_revision(chain.head)
    assert script is not None
    return not_expanding(operations_of(script.module), concurrently=revision_of(script).concurrently)


@pytest.mark.parametrize(
    "line",
    [
        'op.add_column("clocks", sa.Column("colour", sa.Text()), schema="sla")',
        'op.add_column("clocks", sa.Column("weight", sa.Integer(), nullable=False, server_default="0"), schema="sla")',
        'op.create_table("colours", sa.Column("name", sa.Text(), primary_key=True), schema="sla")',
        'op.alter_column("clocks", "state", server_default="running", schema="sla")',
        'op.execute("CREATE OR REPLACE FUNCTION sla.one() RETURNS int LANGUAGE sql RETURN 1")',
        'op.execute("ALTER TABLE sla.clocks SET (fillfactor = 80)")',
        "op.execute(\"COMMENT ON TABLE sla.clocks IS 'deadlines'\")",
    ],
)
def test_what_older_code_does_not_see_expands(tmp_path: Path, line: str) -> None:
    assert judged(tmp_path, line) == []


def test_a_new_table_may_have_whatever_index_and_rows_it_wants(tmp_path: Path) -> None:
    lines = (
        'table = op.create_table("colours", sa.Column("name", sa.Text(), primary_key=True), schema="sla")',
        'op.create_index("colours_once", "colours", [sa.text("lower(name)")], unique=True, schema="sla")',
        'op.bulk_insert(table, [{"name": "red"}])',
    )
    assert judged(tmp_path, *lines) == []


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('op.drop_column("clocks", "grade", schema="sla")', "DropColumnOp is a contract"),
        ('op.drop_table("clocks", schema="sla")', "DropTableOp is a contract"),
        ('op.rename_table("clocks", "watches", schema="sla")', "RenameTableOp is a contract"),
        ('op.alter_column("clocks", "cycle", type_=sa.BigInteger(), schema="sla")', "AlterColumnOp is a contract"),
        ('op.alter_column("clocks", "grade", nullable=False, schema="sla")', "AlterColumnOp is a contract"),
        ('op.alter_column("clocks", "grade", new_column_name="level", schema="sla")', "AlterColumnOp is a contract"),
        (
            'op.create_check_constraint("sane", "clocks", "cycle > 0", schema="sla")',
            "CreateCheckConstraintOp is a contract",
        ),
        ("op.execute(\"UPDATE sla.clocks SET grade = 'x'\")", "ExecuteSQLOp is a contract"),
        (
            'op.add_column("clocks", sa.Column("colour", sa.Text(), nullable=False), schema="sla")',
            "the column clocks.colour is refused by rows of older code",
        ),
        (
            'op.add_column("clocks", sa.Column("seen", sa.DateTime(), server_default=sa.text("now()")), schema="sla")',
            "the default of clocks.seen is computed for each row",
        ),
        (
            'op.add_column("clocks", sa.Column("seq", sa.BigInteger(), sa.Identity()), schema="sla")',
            "the default of clocks.seq is computed for each row",
        ),
        (
            'op.create_index("clocks_by_grade", "clocks", ["grade"], schema="sla")',
            "the index clocks_by_grade on a table with rows is built CONCURRENTLY",
        ),
        (
            f'op.create_index("clocks_by_grade", "clocks", ["grade"], unique=True, {BESIDE})',
            "the unique index clocks_by_grade refuses rows that older code writes",
        ),
    ],
)
def test_what_older_code_may_not_survive_needs_a_mark(tmp_path: Path, line: str, says: str) -> None:
    (sentence,) = judged(tmp_path, line)
    assert sentence.startswith(says)


def test_without_a_transaction_only_indexes_are_made_and_so_that_it_can_be_repeated(tmp_path: Path) -> None:
    mark = ("concurrently = True",)
    index = f'op.create_index("clocks_by_grade", "clocks", ["grade"], {BESIDE})'
    assert judged(tmp_path / "a", index, marks=mark) == []
    column = 'op.add_column("clocks", sa.Column("colour", sa.Text()), schema="sla")'
    (sentence,) = judged(tmp_path / "b", index, column, marks=mark)
    assert sentence.startswith("without a transaction only indexes are built")


def revision(number: str, *, oldest_code: str | None = None, concurrently: bool = False) -> Revision:
    return Revision(number, "a change", oldest_code, concurrently)


def test_code_runs_on_as_long_as_every_later_revision_lets_it() -> None:
    runs: list[str] = []
    for one in (revision("0001"), revision("0002"), revision("0003"), revision("0004", oldest_code="0003")):
        runs = still_runs(runs, one)
    assert runs == ["0003", "0004"]
    assert still_runs(runs, revision("0005")) == ["0003", "0004", "0005"]
    assert still_runs(runs, revision("0005", oldest_code="0005")) == ["0005"]


def test_what_takes_a_transaction_goes_together_and_what_takes_none_alone() -> None:
    pending = [revision(str(n), concurrently=n in {3, 4}) for n in range(1, 7)]
    assert [[one.number for one in part] for part in transactions(pending)] == [["1", "2"], ["3"], ["4"], ["5", "6"]]
