"""Which required fields a contact leaves open: found neither in its structured fields nor in its text (R-IN-07)."""

from collections.abc import Callable, Mapping, Sequence

from services.routing.domain import register_parties as parties
from services.routing.domain import register_things as things
from services.routing.domain.employee_named import NOBODY, named_staff
from services.routing.domain.matter import Matter
from shared.policy import Staff

_FOUND: dict[str, Callable[[Matter], bool]] = {
    "customer_name": parties.has_name,
    "contact_name": parties.has_name,
    "customer": parties.has_customer,
    "customer_phone": parties.has_phone,
    "contact_phone": parties.has_phone,
    "company": parties.has_enterprise,
    "enterprise_name": parties.has_enterprise,
    "advertiser": parties.has_advertiser,
    "legal_person": parties.has_legal_person,
    "employee": parties.has_employee,
    "product_name": things.has_product,
    "purchased_item": things.has_purchase,
    "products": things.has_products,
    "project_name": things.has_project,
    "change": things.has_change,
    "demand": things.has_demand,
    "reason": things.has_reason,
    "ad_type": things.has_ad_type,
    "ad_position": things.has_ad_position,
    "ad_duration": things.has_ad_duration,
    "what": things.has_event,
    "where": things.has_place,
}

_ALSO: dict[str, tuple[str, ...]] = {"employee": ("employee_id",)}
"""Other names under which a channel may register a field."""


def missing_fields(
    category: str,
    topic: str | None,
    matter: Matter,
    required: Sequence[str],
    directory: Mapping[str, Staff] = NOBODY,
) -> tuple[str, ...]:
    """Return the `required` fields (the policy's for this category) that the contact does not tell, in their given order.

    A field registered in `details` is there. One that has no rule here counts as missing unless registered, so that a
    policy may require fields of its own. What was paid for on the platform is named by the topic itself; an employee
    also by an id, or by the id or name of somebody in the `directory` of staff.
    """
    return tuple(field for field in required if not _told(field, category, topic, matter, directory))


def _told(field: str, category: str, topic: str | None, matter: Matter, directory: Mapping[str, Staff]) -> bool:
    if any(matter.details.get(name) for name in (field, *_ALSO.get(field, ()))):
        return True
    if field == "employee" and named_staff(matter, directory) is not None:
        return True
    if field == "purchased_item" and topic == "platform_paid":
        return True
    if field == "reason" and category == "staff_complaint":
        return things.has_reason(matter) or parties.has_employee(matter)
    found = _FOUND.get(field)
    return found is not None and found(matter)
