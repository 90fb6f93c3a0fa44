"""The number of a work order (handbook, section 1)."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.routing.domain.numbers import day_of, number


def test_the_handbooks_example() -> None:
    assert number(date(2023, 10, 15), 1) == "XR20231015001"


@pytest.mark.parametrize(("sequence", "end"), [(9, "009"), (99, "099"), (999, "999"), (1000, "1000"), (12345, "12345")])
def test_at_least_three_digits(sequence: int, end: str) -> None:
    assert number(date(2026, 1, 2), sequence) == f"XR20260102{end}"


@given(
    st.tuples(st.dates(date(2000, 1, 1)), st.integers(1, 10**6)),
    st.tuples(st.dates(date(2000, 1, 1)), st.integers(1, 10**6)),
)
def test_no_two_alike(one: tuple[date, int], other: tuple[date, int]) -> None:
    assert (number(*one) == number(*other)) == (one == other)


def test_the_day_is_the_policys() -> None:
    """Local date: Shanghai's new day begins at 16:00 UTC."""
    assert day_of(datetime(2026, 11, 23, 15, 59, 59, tzinfo=UTC), "Asia/Shanghai") == date(2026, 11, 23)
    assert day_of(datetime(2026, 11, 23, 16, 0, tzinfo=UTC), "Asia/Shanghai") == date(2026, 11, 24)
    assert day_of(datetime(2026, 11, 23, 2, 0, tzinfo=UTC), "America/New_York") == date(2026, 11, 22)
