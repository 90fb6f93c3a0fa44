"""The verdict is that of the timestamps, whoever looks whenever, and in whatever order news arrives (R-SLA-08, -09).

The reference knows no clocks: it writes down for every minute whether it counts, and counts.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.sla.domain import steps
from services.sla.domain.clock import Clock, ClockEvent, Decision
from services.sla.domain.due import watch
from services.sla.domain.pace import Pace
from shared.events import SlaBreached, SlaCancelled, SlaEscalated, SlaMet, SlaWarned
from shared.policy import Policy, load_policy
from tests.examples import examples
from tests.unit.sla.story import local

POLICY: Final[Policy] = load_policy(None)
OFFICE: Final = Pace("office", POLICY.calendar("office"))
START: Final = local("2026-09-24 15:00")  # a Thursday: a holiday follows, then a weekend
MINUTE: Final = timedelta(minutes=1)
HORIZON: Final = 14 * 1440
Kind = Literal["pause", "resume", "meet", "cancel"]


def is_open(at: datetime) -> bool:
    """The office's minutes: Mid-Autumn is the 25th, made up for before the start; October begins with a closed week."""
    return at.month == 9 and at.weekday() < 5 and at.day != 25 and 9 <= at.hour < 17


COUNTS: Final = {
    "office": [is_open(START + n * MINUTE) for n in range(HORIZON)],
    "wall": [True] * HORIZON,
}


@dataclass(frozen=True)
class Happening:
    """Something that happened at `at` and was heard of at `heard`, both in minutes since the start."""

    kind: Kind
    at: int
    heard: int


@st.composite
def histories(draw: st.DrawFn) -> list[Happening]:
    """Pauses and resumes in turn, perhaps an end; each is heard of after the one before it (versions have no gaps)."""
    gap, delay = st.integers(0, 700), st.one_of(st.just(0), st.integers(0, 2000))
    kinds: list[Kind] = ["pause", "resume"] * draw(st.integers(0, 3))
    kinds = kinds[: draw(st.integers(0, len(kinds)))]
    ends: list[Kind | None] = ["meet", "cancel", None]
    end = draw(st.sampled_from(ends))
    at = heard = 0
    found: list[Happening] = []
    if end is not None:
        kinds.append(end)
    for kind in kinds:
        at += draw(gap)
        heard = max(heard, at + draw(delay))
        found.append(Happening(kind, at, heard))
    return found


def reference(history: list[Happening], target: int, pace: str) -> str | None:
    """What the timestamps alone say: count minutes that count, outside pauses, until something ends it."""
    used, paused, minute = 0, False, 0
    for happening in history:
        while minute < happening.at:
            if used == target and not paused:
                return "breached"  # used up, and time went on
            used += COUNTS[pace][minute] and not paused
            minute += 1
        if happening.kind in {"meet", "cancel"}:
            return {"meet": "met", "cancel": "cancelled"}[happening.kind]
        paused = happening.kind == "pause"
    return None if paused else "breached"  # nobody ends it, and two weeks are enough


def started(target: timedelta, pace: Pace) -> Decision:
    wanted = steps.Wanted("workorder", "w", "resolution", 1, "market", target, START, pace)
    return steps.start("c", wanted, steps.Origin("w", START), POLICY)


def apply(clock: Clock, happening: Happening) -> Decision:
    at, now = START + happening.at * MINUTE, START + happening.heard * MINUTE
    if happening.kind == "pause":
        return steps.pause(clock, at, now, POLICY)
    if happening.kind == "resume":
        return steps.resume(clock, at, now, POLICY)
    end = steps.meet if happening.kind == "meet" else steps.cancel
    return end(clock, at, now, POLICY)


def play(history: list[Happening], polls: list[int], target: int, pace: str) -> list[ClockEvent]:
    """Let the clock live through the history while somebody looks at `polls`; return what it told."""
    counted = OFFICE if pace == "office" else Pace("wall")
    decision = started(target * MINUTE, counted)
    clock, told = decision.clock, list(decision.events)
    moments = sorted([(h.heard, 0, n) for n, h in enumerate(history)] + [(poll, 1, 0) for poll in polls])
    for moment, is_poll, number in [*moments, (HORIZON, 1, 0)]:
        if is_poll:
            now = START + moment * MINUTE
            unheard = [h.at for h in history if h.heard > moment]
            settled = START + min([*unheard, moment]) * MINUTE
            if clock.next_at is None or clock.next_at > now:
                continue
            decision = watch(clock, now, settled, POLICY)
        else:
            decision = apply(clock, history[number])
        clock = decision.clock
        told += decision.events
    return told


def verdicts(told: list[ClockEvent]) -> list[str]:
    return [e.TYPE.split(".")[2] for e in told if isinstance(e, SlaMet | SlaBreached | SlaCancelled)]


POLLS = st.lists(st.integers(0, HORIZON), max_size=6)
TARGETS = st.integers(1, 900)


@pytest.mark.parametrize("pace", ["office", "wall"])
@settings(max_examples=examples(150), deadline=None)
@example(history=[Happening("meet", 120, 5000)], polls=[121, 4000], target=120)
@example(history=[Happening("meet", 121, 121)], polls=[], target=120)
@example(history=[Happening("pause", 120, 120), Happening("resume", 9000, 9000)], polls=[200], target=120)
@given(history=histories(), polls=POLLS, target=TARGETS)
def test_the_verdict_is_that_of_the_timestamps(
    history: list[Happening], polls: list[int], target: int, pace: str
) -> None:
    """R-SLA-09: exactly one verdict, the same however often and whenever somebody looked, and never too early."""
    expected = reference(history, target, pace)
    told = play(history, polls, target, pace)
    assert verdicts(told) == ([] if expected is None else [expected])
    for event in told:
        if isinstance(event, SlaBreached | SlaWarned):
            assert event.late_seconds >= 0
        if isinstance(event, SlaBreached):
            assert event.at > event.due_at
            assert event.used_seconds >= target * 60


@pytest.mark.parametrize("pace", ["office", "wall"])
@settings(max_examples=examples(100), deadline=None)
@given(history=histories(), polls=POLLS, target=TARGETS)
def test_warnings_and_steps_come_once_and_in_order(
    history: list[Happening], polls: list[int], target: int, pace: str
) -> None:
    """R-SLA-09, R-SLA-10: also where the clock is paused on a mark, or nobody looked for days."""
    told = play(history, polls, target, pace)
    marks: list[str | int] = [
        e.percent if isinstance(e, SlaWarned) else e.step if isinstance(e, SlaEscalated) else "breached"
        for e in told
        if isinstance(e, SlaWarned | SlaBreached | SlaEscalated)
    ]
    assert all(times == 1 for times in Counter(marks).values())
    order: list[str | int] = [50, 80, "breached", "supervisor", "head", "manager"]
    assert marks == sorted(marks, key=order.index)


@settings(max_examples=examples(100), deadline=None)
@given(
    pauses=st.lists(st.tuples(st.integers(0, 10**10), st.integers(0, 10**11)), max_size=4),
    target=st.integers(10**8, 10**11),
)
def test_what_is_used_up_and_what_is_left_are_the_target_to_the_microsecond(
    pauses: list[tuple[int, int]], target: int
) -> None:
    """R-SLA-08: the office time from the start to the due time, without the pauses, is the target exactly."""
    at = START
    clock = started(timedelta(microseconds=target), OFFICE).clock
    calendar, counted = POLICY.calendar("office"), timedelta()
    for run, stand in pauses:
        begun, at = at, at + timedelta(microseconds=run)
        clock = steps.pause(clock, at, at, POLICY).clock
        if clock.state != "paused":
            return
        counted += calendar.used(begun, at)
        at += timedelta(microseconds=stand)
        clock = steps.resume(clock, at, at, POLICY).clock
    assert counted + calendar.used(at, clock.due_at) == timedelta(microseconds=target)
