"""The batches of the daily cut-off (R-RT-03)."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.routing.domain.handover import Due, batches_of
from tests.unit.routing.orders import NOW

DUE = st.lists(
    st.builds(
        Due,
        id=st.uuids().map(str),
        number=st.integers(1, 2000).map(lambda sequence: f"XR20261123{sequence:03d}"),
        department=st.sampled_from(["network", "market"]),
        cutoff_at=st.sampled_from([NOW, NOW + timedelta(days=1)]),
    ),
    unique_by=(lambda one: one.id, lambda one: one.number),
    max_size=40,
)


@given(DUE, st.integers(1, 7))
def test_each_work_order_in_one_batch(due: list[Due], largest: int) -> None:
    """R-RT-03: nothing lost, nothing twice, no empty batch, none with more than the largest, each of one department."""
    batches = batches_of(due, largest)
    listed = [work_order_id for batch in batches for work_order_id in batch.work_order_ids]
    assert sorted(listed) == sorted(one.id for one in due)
    assert all(1 <= len(batch.work_order_ids) <= largest for batch in batches)
    by_id = {one.id: one for one in due}
    for batch in batches:
        members = [by_id[work_order_id] for work_order_id in batch.work_order_ids]
        assert {(one.department, one.cutoff_at) for one in members} == {(batch.department, batch.cutoff_at)}
        assert batch.numbers == tuple(one.number for one in members)


@given(DUE)
def test_one_batch_for_each_department_and_cut_off(due: list[Due]) -> None:
    batches = batches_of(due)
    assert len(batches) == len({(one.department, one.cutoff_at) for one in due})


def test_an_empty_day_has_no_batch() -> None:
    assert batches_of([]) == []


def test_by_number_also_beyond_999() -> None:
    due = [Due(str(n), f"XR20261123{n:03d}", "network", NOW) for n in (1000, 2, 999)]
    assert batches_of(due)[0].work_order_ids == ("2", "999", "1000")
