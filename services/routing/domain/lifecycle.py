"""The lifecycle of a work order as a table: which step is legal in which status, for whom, and what it does (R-RT-06).

opened → responded → resolved → signed → (confirmed) → called_back → closed; beside it paused, cancelled, linked and merged. The last
two of the main line follow from the callback, not from a command: see `automatic.py`.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from services.routing.domain import asides, by_hand, callers, deliver, linking, merging, steps, tags, verification
from services.routing.domain.collaboration import Collaboration
from services.routing.domain.concerned import concerned
from services.routing.domain.identity import Identity
from services.routing.domain.matter import Matter
from services.routing.domain.steps import Asked, Rule
from services.routing.domain.workorder import ENDED, LIVE, OPEN, Decided, Refusal, WorkOrder, forbidden, illegal
from shared.events import Presence, Status
from shared.events.commands import (
    Assign,
    Cancel,
    Classify,
    Collaborate,
    Confirm,
    Deliver,
    Link,
    Merge,
    Pause,
    Promise,
    Reopen,
    Resolve,
    Respond,
    Resume,
    Sign,
    Tag,
    Transfer,
    VerifyContact,
    WorkorderCommand,
)
from shared.policy import Policy

NOBODY_TOLD: Final[Mapping[str, Presence]] = MappingProxyType({})
"""Nobody has said that they are away."""
_WORKING: Final[frozenset[Status]] = frozenset({"opened", "responded"})

LIFECYCLE: Final[Mapping[type[WorkorderCommand], Rule[Any]]] = {
    Respond: Rule("answered", LIVE - {"called_back"}, callers.anyone, steps.respond),
    Resolve: Rule("resolved", _WORKING, callers.involved, steps.resolve),
    Sign: Rule("signed or returned", frozenset({"resolved"}), callers.signatory, steps.sign),
    Confirm: Rule("confirmed", frozenset({"signed"}), callers.service_only, steps.confirm),
    Transfer: Rule("transferred", OPEN, callers.owner_or_service, asides.transfer),
    Pause: Rule("paused", _WORKING, callers.owner_or_service, asides.pause),
    Resume: Rule("resumed", frozenset({"paused"}), callers.owner_or_service, asides.resume),
    Promise: Rule("given a promise", LIVE, callers.owner_or_service, asides.promise),
    Collaborate: Rule("shared with another department", OPEN, callers.owner_or_service, asides.collaborate),
    Deliver: Rule("given a deliverable", LIVE, callers.anyone, deliver.deliver),
    Assign: Rule("given to somebody", LIVE, callers.owner, by_hand.assign),
    Classify: Rule("classified", OPEN, callers.owner_or_service, asides.classify),
    Reopen: Rule("reopened", (LIVE | ENDED) - OPEN - {"merged"}, callers.owner_or_service, steps.reopen),
    Cancel: Rule("cancelled", LIVE, callers.owner_or_service, steps.cancel),
    VerifyContact: Rule("verified", LIVE, callers.owner_or_service, verification.verify),
    Link: Rule("linked", linking.LINKABLE, callers.owner_or_service, linking.link),
    Merge: Rule("merged", OPEN, callers.owner_or_service, merging.merge),
    Tag: Rule("tagged", (LIVE | ENDED) - {"merged"}, callers.owner_or_service, tags.tag),
}
_ORDER: Final = (
    "opened", "responded", "paused", "resolved", "signed", "confirmed", "called_back", "closed", "cancelled",
    "merged",
)  # fmt: skip


def decide(
    work_order: WorkOrder,
    command: WorkorderCommand,
    policy: Policy,
    now: datetime,
    matter: Matter | None = None,
    *,
    other: WorkOrder | None = None,
    identity: Identity | None = None,
    presence: Mapping[str, Presence] = NOBODY_TOLD,
    collaboration: Collaboration | None = None,
) -> Decided | Refusal:
    """Decide what `command` does to `work_order` at `now`; a refusal says why in one sentence.

    `matter` is what the customer wrote: needed to classify, which judges it anew, and for a complaint about staff, which
    whom it concerns does not handle; `other` the work order to link or
    merge with; `identity` what a verification compares with; `presence` that of the person an assignment names;
    `collaboration` the one that a deliverable is for.
    """
    rule = LIFECYCLE[type(command)]
    caller = policy.staff(command.by)
    if caller is None:
        return stranger(command.by)
    if (refused := rule.may(work_order, caller, policy)) is not None:
        return forbidden(f"{_sentence(refused)} {caller.id} belongs to {caller.department or 'the management'}.")
    if caller.id in concerned(work_order, matter, policy):
        return forbidden(f"{work_order.number} is a complaint about {caller.id}, and is not theirs to handle.")
    if work_order.status not in rule.legal:
        return illegal(_why(work_order, rule))
    asked = Asked(
        caller, policy, now, matter, other=other, identity=identity, presence=presence, collaboration=collaboration
    )
    return rule.apply(work_order, command, asked)


def stranger(by: str) -> Refusal:
    """Return the refusal of a command whose `by` is nobody in the staff directory."""
    return Refusal(403, "not-staff", "Only staff may give commands", f"{by} is not in the staff directory.", "by")


def _why(work_order: WorkOrder, rule: Rule[Any]) -> str:
    allowed = [status for status in _ORDER if status in rule.legal]
    listed = ", ".join(allowed[:-1]) + (" or " if allowed[:-1] else "") + allowed[-1]
    hint = ""
    if work_order.status == "paused":
        hint = " It waits for the customer: resume it first."
    elif work_order.status == "merged":
        hint = " It was merged: the work order it went into goes on."
    elif work_order.status in ENDED:
        hint = " It has ended: reopen it first."
    elif work_order.status == "resolved" and "responded" in rule.legal:
        hint = " It waits for the supervisor, who signs or returns it."
    return f"{work_order.number} is {work_order.status}; it can be {rule.done} only while it is {listed}.{hint}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
