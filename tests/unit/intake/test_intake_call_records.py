"""R-IN-01, R-IN-10: what the telephone system recorded of a call is a contact, answered or missed."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.plugins.phone import MISSED_CALL, PhoneChannel
from services.intake.ports import Unreadable
from shared.events import PhoneContact

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def record(**fields: Any) -> dict[str, Any]:
    return {
        "call_record": {
            "call_id": "1763863200.12",
            "caller": "+8613800138000",
            "called": "4008000000",
            "began_at": "2026-11-23T10:00:00+08:00",
            "answered_at": "2026-11-23T10:00:08+08:00",
            "ended_at": "2026-11-23T10:03:28+08:00",
            "agent_id": "service-1",
            "rings": 2,
            "hold_seconds": 30,
            **fields,
        }
    }


def read(**fields: Any) -> PhoneContact:
    reading = PhoneChannel().read(record(**fields))
    assert isinstance(reading, PhoneContact), reading
    return reading


def test_an_answered_call_waits_for_what_the_agent_writes_down() -> None:
    """R-IN-07: the figures are there at once, the matter is completed by the agent."""
    contact = read()
    assert contact.text == "来电已接听，通话 3 分 20 秒，登记待补。"
    assert (contact.duration_seconds, contact.agent_id, contact.customer.phone) == (200, "service-1", "+8613800138000")
    assert (contact.call.missed, contact.call.rings, contact.call.hold_seconds) == (False, 2, 30)
    assert contact.details == {"call_id": "1763863200.12", "called": "4008000000"}


def test_a_missed_call_is_to_be_returned() -> None:
    """R-IN-10: nobody answered, the number is known, and how long the customer waited."""
    contact = read(answered_at=None, agent_id=None, hold_seconds=None)
    assert (contact.call.missed, contact.text) == (True, MISSED_CALL)
    assert contact.details["waited_seconds"] == 208


def test_what_the_telephone_system_tells_besides_is_kept() -> None:
    """R-IN-02: as on the generic channels, unknown fields are kept, not refused."""
    details = read(queue="vip", menu=["1", "2"], direction="inbound", recording=None).details
    assert details == {"call_id": "1763863200.12", "called": "4008000000", "queue": "vip", "menu": ["1", "2"]}


@pytest.mark.parametrize("caller", ["", None, "anonymous", "Restricted", 7])
def test_who_withholds_the_number_stays_anonymous(caller: Any) -> None:
    """R-IN-04."""
    assert read(caller=caller).customer.phone is None


def test_an_end_that_nobody_saw_leaves_the_duration_open() -> None:
    contact = read(ended_at=None)
    assert (contact.duration_seconds, contact.text) == (None, "来电已接听，登记待补。")


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"began_at": None}, "call_record.began_at"),
        ({"ended_at": "yesterday"}, "call_record.ended_at"),
        ({"answered_at": "2026-11-23T09:59:00+08:00"}, "call_record.answered_at"),
        ({"began_at": "2026-11-23T10:00:00"}, "call_record.began_at"),
    ],
)
def test_a_time_that_makes_no_sense_is_named(fields: dict[str, Any], place: str) -> None:
    """R-IN-08."""
    reading = PhoneChannel().read(record(**fields))
    assert isinstance(reading, Unreadable)
    assert place in {fault.field for fault in reading.faults}


@given(JSON, st.dictionaries(st.sampled_from(["began_at", "caller", "rings", "agent_id", "recording"]), JSON))
def test_whatever_stands_in_a_record_is_read_or_refused(whole: Any, fields: dict[str, Any]) -> None:
    """R-IN-08: nothing is raised, whatever JSON it is."""
    for data in ({"call_record": whole}, record(**fields)):
        assert isinstance(PhoneChannel().read(data), PhoneContact | Unreadable)
