"""What `workorder.get` tells of a work order beside its row and its steps."""

from typing import Any

from services.routing import store
from services.routing.domain.workorder import WorkOrder
from shared.bus.transaction import Transaction
from shared.policy import Policy


async def told_beside(tx: Transaction, work_order: WorkOrder, policy: Policy) -> dict[str, Any]:
    """Return what `workorder.get` tells of a work order beside its row and its steps.

    `verification` (R-IN-05), `register` with the fields of the category (R-IN-07), `links` (R-IN-06), `customer_tags`
    (R-RT-11).
    """
    verified = await store.verification(tx.connection, work_order.id)
    links = await store.linked_with(tx.connection, work_order.links)
    return {
        "verification": {
            "required": bool(work_order.verification_reasons),
            "reasons": work_order.verification_reasons,
            "verified": work_order.verified,
            "by": verified.by if verified else None,
            "at": verified.at if verified else None,
            "identifier": verified.identifier if verified else None,
        },
        "register": register_told(work_order, policy),
        "links": [
            {
                "work_order_id": row.id,
                "number": row.number,
                "status": row.status,
                "category": row.category,
                "department": row.department,
            }
            for row in links
        ],
        "customer_tags": await store.customer_tags(tx.connection, work_order.customer_id),
    }


def register_told(work_order: WorkOrder, policy: Policy) -> dict[str, Any]:
    """Return the register of a work order: its category's fields by name, which are missing, and whether it is complete."""
    entry = policy.categories.get(work_order.category)
    names = policy.field_names
    missing = [
        {"field": name, "zh": names[name].zh, "en": names[name].en} if name in names else {"field": name}
        for name in work_order.missing_fields
    ]
    return {
        "complete": not missing,
        "missing": missing,
        "required": entry.required if entry else (),
        "optional": entry.optional if entry else (),
        "conversation_ended_at": work_order.conversation_ended_at or work_order.occurred_at,
    }
