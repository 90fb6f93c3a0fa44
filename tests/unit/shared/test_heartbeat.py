"""Who stands still is told apart from who has nothing to do, who left, and who was replaced (guarantee 5)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.heartbeat import EVERY_SECONDS, STALLED_SECONDS, Heartbeat, Pulse, RollCall
from shared.heartbeat.rollcall import FORGET_SECONDS, MOST_PROCESSES, QUIET_SECONDS


class Moment:
    """A monotonic clock that stands where it is put."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


def beat(instance: str, service: str = "sla", up: float = 500.0, *, leaving: bool = False, **parts: float) -> Heartbeat:
    return Heartbeat(service=service, instance=instance, up_seconds=up, parts=parts, leaving=leaving)


def ages(roll: RollCall, now: float) -> dict[str, float]:
    return {f"{one.service}/{one.part}": one.seconds for one in roll.standings(now)}


def test_a_part_that_sleeps_as_it_should_is_healthy_and_one_that_oversleeps_is_not() -> None:
    now = Moment()
    pulse = Pulse(now)
    pulse.begins("watch")
    pulse.advanced("watch", rest_seconds=20)
    now.at += 20
    assert pulse.overdue() == {"watch": 0}
    now.at += 7
    assert pulse.overdue() == {"watch": 7}


def test_a_turn_that_hangs_counts_from_its_beginning_and_one_that_fails_again_and_again_from_the_first() -> None:
    now = Moment()
    pulse = Pulse(now)
    pulse.begins("relay")
    for _ in range(3):
        now.at += 5
        pulse.begins("relay")  # the turn before has failed
    assert pulse.overdue() == {"relay": 15}
    pulse.advanced("relay", rest_seconds=1)
    assert pulse.overdue() == {"relay": 0}


def test_a_turn_that_may_take_long_has_its_patience_once() -> None:
    now = Moment()
    pulse = Pulse(now)
    pulse.begins("reports", patience_seconds=60)
    now.at += 50
    pulse.begins("reports", patience_seconds=60)
    assert pulse.overdue() == {"reports": 0}
    now.at += 25
    assert pulse.overdue() == {"reports": 15}


def test_turning_without_getting_anything_done_is_standing_still() -> None:
    now = Moment()
    pulse = Pulse(now)
    for _ in range(6):
        now.at += 5
        pulse.begins("watch")
        pulse.advanced("watch", rest_seconds=0)
        pulse.backlog("watch", mark=77.0)
    assert pulse.overdue()["watch"] == 25
    pulse.advanced("watch", rest_seconds=100)
    now.at += 100
    assert pulse.overdue()["watch"] == 25, "what nobody has looked at since accuses nobody"
    pulse.backlog("watch", mark=78.0)
    pulse.advanced("watch", rest_seconds=0)
    assert pulse.overdue()["watch"] == 0


def test_a_long_backlog_that_grows_shorter_is_progress_and_an_empty_one_is_rest() -> None:
    now = Moment()
    pulse = Pulse(now)
    for sequence in range(100, 200, 10):
        pulse.backlog("consumer", mark=sequence)
        assert pulse.overdue()["consumer"] == 0
        now.at += 20
    pulse.backlog("consumer", None)
    assert pulse.overdue() == {}


def test_what_is_measured_from_outside_counts_too() -> None:
    pulse = Pulse(Moment())
    pulse.measure("desk", lambda: 12.5)
    assert pulse.overdue() == {"desk": 12.5}


def test_a_silent_process_grows_old_for_whoever_goes_on_hearing_itself() -> None:
    roll = RollCall("me", 0)
    for second in range(0, 65, 5):
        roll.hear(beat("me", "intake"), second)
        if second < 20:
            roll.hear(beat("it", watch=0), second)
    assert ages(roll, 60)["sla/process"] == ages(roll, 60)["sla/watch"] == 45
    assert ages(roll, 60)["intake/process"] == 0


def test_a_service_that_was_never_heard_counts_from_the_beginning_until_it_is() -> None:
    roll = RollCall("me", 0, {"intake", "sla"})
    for second in range(0, 45, 5):
        roll.hear(beat("me", "intake"), second)
    assert ages(roll, 40) == {"intake/process": 0, "sla/process": 40}
    roll.hear(beat("it", leaving=True), 40)
    assert ages(roll, 40) == {"intake/process": 0}


def test_a_deaf_listener_accuses_nobody_neither_while_it_is_deaf_nor_afterwards() -> None:
    """A listener that was stopped itself, or cut off from NATS, has missed the heartbeats of all others."""
    roll = RollCall("me", 0)
    roll.hear(beat("me", "intake"), 0)
    roll.hear(beat("it", watch=0), 0)
    assert ages(roll, 500)["sla/watch"] == QUIET_SECONDS < STALLED_SECONDS
    roll.hear(beat("me", "intake"), 500)
    assert ages(roll, 501)["sla/watch"] == 1


def test_who_leaves_in_order_is_forgotten_at_once() -> None:
    roll = RollCall("me", 0)
    roll.hear(beat("it", watch=0), 1)
    roll.hear(beat("it", leaving=True), 2)
    assert ages(roll, 3) == {}


def test_who_was_killed_and_replaced_is_forgotten_and_one_successor_replaces_one() -> None:
    roll = RollCall("me", 0)
    for name in ("a", "b"):
        roll.hear(beat(name), 0)
    for second in range(0, 65, 5):
        roll.hear(beat("me", "intake"), second)
        if second >= 10:
            roll.hear(beat("c", up=second - 9), second)
        gone = {one.instance for one in roll.forget(second)}
        assert gone == ({"a"} if second == 20 else set())
    assert ages(roll, 60)["sla/process"] == 60, "b has no successor"


def test_who_is_silent_without_a_successor_is_forgotten_once_the_service_has_done_without_for_long() -> None:
    roll = RollCall("me", 0)
    roll.hear(beat("stopped", watch=0), 0)
    forgotten_at = 0
    for second in range(0, 600, 5):
        roll.hear(beat("me", "intake"), second)
        roll.hear(beat("well", watch=0), second)
        if roll.forget(second):
            forgotten_at = second
    assert forgotten_at == FORGET_SECONDS + EVERY_SECONDS
    roll.hear(beat("stopped", watch=0), 600)
    assert ages(roll, 600)["sla/watch"] == 5, "heard again, it is one of them again"


def test_a_service_without_any_process_left_is_not_forgotten() -> None:
    roll = RollCall("me", 0)
    roll.hear(beat("it", watch=0), 0)
    for second in range(0, 2_000, 5):
        roll.hear(beat("me", "intake"), second)
        assert not roll.forget(second)
    assert ages(roll, 1_995)["sla/process"] == 1_995


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 20), st.booleans()), max_size=60))
def test_the_worst_process_speaks_for_its_service_and_no_age_is_negative(
    told: list[tuple[str, int, bool]],
) -> None:
    roll, now, last = RollCall("me", 0), 0.0, dict[str, tuple[float, float]]()
    for name, seconds, leaving in told:
        now += 1
        roll.hear(beat("me", "intake"), now)
        roll.hear(beat(name, leaving=leaving, watch=seconds), now)
        last.pop(name, None)
        if not leaving:
            last[name] = (now, seconds)
    found = ages(roll, now).get("sla/watch")
    assert found == (max(seconds + now - at for at, seconds in last.values()) if last else None)


def test_strangers_make_no_endless_list() -> None:
    """Whoever can publish on the bus could name a new process in every message."""
    roll = RollCall("me", 0)
    for number in range(1_000):
        roll.hear(beat(f"p{number}"), number)
    assert len(roll._seen) == MOST_PROCESSES
    with pytest.raises(ValidationError):
        Heartbeat(service="sla", instance="it", up_seconds=1, parts={f"part{number}": 0.0 for number in range(33)})
    with pytest.raises(ValidationError):
        beat("it", "Not A Service")
