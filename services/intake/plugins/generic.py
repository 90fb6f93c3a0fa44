"""The generic form of a contact (contract, "A contact on the generic channels"), read generously and exactly."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import ValidationError

from services.intake.ports import Reading, Unreadable, storable
from shared.events import Contact, Fault, faults_of

EMPTY_WHEN_NULL: Final = ("customer", "details", "attachments", "locale")
BLANK_IS_NONE: Final = ("category", "topic", "emotion", "agent_id")
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)

_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")


def prepared(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of `data` that can be stored, with null and blank where the form means "nothing" left out."""
    form: dict[str, Any] = storable(dict(data))
    for name in EMPTY_WHEN_NULL:
        if form.get(name, ...) in (None, ""):
            del form[name]
    for name in BLANK_IS_NONE:
        value = form.get(name)
        if isinstance(value, str):
            form[name] = value.strip() or None
    return form


def read_form(form: Mapping[str, Any], kind: type[Contact] = Contact) -> Reading:
    """Return the contact in a prepared `form`, of the given `kind`, or every fault of it at once. Never raises."""
    faults = [*_faults_of_time(form.get("occurred_at"))]
    try:
        contact = kind.model_validate(form)
    except ValidationError as error:
        known = {fault.field for fault in faults}
        faults += [fault for fault in faults_of(error) if fault.field not in known]
        return unreadable(faults)
    if not faults and not _plausible(contact.occurred_at):
        faults.append(Fault("occurred_at", "lies outside the years 2000 to 2099"))
    return unreadable(faults) if faults else contact


def unreadable(faults: list[Fault]) -> Unreadable:
    """Return the refusal that names `faults`."""
    what = "; ".join(f"{fault.field}: {fault.message}" for fault in faults)
    return Unreadable(f"the contact cannot be read: {what}", tuple(faults))


def _faults_of_time(value: Any) -> list[Fault]:
    """Return why `value` is no date and time; a bare number or date must not be taken for one."""
    if value is None:
        return [Fault("occurred_at", "is required, with its offset, as in 2026-11-23T10:15:00+08:00")]
    if not isinstance(value, str) or not _DATE_TIME.match(value):
        return [Fault("occurred_at", "must be a text like 2026-11-23T10:15:00+08:00")]
    return []


def _plausible(at: datetime) -> bool:
    try:
        return EARLIEST <= at < LATEST
    except OverflowError:  # an offset may carry the first or last day of the calendar beyond it
        return False
