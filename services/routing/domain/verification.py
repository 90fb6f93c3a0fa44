"""The step that opens the gate: the customer is compared with what is known of them (R-IN-05)."""

from collections.abc import Iterable, Mapping
from typing import Final

from services.routing.domain.identity import IDENTIFIERS, Fingerprints, Identifier, Kind, identities_known
from services.routing.domain.steps import Asked
from services.routing.domain.workorder import Decided, Refusal, WorkOrder, illegal, invalid
from shared.events import WorkorderVerified
from shared.events.commands import VerifyContact

WRONG_ANSWER: Final = "wrong-answer"
"""Kind of the refusal that counts against the customer's answers."""


def verify(work_order: WorkOrder, command: VerifyContact, asked: Asked) -> Decided | Refusal:
    """Verify the customer: the name and every identifier given must be known of this very customer.

    A refusal does not tell which of them was wrong, and after the policy's number of wrong answers nothing more is
    compared for a while, so that nobody finds out by trying.
    """
    if work_order.verified:
        return illegal(f"The customer of {work_order.number} is verified already.")
    given: dict[Identifier, str] = {kind: value for kind in IDENTIFIERS if (value := getattr(command, kind))}
    if not given:
        return invalid("phone", "One of phone, order_no and member_no is needed beside the name.")
    if asked.identity is None:
        raise LookupError("nothing was loaded to compare with")
    rules = asked.policy.routing.verification
    if asked.identity.wrong_answers >= rules.wrong_answers:
        return Refusal(
            429,
            "too-many-answers",
            "Too many wrong answers",
            f"There were {asked.identity.wrong_answers} wrong answers about this customer within {rules.within}: "
            "nothing is compared until that time has passed.",
        )
    known = identities_known(asked.identity.known)
    if "name" not in known or len(known) == 1:
        missing = "name" if "name" not in known else "phone, order number or member number"
        return Refusal(
            409,
            "nothing-known",
            "There is nothing to compare with",
            f"No {missing} of this customer is known yet: complete the contact first.",
        )
    answers: Iterable[tuple[Kind, str]] = (("name", command.name), *given.items())
    if not all(_agrees(kind, value, known, asked.identity.fingerprints, work_order) for kind, value in answers):
        return Refusal(
            403,
            WRONG_ANSWER,
            "The customer is not recognised",
            f"Name and identifier do not both agree with what is known of the customer of {work_order.number}.",
        )
    after = work_order.next(verified=True)
    event = WorkorderVerified(**after.told(asked.by, asked.now), identifier=next(iter(given)))
    return Decided(after, (event,))


def _agrees(
    kind: Kind,
    value: str,
    known: Mapping[Kind, frozenset[str]],
    fingerprints: Fingerprints,
    work_order: WorkOrder,
) -> bool:
    return fingerprints.of(work_order.customer_id, kind, value) in known.get(kind, frozenset())
