"""What the doctor knows, and what no test can break for real: old servers, clocks that differ."""

import re
from pathlib import Path

import pytest

from shared.doctor import CHECKS
from shared.doctor.bus import bare
from shared.doctor.postgresql import clocks_apart, old_version

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"


def test_the_doctor_knows_many_faults_each_by_a_name_of_its_own_and_says_what_to_do() -> None:
    assert len(CHECKS) >= 30
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", check.name), check.name
        assert check.about, check.name
        assert check.todo.endswith("."), check.name


def test_every_check_is_on_the_page_for_operations_and_no_other() -> None:
    told = re.findall(r"^\| `([a-z-]+)` \| (.+?) \| (.+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert told == [(check.name, check.about, check.todo) for check in CHECKS]


@pytest.mark.parametrize(("number", "old"), [(140_011, True), (150_000, False), (180_004, False)])
def test_an_old_postgresql_is_told_by_its_version(number: int, old: bool) -> None:
    found = old_version(number)
    assert (found is not None) is old
    assert found is None or found.sentence == "PostgreSQL is version 14, and the services need 15 or later"


def test_clocks_that_differ_by_more_than_a_moment_are_told() -> None:
    """R-SLA-09: deadlines go by PostgreSQL's clock, which is only as good as the others' if they agree."""
    assert clocks_apart(1.9, 2.0) is None
    assert clocks_apart(-1.9, 2.0) is None
    ahead, behind = clocks_apart(3.21, 2.0), clocks_apart(-61.0, 2.0)
    assert ahead is not None
    assert behind is not None
    assert ahead.sentence == "this machine's clock is 3.2 s ahead of PostgreSQL's"
    assert behind.sentence == "this machine's clock is 61.0 s behind PostgreSQL's"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("nats://user:s3cret@one:4222,nats://two:4222", "nats://one:4222,nats://two:4222"),
        ("user:s3cret@one:4222,two:4222", "one:4222,two:4222"),
        ("nats://one", "nats://one"),
    ],
)
def test_no_address_of_nats_is_shown_with_its_password(address: str, shown: str) -> None:
    assert bare(address) == shown
