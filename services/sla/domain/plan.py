"""Which clocks an event starts, meets, pauses and voids: the tables of section 4, read from top to bottom."""

from collections.abc import Mapping
from typing import Final, Literal

from shared.events import (
    CallbackCompleted,
    Event,
    NotificationSent,
    WorkorderCollaborated,
    WorkorderResolved,
    WorkorderResponded,
    WorkorderTransferred,
)
from shared.policy import Metric

SYSTEM: Final = "system"

Fact = Literal[
    "a person answered",
    "the department responded",
    "the result is recorded",
    "the customer heard something",
    "the customer was spoken to",
    "the customer was written to",
    "the customer knows the result",
    "the callback is over",
    "the supervisor called",
    "the register is complete",
    "others were asked for help",
    "the department made progress",
]
"""What an event means to the clocks."""

OPENING: Final[tuple[Metric, ...]] = ("first_response", "department_response", "resolution", "collaboration_start")
"""Started when a work order opens or reopens, where the policy has a target for them (R-SLA-01, R-SLA-02, R-SLA-11,
R-RT-09)."""

APPROVAL: Final[tuple[Metric, ...]] = ("customer_reply", "callback")
"""Started when the result may be told: at the signature, or at the confirmation where one is needed (R-SLA-03, -05)."""

PROMISED: Final[tuple[Metric, ...]] = (
    *OPENING,
    "progress_update",
    *APPROVAL,
    "supervisor_contact",
    "record_entry",
    "progress_relay",
)
"""Targets that are kept from the opening on, so that a later policy does not change them (R-SLA-12)."""

MET_BY: Final[Mapping[Metric, Fact]] = {
    "first_response": "a person answered",  # R-SLA-01
    "department_response": "the department responded",  # R-SLA-02
    "resolution": "the result is recorded",  # R-SLA-02
    "customer_reply": "the customer knows the result",  # R-SLA-03
    "progress_update": "the customer heard something",  # R-SLA-04, and the next one starts unless it was the result
    "callback": "the callback is over",  # R-SLA-05
    "supervisor_contact": "the supervisor called",  # R-SLA-06
    "promise": "the customer was spoken to",  # R-RT-10; an automatic message counts from the first warning on
    "record_entry": "the register is complete",  # R-IN-07
    "collaboration_start": "others were asked for help",  # R-RT-09
    "progress_relay": "the customer heard something",  # section 3, project_matching
    "rework": "the result is recorded",  # R-SLA-02, after the supervisor returned one
}

OF_ITS_CYCLE: Final[frozenset[Metric]] = frozenset({"callback", "supervisor_contact"})
"""Met only by an event of the clock's own cycle: a callback of an earlier one says nothing about the new result."""

SINCE_ITS_START: Final[frozenset[Metric]] = frozenset(
    {"progress_update", "promise", "customer_reply", "progress_relay"}
)
"""Met only by what happened after the start: an earlier message was about something else."""

UNPAUSED: Final[frozenset[Metric]] = frozenset({"progress_update", "promise"})
"""Run on while the work order waits for the customer (R-SLA-08)."""

DUE_AT_A_TIME: Final[frozenset[Metric]] = frozenset({"promise", "collaboration", "cutoff"})
"""Due at a time that came with them, which no policy moves (R-SLA-12)."""

SUPERSEDED: Final[frozenset[Metric]] = frozenset({*OPENING, *APPROVAL, "rework", "cutoff"})
"""Void when a new cycle begins and they still run: their result is no longer the result (R-SLA-11)."""

OUTLIVE_CLOSING: Final[frozenset[Metric]] = frozenset({*APPROVAL, "supervisor_contact"})
"""Not void when the work order closes: the callback that closes it meets or voids the first two, and the
supervisor's contact only begins then."""

VOID_WITH_THE_RESULT: Final[frozenset[Metric]] = frozenset({"collaboration_start", "cutoff"})
"""Void once the result is recorded: the matter needed no help, or was worked on before its batch was handed over."""

OWN_DEPARTMENT: Final[frozenset[Metric]] = frozenset({"collaboration"})
"""Belong to the department that was asked for help, wherever the work order goes."""


_HEARD: Final[frozenset[Fact]] = frozenset(
    {"the customer heard something", "the customer was spoken to", "the customer knows the result"}
)


def facts_of(event: Event) -> frozenset[Fact]:
    """Return what `event` means to the clocks of its work order."""
    match event:
        case WorkorderResponded():
            return _responded(event)
        case WorkorderResolved():
            answered: set[Fact] = {"a person answered"} if event.by != SYSTEM else set()
            return frozenset({*answered, "the department responded", "the result is recorded"})
        case NotificationSent(audience="customer"):
            return _notified(event)
        case CallbackCompleted():
            return _called(event)
        case WorkorderCollaborated() | WorkorderTransferred():
            return frozenset({"others were asked for help"})
        case _:
            return frozenset()


def _responded(event: WorkorderResponded) -> frozenset[Fact]:
    facts: set[Fact] = set()
    own = event.by_department == event.department
    if event.by != SYSTEM and (own or event.audience == "customer"):
        # An automatic notice answers nobody, and neither does a note from one colleague to another.
        facts.add("a person answered")
    if own:
        facts.add("the department responded")
    if event.audience == "customer":
        facts |= _HEARD
    elif event.by != SYSTEM and own:
        facts.add("the department made progress")
    return frozenset(facts)


def _notified(event: NotificationSent) -> frozenset[Fact]:
    if event.purpose == "accepted":  # it says that the contact arrived, not how the matter goes
        return frozenset()
    facts: set[Fact] = {"the customer heard something", "the customer was written to"}
    if event.purpose == "result":
        facts.add("the customer knows the result")
    return frozenset(facts)


def _called(event: CallbackCompleted) -> frozenset[Fact]:
    """Read a call: the one after a result, the supervisor's, a survey in its place, or the return of a missed one."""
    facts: set[Fact] = set()
    if event.kind == "callback":
        facts.add("the callback is over")
    elif event.kind == "supervisor_contact":
        facts.add("the supervisor called")
    if event.outcome == "reached" and event.kind == "return_call":  # R-IN-10: the customer is heard, no result is told
        facts |= {"the customer heard something", "the customer was spoken to"}
        if event.by != SYSTEM:
            facts.add("a person answered")
    elif event.outcome == "reached":
        facts |= _HEARD
    return frozenset(facts)
