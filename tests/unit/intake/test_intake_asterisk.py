"""R-IN-10: what Asterisk tells of a call becomes one call record, in whatever order the telephones act."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.intake.adapters.asterisk.board import Board
from services.intake.adapters.asterisk.call import Call
from services.intake.adapters.asterisk.config import AsteriskConfig
from services.intake.adapters.asterisk.journal import Journal
from tests.asterisk import channel, written

BEGIN = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CONFIG = {
    "url": "http://pbx.example.com:8088",
    "user": "yingda",
    "password": "ari_password",
    "contexts": ["from-trunk"],
}


def event(kind: str, seconds: float, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "timestamp": written(BEGIN + timedelta(seconds=seconds)), "application": "yingda", **fields}


def inbound(name: str = "c1", number: str = "13800138000") -> dict[str, Any]:
    return channel(name, number=number) | {"creationtime": written(BEGIN)}


def agent(name: str = "agent-1001") -> dict[str, Any]:
    return channel(name, context="agents", number="1001")


def dial(status: str, seconds: float, peer: dict[str, Any] | None = None) -> dict[str, Any]:
    return event("Dial", seconds, caller=inbound(), peer=peer or agent(), dialstatus=status)


def over(*events: dict[str, Any]) -> dict[str, Any]:
    """Return the record of the one call that `events` tell of."""
    board = Board(["from-trunk"])
    (call,) = [call for one in events if (call := board.apply(one)) is not None and call.over]
    return call.record({"1001": "service-1"}, 5)


CREATED = event("ChannelCreated", 0, channel=inbound())
GONE = event("ChannelDestroyed", 208, channel=inbound(), cause=16)


def test_an_answered_call_has_its_agent_its_rings_and_its_longest_hold() -> None:
    holds = [
        event("ChannelHold", 60, channel=agent()),
        event("ChannelUnhold", 75, channel=agent()),
        event("ChannelHold", 90, channel=agent()),
        event("ChannelUnhold", 95, channel=agent()),
    ]
    record = over(CREATED, dial("RINGING", 1), dial("ANSWER", 8), *holds, GONE)
    assert record == {
        "call_id": "c1",
        "caller": "13800138000",
        "called": "4008000000",
        "began_at": "2026-11-23T02:00:00+00:00",
        "answered_at": "2026-11-23T02:00:08+00:00",
        "ended_at": "2026-11-23T02:03:28+00:00",
        "agent_id": "service-1",
        "extension": "1001",
        "rings": 2,
        "hold_seconds": 15,
    }


def test_a_call_that_hangs_up_on_hold_was_held_until_then() -> None:
    record = over(CREATED, dial("ANSWER", 8), event("ChannelHold", 100, channel=inbound()), GONE)
    assert record["hold_seconds"] == 108


def test_who_is_joined_without_dialling_has_answered() -> None:
    alone = {"id": "b", "channels": ["c1"]}
    both = {"id": "b", "channels": ["c1", "agent-1001"]}
    record = over(
        CREATED,
        event("ChannelEnteredBridge", 3, bridge=alone, channel=inbound()),
        event("ChannelEnteredBridge", 4, bridge=both, channel=agent()),
        GONE,
    )
    assert (record["answered_at"], record["extension"]) == ("2026-11-23T02:00:04+00:00", "1001")


def test_nobody_who_only_rang_has_answered() -> None:
    busy = agent("agent-1002")
    record = over(CREATED, dial("RINGING", 1), dial("RINGING", 1, busy), dial("BUSY", 2, busy), GONE)
    assert (record["answered_at"], record["agent_id"], record["rings"]) == (None, None, 42)


def test_a_number_that_comes_late_is_known() -> None:
    named = event("ChannelCallerId", 1, channel=inbound(), caller_presentation=0)
    assert over(event("ChannelCreated", 0, channel=inbound(number="")), named, GONE)["caller"] == "13800138000"


def test_what_agents_do_among_themselves_is_no_contact() -> None:
    board = Board(["from-trunk"])
    assert board.apply(event("ChannelCreated", 0, channel=agent())) is None
    assert board.apply(event("ChannelDestroyed", 9, channel=agent())) is None


def outbound(state: str = "Down") -> dict[str, Any]:
    """A call that the house makes by its trunk: Asterisk gives it the context of the trunk, as it does one that comes in."""
    made = channel("out", exten="s") | {"name": "PJSIP/trunk-0000a7e4", "state": state}
    return made | {"dialplan": made["dialplan"] | {"app_name": "AppDial", "app_data": "(Outgoing Line)"}}


def test_a_call_that_the_house_makes_is_no_contact() -> None:
    """R-IN-10: a callback that nobody takes must not ask for another callback."""
    board = Board(["from-trunk"])
    made = channel("out", exten="s") | {"state": "Down"}  # before Dial() has named itself
    assert board.apply(event("ChannelCreated", 0, channel=made)) is None
    assert board.apply(event("Dial", 1, caller=agent(), peer=outbound("Ringing"), dialstatus="RINGING")) is None
    assert board.apply(event("ChannelDestroyed", 30, channel=outbound("Ringing"))) is None
    assert board.catch_up([outbound("Up"), agent()], [], BEGIN) == []


def test_what_happened_while_nobody_listened_is_caught_up() -> None:
    """A call that began, one that was answered, and one that ended meanwhile."""
    ended = Call("ended", "1", "400", BEGIN)
    waiting = Call("c1", "2", "400", BEGIN)
    board = Board(["from-trunk"], [ended, waiting])
    bridge = {"id": "b", "channels": ["c1", "agent-1001"]}
    changed = board.catch_up([inbound(), inbound("new", "3"), agent()], [bridge], BEGIN + timedelta(seconds=60))
    found = {call.call_id: call for call in changed}
    assert set(found) == {"ended", "c1", "new"}
    assert (found["ended"].over, found["ended"].ended_at, found["ended"].unobserved) == (True, None, True)
    assert (found["c1"].answered_by, found["c1"].extension) == ("agent-1001", "1001")
    assert found["new"].caller == "3"
    assert not board.catch_up([inbound(), inbound("new", "3"), agent()], [bridge], BEGIN)


NAMES = st.sampled_from(["c1", "c2", "agent-1001"])
JUNK = st.none() | st.integers() | st.text(max_size=4) | st.lists(st.text(max_size=3), max_size=2)
CHANNELS = NAMES.map(lambda name: agent(name) if name.startswith("agent") else inbound(name)) | JUNK
EVENTS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(
            ["ChannelCreated", "Dial", "ChannelEnteredBridge", "ChannelHold", "ChannelUnhold", "ChannelDestroyed", "X"]
        ),
        "timestamp": st.integers(0, 900).map(lambda seconds: written(BEGIN + timedelta(seconds=seconds))) | JUNK,
    },
    optional={
        "channel": CHANNELS,
        "caller": CHANNELS,
        "peer": CHANNELS,
        "dialstatus": st.sampled_from(["RINGING", "ANSWER", "", None]),
        "bridge": st.fixed_dictionaries({}, optional={"channels": st.lists(NAMES, max_size=3)}) | JUNK,
    },
)


@given(st.lists(EVENTS, max_size=30))
def test_no_order_of_events_ends_a_call_twice_or_loses_one(events: list[dict[str, Any]]) -> None:
    """Each call that began and was destroyed is over once; what is kept of it can be read again."""
    board = Board(["from-trunk"])
    going: set[str] = set()
    for one in events:
        call = board.apply(one)
        if call is None:
            continue
        assert Call.from_json(json.loads(json.dumps(call.as_json()))) == call
        if call.over:
            assert call.call_id in going
            going.remove(call.call_id)
        else:
            going.add(call.call_id)
    assert {call.call_id for call in board.catch_up([], [], BEGIN)} == going


def test_the_journal_keeps_calls_and_leaves_what_it_cannot_read(tmp_path: Any) -> None:
    journal = Journal(tmp_path / "calls")
    assert list(journal.kept()) == []
    one, other = Call("a/../b", "1", "400", BEGIN), Call("b", "2", "400", BEGIN, ended_at=BEGIN, over=True)
    journal.keep(one)
    journal.keep(other)
    (tmp_path / "calls" / "torn.json").write_text("{")
    assert {call.call_id for call in journal.kept()} == {"a/../b", "b"}
    journal.forget(one)
    journal.set_aside(other)
    assert list(journal.kept()) == []
    assert sorted(path.suffix for path in (tmp_path / "calls").iterdir()) == [".json", ".refused"]


@pytest.mark.parametrize(
    "wrong", [{"url": "http://yingda:secret@pbx:8088"}, {"contexts": []}, {"ring_seconds": 0}, {"passwort": "x"}]
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    AsteriskConfig.model_validate(CONFIG)
    with pytest.raises(ValidationError):
        AsteriskConfig.model_validate(CONFIG | wrong)
