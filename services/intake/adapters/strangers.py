"""What anybody on the internet may say of a customer: what people know of themselves, nothing that the house decides.

A tier (R-IN-11) or how a number came here (R-IN-03) is not theirs to say: it would be believed for ever.
"""

from collections.abc import Mapping
from typing import Any, Final

CUSTOMER: Final = ("name", "honorific", "phone", "email", "company", "address", "type", "industry", "member_no")
_OWN: Final = frozenset({*CUSTOMER, "preferences"})


def parted(customer: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what counts of a `customer` as a stranger describes one, and the rest, which is a detail of the contact."""
    own = {name: value for name, value in customer.items() if name in _OWN}
    return own, {name: value for name, value in customer.items() if name not in _OWN}
