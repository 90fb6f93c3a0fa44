"""What the outbox keeps of a transaction comes back byte for byte, in rows of one atomic batch each."""

from hypothesis import given
from hypothesis import strategies as st

from shared.bus.packing import packed, unpacked
from shared.bus.publish import ATOMIC_LIMIT, Outgoing
from shared.events import compose, encode
from tests.integration.runtime_probe import NOW, report


def outgoing(name: str) -> Outgoing:
    message = compose(report(name), source="yingda/feedback", subject=name, at=NOW, traceparent=None)
    return Outgoing(message.key, message.data.SUBJECT, encode(message), message.trace)


@given(st.lists(st.text(), min_size=1, max_size=30))
def test_events_come_back_as_they_went_in(names: list[str]) -> None:
    events = [outgoing(name) for name in names]
    (row,) = packed(events)
    assert row["events"] == len(events)
    assert unpacked(row["body"]) == events


def test_a_row_holds_no_more_than_one_atomic_batch() -> None:
    events = [outgoing("a")] * (ATOMIC_LIMIT + 1)
    rows = list(packed(events))
    assert [row["events"] for row in rows] == [ATOMIC_LIMIT, 1]
    assert [event for row in rows for event in unpacked(row["body"])] == events


def test_nothing_emitted_is_no_row() -> None:
    assert list(packed([])) == []
