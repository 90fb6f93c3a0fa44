"""Commands on the customer file, answered by feedback (R-FB-08)."""

from typing import ClassVar, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from shared.events.commands.base import Command


class GetCustomer(Command):
    """Get a customer's file: contacts, work orders, tags, satisfaction and preferences in one place (R-FB-08).

    Named by exactly one of the fields; a telephone number or member number that several customers gave finds the one
    heard of last.
    """

    SUBJECT: ClassVar[str] = "yingda.command.customer.get"

    customer_id: str | None = None
    work_order_id: str | None = None
    number: str | None = Field(default=None, description="of a work order")
    contact_id: str | None = None
    phone: str | None = Field(default=None, min_length=5, max_length=40)
    member_no: str | None = None
    limit: int = Field(default=50, ge=1, le=200, description="contacts, work orders and answers at most, of each")

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = ("customer_id", "work_order_id", "number", "contact_id", "phone", "member_no")
        if sum(getattr(self, name) is not None for name in names) != 1:
            raise PydanticCustomError(
                "named_once", "name the customer by exactly one of {names}", {"names": ", ".join(names)}
            )
        return self


class SearchCustomers(Command):
    """Find customers to whom everything given applies, the one heard of last first (R-FB-08, R-RT-11)."""

    SUBJECT: ClassVar[str] = "yingda.command.customer.search"

    tag: str | None = Field(
        default=None, min_length=1, max_length=100, description="on any of the customer's work orders"
    )
    name: str | None = Field(default=None, min_length=1, max_length=100, description="the name, or how it begins")
    company: str | None = Field(default=None, min_length=1, max_length=100, description="the company, or how it begins")
    phone: str | None = Field(default=None, min_length=5, max_length=40)
    member_no: str | None = Field(default=None, min_length=1, max_length=100)
    order_no: str | None = Field(default=None, min_length=1, max_length=100)
    tier: str | None = Field(default=None, min_length=1, max_length=100)
    limit: int = Field(default=20, ge=1, le=200)
