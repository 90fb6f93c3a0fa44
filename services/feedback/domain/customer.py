"""What feedback knows about the person behind a work order; none of it leaves in an event."""

from dataclasses import dataclass
from typing import Final, Self

from shared.events import ContactRegistered

ANONYMOUS: Final = "匿名客户"


@dataclass(frozen=True, slots=True)
class Customer:
    """The contact's facts that a callback and a draft of knowledge need."""

    contact_id: str
    text: str = ""
    locale: str = "zh-CN"
    name: str | None = None
    honorific: str | None = None
    phone: str | None = None
    email: str | None = None
    company: str | None = None
    address: str | None = None
    member_no: str | None = None
    order_no: str | None = None

    @classmethod
    def of(cls, event: ContactRegistered) -> Self:
        """Return what `event` tells."""
        personal = event.personal
        order_no = event.details.get("order_no")
        return cls(
            contact_id=event.contact_id,
            text=personal.text,
            locale=event.locale,
            name=None if personal.name == ANONYMOUS else personal.name,
            honorific=personal.honorific,
            phone=personal.phone,
            email=personal.email,
            company=personal.company,
            address=personal.address,
            member_no=event.member_no,
            order_no=str(order_no) if isinstance(order_no, str | int) else None,
        )
