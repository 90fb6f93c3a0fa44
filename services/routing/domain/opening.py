"""A registered contact becomes a work order (R-RT-01 to R-RT-05)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from services.routing.domain.assessment import assess
from services.routing.domain.gate import verification_reasons
from services.routing.domain.matter import Matter, plain_details
from services.routing.domain.tags import automatic_tags
from services.routing.domain.tendency import attitude
from services.routing.domain.verdict import Verdict
from services.routing.domain.workorder import WorkOrder
from shared.events import ContactRegistered, WorkorderOpened
from shared.policy import Policy


def matter_of(contact: ContactRegistered) -> Matter:
    """Return what the contact says, in the form that every rule of routing reads."""
    personal = contact.personal
    return Matter(
        text=personal.text,
        details=plain_details(contact.details),
        channel=contact.channel,
        customer_name=personal.name or None,
        customer_phone=personal.phone or None,
        company=personal.company or None,
        customer_type=contact.customer_type,
        tier=contact.tier,
        member_no=contact.member_no,
        honorific=personal.honorific or None,
    )


def open_work_order(
    contact: ContactRegistered,
    matter: Matter,
    verdict: Verdict,
    policy: Policy,
    now: datetime,
    *,
    work_order_id: str,
    number: str,
    traceparent: str,
    complaints_before: int,
) -> WorkOrder:
    """Return the work order at version 1.

    What is in triage belongs to the service centre and waits for no cut-off: its category is only a suggestion yet, and
    by a suggestion nobody complains once more (R-RT-05).
    """
    found = assess(
        matter,
        category=verdict.category,
        topic=verdict.topic,
        emotion=contact.emotion,
        complaints_before=0 if verdict.triage else complaints_before,
        registered_at=contact.registered_at,
        policy=policy,
    )
    return WorkOrder(
        id=work_order_id,
        number=number,
        contact_id=contact.contact_id,
        source_id=contact.source_id,
        customer_id=contact.customer_id,
        channel=contact.channel,
        category=verdict.category,
        topic=verdict.topic,
        grade=found.grade,
        sensitive=found.sensitive,
        sensitive_reasons=found.sensitive_reasons,
        attitude=contact.emotion,
        complaints_before=complaints_before,
        department=policy.service.id if verdict.triage else found.department,
        queue="triage" if verdict.triage else "department",
        classified_by=verdict.classified_by,
        confidence=verdict.confidence,
        evidence=verdict.evidence,
        suggested_category=verdict.category if verdict.suggested else None,
        suggested_topic=verdict.topic if verdict.suggested else None,
        missing_fields=found.missing_fields,
        cutoff_at=None if verdict.triage else found.cutoff_at,
        confirmation_required=policy.category(verdict.category).confirmation,
        policy_version=policy.policy_version,
        traceparent=traceparent,
        occurred_at=contact.occurred_at,
        registered_at=contact.registered_at,
        opened_at=now,
        tendency=found.tendency,
        verification_reasons=verification_reasons(matter, verdict.category, policy, triage=verdict.triage),
        tags=() if verdict.triage else automatic_tags(matter, verdict.category, policy),
        tier=contact.tier,
        conversation_ended_at=conversation_end(contact),
    )


def conversation_end(contact: ContactRegistered) -> datetime | None:
    """Return when the conversation was over, where its duration is known: from then on the register is due (R-IN-07)."""
    if contact.duration_seconds is None:
        return None
    return contact.occurred_at + timedelta(seconds=contact.duration_seconds)


def opened(work_order: WorkOrder, concerned: Iterable[str] = ()) -> WorkorderOpened:
    """Return the event that tells of a work order just opened; `concerned` are those whom the complaint is against."""
    return WorkorderOpened(
        work_order_id=work_order.id,
        number=work_order.number,
        contact_id=work_order.contact_id,
        source_id=work_order.source_id,
        customer_id=work_order.customer_id,
        channel=work_order.channel,
        category=work_order.category,
        topic=work_order.topic,
        grade=work_order.grade,
        sensitive=work_order.sensitive,
        department=work_order.department,
        queue=work_order.queue,
        classified_by=work_order.classified_by,
        confidence=work_order.confidence,
        evidence=work_order.evidence,
        missing_fields=work_order.missing_fields,
        cutoff_at=work_order.cutoff_at,
        policy_version=work_order.policy_version,
        version=work_order.version,
        cycle=work_order.cycle,
        assignee=work_order.assignee,
        sensitive_reasons=work_order.sensitive_reasons,
        attitude=attitude(work_order.attitude, work_order.tendency),
        tendency=work_order.tendency,
        verification_required=bool(work_order.verification_reasons),
        concerned=tuple(sorted(concerned)),
        tags=work_order.tags,
        tier=work_order.tier,
        conversation_ended_at=work_order.conversation_ended_at,
        occurred_at=work_order.occurred_at,
        opened_at=work_order.opened_at,
    )
