"""The life of one work order in a simulation: who does what next, as the lifecycle asks for it (R-RT-06)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shared.events import CallbackCompleted, ContactRegistered, Event, NotificationSent, WorkorderReopened
from shared.events.commands import Classify, Confirm, Resolve, Respond, Sign, Transfer
from shared.policy import Duration, Policy, due
from shared.simulation.effort import Effort
from shared.simulation.engine import Life, Task, Team
from shared.simulation.ports import Desk

_ONCE_MORE: Final = 2
"""A customer who is not satisfied reopens the work order once."""


@dataclass(frozen=True, slots=True)
class Teams:
    """Who works: the agents of each department, its supervisors, and whoever is on duty for emergencies."""

    agents: Mapping[str, Team]
    supervisors: Mapping[str, Team]
    duty: Team


@dataclass(slots=True)
class Case:
    """One contact and what came of it; `closed` once the customer has nothing more to say."""

    contact: ContactRegistered
    effort: Effort
    events: list[Event]
    category: str = ""
    department: str = ""
    closed: bool = False


def life(case: Case, number: int, desk: Desk, teams: Teams, policy: Policy) -> Life:
    """Live through one work order; `case.events` tells of everything afterwards, in order."""
    yield None
    contact, effort, events = case.contact, case.effort, case.events
    opened = desk.open(contact, number)
    events.append(opened)
    case.category, case.department = opened.category, opened.department
    key, service, now = opened.work_order_id, policy.service.id, contact.registered_at
    first = policy.target("first_response", opened.category, opened.grade) or _AT_LEISURE
    result = policy.target("resolution", opened.category, opened.grade) or first
    answer_by = due(contact.occurred_at, first, policy.calendar_of(opened.department))
    if opened.queue == "triage":
        now = yield Task(teams.agents[service], effort.triage, answer_by, now)
        command = Classify(**_by(policy, service), work_order_id=key, category=opened.category, topic=opened.topic)
        events += desk.ask(command, now)
        case.department = _department(events, opened.department)
    begun = contact.occurred_at
    if opened.cutoff_at is not None and opened.cutoff_at > now:
        now = begun = yield opened.cutoff_at
    for attempt in range(_ONCE_MORE):
        owner = case.department
        finish_by = due(begun, result, policy.calendar_of(owner))
        by = _by(policy, owner)
        readers = teams.duty if first.kind == "wall" else teams.agents[owner]  # an emergency waits for no opening
        now = yield Task(readers, effort.read, min(answer_by, finish_by), now)
        events += desk.ask(Respond(**by, work_order_id=key, text=_TEXT), now)
        events += _handed_on(case, desk, policy, now)
        owner = case.department
        by = _by(policy, owner)
        now = yield Task(teams.agents[owner], effort.work, finish_by, now)
        events += desk.verify(key, by["by"], now)
        events += desk.ask(Resolve(**by, work_order_id=key, text=_TEXT), now)
        now = yield Task(teams.supervisors[owner], effort.sign, finish_by, now)
        signer = {"command_id": _COMMAND, "by": policy.supervisor_of(owner).id}
        events += desk.ask(Sign(**signer, work_order_id=key, approve=True), now)
        if policy.category(opened.category).confirmation:
            now = yield Task(teams.agents[service], effort.confirm, finish_by, now)
            events += desk.ask(Confirm(**_by(policy, service), work_order_id=key), now)
        events.append(_told(key, now))
        target = policy.target("callback", opened.category, opened.grade) or _AT_LEISURE
        call_by = due(now, target, policy.calendar_of(service))
        now = yield Task(teams.agents[service], effort.call, call_by, now)
        happy = effort.satisfied or attempt > 0
        called = _called(key, opened.number, owner, attempt + 1, now, call_by, happy=happy)
        events.append(called)
        followed = desk.hear(called)
        events += followed
        if not any(isinstance(event, WorkorderReopened) for event in followed):
            break
        begun = now
        answer_by = due(now, first, policy.calendar_of(owner))
    case.closed = True


_COMMAND: Final = "simulation"
_TEXT: Final = "simulated"
_AT_LEISURE: Final = Duration.wall(minutes=24 * 60)


def _handed_on(case: Case, desk: Desk, policy: Policy, now: datetime) -> Sequence[Event]:
    """Let the negotiation succeed where the category has one: with its material complete, the next department goes on."""
    key, entry = case.contact.contact_id, policy.category(case.category)
    if entry.hand_on is None or entry.hand_on == case.department:
        return ()
    by = _by(policy, case.department)
    done = [*desk.complete(key, by["by"], now)]
    done += desk.ask(Transfer(**by, work_order_id=key, department=entry.hand_on, reason=_TEXT), now)
    case.department = entry.hand_on
    return done


def _by(policy: Policy, department: str) -> dict[str, str]:
    """Return who asks: an agent of the department, or its supervisor where it has no agents."""
    members = policy.members(department)
    agent = next((one for one in members if one.role == "agent"), members[0])
    return {"command_id": _COMMAND, "by": agent.id}


def _department(events: list[Event], before: str) -> str:
    return next((event.department for event in reversed(events) if hasattr(event, "department")), before)


def _told(work_order_id: str, at: datetime) -> NotificationSent:
    """Return the notice of the result, which notify sends as soon as it may be told."""
    return NotificationSent(
        notification_id=work_order_id,
        cause_id=work_order_id,
        work_order_id=work_order_id,
        purpose="result",
        audience="customer",
        transport="simulation",
        to_masked="",
        attempt=1,
        at=at,
    )


def _called(
    work_order_id: str, number: str, department: str, cycle: int, at: datetime, due_at: datetime, *, happy: bool
) -> CallbackCompleted:
    return CallbackCompleted(
        callback_id=work_order_id,
        work_order_id=work_order_id,
        number=number,
        cycle=cycle,
        department=department,
        outcome="reached",
        solved=happy,
        score=9 if happy else 4,
        satisfaction="satisfied" if happy else "dissatisfied",
        reopen=not happy,
        second_contact=False,
        by="simulation",
        at=at,
        due_at=due_at,
    )
