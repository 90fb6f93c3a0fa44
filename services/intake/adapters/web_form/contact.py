"""The generic form of the contract, made of the fields of a web form."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from services.intake.adapters.strangers import CUSTOMER, parted
from shared.adapters.requests import digest_of, invalid
from shared.events import Contact, Fault, faults_of

OWN: Final = ("text", "category", "topic", "emotion", "locale")
OBJECTS: Final = ("customer", "details")
TEXTS: Final = ("text", "message", "content")
MOST_DETAILS: Final = 40
LONGEST: Final = 2_000
"""Characters of every field but the text."""
_YES: Final = {"1", "true", "on", "yes", "是"}


def contact_of(fields: Mapping[str, Any], at: datetime, attachments: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the generic form of a contact that occurs at `at`; `HttpProblem` 422 names what is wrong with `fields`.

    Fields named as in the form of the contract stand in their place there, `customer` and `details` also as objects;
    what the customer is asked besides becomes a detail.
    """
    filled = {name: value for name, value in fields.items() if not _blank(value)}
    form: dict[str, Any] = {"occurred_at": at.isoformat()}
    form |= {name: filled[name] for name in OWN if name in filled}
    text = next((name for name in TEXTS if name in filled), "text")
    if text in filled:
        form["text"] = filled[text]
    objects = {name: dict(filled[name]) for name in OBJECTS if isinstance(filled.get(name), dict)}
    customer, rest = parted(objects.get("customer", {}))
    form["customer"] = customer | {name: filled[name] for name in CUSTOMER if name in filled}
    placed = {*OWN, *CUSTOMER, *objects, text, "id"}
    others = {name: value for name, value in filled.items() if name not in placed}
    form["details"] = rest | objects.get("details", {}) | others
    if attachments:
        form["attachments"] = list(attachments)
    faults = [*_faults(form), *_long(form)]
    if faults:
        raise invalid(faults)
    return form


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def ticked(value: Any) -> bool:
    """Return whether a box was ticked."""
    return value is True or (isinstance(value, str) and value.strip().lower() in _YES)


def name_of(fields: Mapping[str, Any], files: Sequence[bytes], at: datetime) -> str:
    """Return the name of a form that has none: of what is in it and the day, so that pressing the button twice is once."""
    return digest_of(
        sorted((name, str(value)) for name, value in fields.items()),
        [hashlib.sha256(one).hexdigest() for one in files],
        at.date(),
    )


def _faults(form: Mapping[str, Any]) -> list[Fault]:
    try:
        Contact.model_validate(form)
    except ValidationError as error:
        return faults_of(error)
    return []


def _long(form: Mapping[str, Any]) -> list[Fault]:
    if len(form["details"]) > MOST_DETAILS:
        return [Fault("details", f"at most {MOST_DETAILS} fields besides those of the contact are taken")]
    own = {name: form[name] for name in OWN if name in form and name != "text"}
    places = [("", own), ("customer.", form["customer"]), ("details.", form["details"])]
    return [
        Fault(f"{place}{name[:40]}", f"must have at most {LONGEST} characters")
        for place, fields in places
        for name, value in fields.items()
        if len(name) > LONGEST or len(str(value)) > LONGEST
    ]
