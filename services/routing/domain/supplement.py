"""The register of a contact is completed: the work order learns what it lacked (R-IN-04, R-IN-07)."""

from dataclasses import replace

from services.routing.domain.gate import verification_reasons
from services.routing.domain.identity import Kind, kinds_of
from services.routing.domain.matter import Matter, plain_details
from services.routing.domain.reassessment import reassessed
from services.routing.domain.register import missing_fields
from services.routing.domain.workorder import ENDED, Decided, Ignored, WorkOrder
from shared.events import ContactCompleted, WorkorderSupplemented
from shared.policy import Policy


def completed(matter: Matter, event: ContactCompleted) -> Matter:
    """Return what the contact says now; what the completion leaves open stays as it was."""
    personal = event.personal
    return replace(
        matter,
        text=personal.text or matter.text,
        details={**matter.details, **plain_details(event.details)},
        customer_name=personal.name or matter.customer_name,
        customer_phone=personal.phone or matter.customer_phone,
        company=personal.company or matter.company,
        honorific=personal.honorific or matter.honorific,
        member_no=event.member_no or matter.member_no,
    )


def staffed(event: ContactCompleted) -> frozenset[Kind]:
    """Return what of the customer's identity this very completion added: a colleague recorded it (R-IN-05)."""
    return kinds_of(event.completed)


def supplement(work_order: WorkOrder, matter: Matter, event: ContactCompleted, policy: Policy) -> Decided | Ignored:
    """Tell what is still missing; `matter` is the completed one.

    What is learned can make the request a sensitive one (R-IN-05) or the matter (R-RT-05), and never less so.
    """
    if work_order.status in ENDED:
        return Ignored(f"the work order is {work_order.status}")
    if not event.completed:
        return Ignored("nothing was added")
    entry = policy.categories.get(work_order.category)
    if entry is None:
        return Ignored("the policy does not know the category any more")
    missing = missing_fields(entry.id, work_order.topic, matter, entry.required, policy.staff_directory)
    reasons = verification_reasons(matter, entry.id, policy, triage=work_order.queue == "triage")
    after = work_order.next(
        missing_fields=missing,
        verification_reasons=tuple(dict.fromkeys((*work_order.verification_reasons, *reasons))),
    )
    told = WorkorderSupplemented(
        **after.told(event.by, event.at), fields=event.completed, missing_fields=after.missing_fields
    )
    more = reassessed(after, matter, event, policy)
    return Decided(more.work_order, (told, *more.events)) if more else Decided(after, (told,))
