"""Departments and the people in them (handbook, section 1)."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from shared.policy.base import Key, Model, Role, Text


def _address(text: str) -> str:
    name, at, host = text.partition("@")
    if not name or not at or "." not in host or any(mark.isspace() for mark in text):
        raise ValueError(f'"{text}" is not an e-mail address')
    return text


class Department(Model):
    """A department: `owner` of work orders, `collaborate` for one that helps, `service` for the customer's contact."""

    id: Annotated[Key, Field(exclude=True)]
    name: Text
    kind: Literal["owner", "collaborate", "service"]
    calendar: Key | None = None
    """Its own office calendar; None: the policy's."""


class Staff(Model):
    """A member of staff; `id` is what commands carry as ``by``."""

    id: Annotated[str, Field(exclude=True, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    name: Annotated[str, Field(min_length=1)]
    role: Role
    department: Key | None = None
    """None only for a manager, who stands above the departments."""
    email: Annotated[str, AfterValidator(_address)]
    phone: Annotated[str, Field(pattern=r"^\+?[0-9]{5,15}$")]
    skills: tuple[Key, ...] = ()
    """Categories this person is good at, for assignment by skill (R-RT-08)."""
    capacity: Annotated[int, Field(ge=0)] | None = None
    """Open work orders this person may hold; None: as many as anybody (R-RT-08)."""
