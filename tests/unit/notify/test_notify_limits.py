"""Rate limits: never too many in any stretch, nothing held longer than it must be (R-NT-05)."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain.limits import Window
from shared.policy import Duration
from shared.policy.notify import RateLimit
from tests.unit.notify.events import NOW


def limit(count: int, seconds: int) -> RateLimit:
    return RateLimit(count=count, per=Duration(seconds, "wall"))


def test_a_full_window_is_free_again_when_its_first_departure_is_old_enough() -> None:
    """R-NT-05."""
    limits = [limit(2, 10)]
    window = Window()
    for second in (0, 4):
        at = NOW + timedelta(seconds=second)
        assert window.free_at(limits, at) == at
        window = window.take(limits, at)
    assert window.free_at(limits, NOW + timedelta(seconds=5)) == NOW + timedelta(seconds=10)


def test_the_tighter_of_two_limits_holds() -> None:
    """R-NT-05: ten a minute and twelve an hour."""
    limits = [limit(10, 60), limit(12, 3600)]
    window = Window()
    for n in range(12):
        at = NOW + timedelta(seconds=30 * n)
        assert window.free_at(limits, at) == at
        window = window.take(limits, at)
    assert window.free_at(limits, NOW + timedelta(seconds=400)) == NOW + timedelta(hours=1)


@given(
    st.lists(st.integers(0, 5_000_000), max_size=60),
    st.lists(st.tuples(st.integers(1, 5), st.integers(1, 3)), min_size=1, max_size=2),
)
def test_no_stretch_of_time_has_more_departures_than_the_limit(gaps: list[int], rules: list[tuple[int, int]]) -> None:
    """R-NT-05: whenever somebody asks, whatever else leaves."""
    limits = [limit(count, seconds) for count, seconds in rules]
    window, at, left = Window(), NOW, []
    for gap in gaps:
        at += timedelta(microseconds=gap)
        if window.free_at(limits, at) == at:
            window = window.take(limits, at)
            left.append(at)
    for rule in limits:
        for n, first in enumerate(left):
            assert sum(one < first + rule.per.timedelta for one in left[n:]) <= rule.count
    assert len(window.taken) <= max(rule.count for rule in limits)


@given(st.integers(1, 5), st.integers(1, 40))
def test_those_who_wait_are_told_moments_that_the_limit_can_serve(count: int, waiting: int) -> None:
    """R-NT-05: so a queue of thousands is not asked again and again; the bookings take no place away."""
    limits = [limit(count, 10)]
    window = Window()
    for _ in range(count):
        window = window.take(limits, NOW)
    told = []
    for _ in range(waiting):
        at, window = window.book(limits, NOW)
        told.append(at)
    assert told == sorted(told)
    assert min(told) == NOW + timedelta(seconds=10)
    assert max(told.count(at) for at in told) <= count
    assert max(told) <= NOW + timedelta(seconds=10) * (1 + (waiting - 1) // count)
    assert len(window.taken) == count


def test_bookings_begin_anew_when_their_time_has_passed() -> None:
    """R-NT-05."""
    limits = [limit(1, 10)]
    window = Window().take(limits, NOW)
    _first, window = window.book(limits, NOW)
    later = NOW + timedelta(minutes=1)
    window = window.take(limits, later)
    assert window.book(limits, later)[0] == later + timedelta(seconds=10)
