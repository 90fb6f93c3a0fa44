"""The gate before a result: sensitive requests wait for the customer's verification (R-IN-05)."""

from typing import Final

from services.routing.domain.matter import Matter
from services.routing.domain.phrases import said, words_of
from services.routing.domain.workorder import Refusal, WorkOrder
from shared.policy import Policy

BY_CATEGORY: Final = "category"
"""The reason of a work order whose whole category is a sensitive request."""


def verification_reasons(matter: Matter, category: str, policy: Policy, *, triage: bool = False) -> tuple[str, ...]:
    """Return why the customer must be verified before a result; nothing where no reason is.

    A category may be a sensitive request as such; in others the policy's phrases tell, in text or details. The category
    of a work order in triage is only a suggestion, so there the phrases count in any.
    """
    rules = policy.routing.verification
    reasons = [BY_CATEGORY] if policy.category(category).sensitive_request else []
    if triage or category in rules.categories:
        words = words_of(matter)
        reasons += [reason for reason, phrases in rules.phrases.items() if said(words, phrases)]
    return tuple(reasons)


def unverified(work_order: WorkOrder) -> Refusal | None:
    """Return the refusal of a result for a customer who is not verified yet; None where the gate is open."""
    if work_order.verified or not work_order.verification_reasons:
        return None
    return Refusal(
        409,
        "not-verified",
        "The customer is not verified yet",
        f"{work_order.number} is a sensitive request ({', '.join(work_order.verification_reasons)}): verify the "
        "customer by name and one of phone, order number or member number before a result is recorded.",
    )
