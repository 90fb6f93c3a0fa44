"""Completing the register of a contact: what staff add since, and what they may not overwrite (R-IN-04, R-IN-07).

What nobody knew is filled in. What is known stays: another value is a conflict, and the whole completion is refused,
unless it is said to be a correction. A name may grow (王 becomes 王芳), and a tier may rise, without one. Preferences
are no facts but wishes: the last one holds.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from services.intake.domain.customer_file import FIELDS, CustomerFile
from services.intake.domain.personal import personal
from services.intake.domain.preferences import renewed, wants_plain_language
from services.intake.domain.tiers import rank
from shared.events import ContactCompleted
from shared.policy import Policy

Same = Callable[[str, str, str], bool]
"""Whether two values of the detail so named are the same one, written differently."""

_UNNAMED: Final = "customer"
"""Among the details, where the customer's details stand that the contract does not name."""
_PREFERENCES: Final = {"channel": "preferred_channel"}


@dataclass(frozen=True, slots=True)
class Record:
    """A contact as it is known now: what it told, with what was completed since, and its customer's file."""

    contact_id: str
    customer_id: str
    text: str
    told: CustomerFile
    details: Mapping[str, Any]
    file: CustomerFile

    @property
    def known(self) -> CustomerFile:
        """What is known of the customer, seen from this contact."""
        return self.told.completed(self.file)


@dataclass(frozen=True, slots=True)
class Given:
    """What a member of staff adds, with nothing in it but what was volunteered (R-IN-03)."""

    customer: CustomerFile
    details: Mapping[str, Any]
    provenance: Mapping[str, str]
    dropped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Completion:
    """What is to be written; nothing, where `completed` is empty."""

    record: Record
    """The contact as it is known afterwards."""
    told: Mapping[str, Any]
    details: Mapping[str, Any]
    provenance: Mapping[str, str]
    completed: tuple[str, ...]
    corrected: tuple[str, ...]
    dropped: tuple[str, ...]

    def event(self, by: str, at: datetime) -> ContactCompleted:
        """Return what the other services hear: everything that is known now."""
        known, wishes = self.record.known, self.record.file.preferences
        return ContactCompleted(
            contact_id=self.record.contact_id,
            customer_id=self.record.customer_id,
            completed=self.completed,
            details=dict(self.record.details),
            customer_type=known.type,
            tier=self.record.file.tier,
            member_no=known.member_no,
            preferred_channel=wishes.channel,
            plain_language=wants_plain_language(wishes),
            dropped=self.dropped,
            personal=personal(known, self.record.text),
            by=by,
            at=at,
        )


@dataclass(frozen=True, slots=True)
class Conflict:
    """What is known otherwise: the dotted places of these details. Nothing is changed."""

    places: tuple[str, ...]


def complete(record: Record, given: Given, policy: Policy, same: Same, *, correct: bool) -> Completion | Conflict:
    """Return what `given` adds to `record`, or what speaks against it."""
    told, replaced, conflicts = _details_of_customer(record, given.customer, policy, same, correct=correct)
    more, others, clashes = _other_details(record.details, given.details, correct=correct)
    if conflicts or clashes:
        return Conflict((*(f"customer.{name}" for name in conflicts), *(f"details.{name}" for name in clashes)))
    filed: dict[str, Any] = {
        name: value
        for name, value in told.items()
        if (held := getattr(record.file, name)) is None or correct or _grows(name, held, value, policy)
    }
    wishes = renewed(record.file.preferences, given.customer.preferences)
    before = record.file.preferences.model_dump()
    wished = [_PREFERENCES.get(name, name) for name, value in wishes.model_dump().items() if value != before[name]]
    after = replace(
        record,
        told=replace(record.told, **told),
        file=replace(record.file, **filed, preferences=wishes),
        details=_merged(record.details, more),
    )
    places = {*(f"customer.{name}" for name in told), *(f"details.{name}" for name in more)}
    return Completion(
        record=after,
        told=told,
        details={name: after.details[name] for name in more},
        provenance={place: how for place, how in given.provenance.items() if place in places},
        completed=(*told, *more, *wished),
        corrected=(*replaced, *others),
        dropped=given.dropped,
    )


def _details_of_customer(
    record: Record, given: CustomerFile, policy: Policy, same: Same, *, correct: bool
) -> tuple[dict[str, Any], list[str], list[str]]:
    """Return what is added, which of it replaces something known, and what may not."""
    told: dict[str, Any] = {}
    replaced: list[str] = []
    conflicts: list[str] = []
    for name in FIELDS:
        value: str | None = getattr(given, name)
        known = [held for held in (getattr(record.known, name), getattr(record.file, name)) if held is not None]
        if value is None or (known and same(name, known[0], value) and not correct):
            continue
        others = [held for held in known if not same(name, held, value) and not _grows(name, held, value, policy)]
        if not known or _grows(name, known[0], value, policy) or (correct and others):
            told[name] = value
            replaced += [name] if others and correct else []
        elif others:
            conflicts.append(name)
    return told, replaced, conflicts


def _grows(name: str, known: str, value: str, policy: Policy) -> bool:
    """Return whether `value` says more than what is known, and nothing else."""
    if name == "name":
        return value != known and value.startswith(known)
    tiers = policy.intake.tiers
    return name == "tier" and rank(value, tiers) > rank(known, tiers)


def _other_details(
    known: Mapping[str, Any], given: Mapping[str, Any], *, correct: bool
) -> tuple[dict[str, Any], list[str], list[str]]:
    more: dict[str, Any] = {}
    replaced: list[str] = []
    conflicts: list[str] = []
    for name, value in given.items():
        held = known.get(name)
        if _blank(value) or value == held:
            continue
        if name == _UNNAMED and isinstance(value, Mapping) and isinstance(held, Mapping):
            inner, others, clashes = _other_details(held, value, correct=correct)
            more |= {name: inner} if inner else {}
            replaced += [f"{name}.{other}" for other in others]
            conflicts += [f"{name}.{clash}" for clash in clashes]
        elif _blank(held) or correct:
            more[name] = value
            replaced += [] if _blank(held) else [name]
        else:
            conflicts.append(name)
    return more, replaced, conflicts


def _merged(known: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    unnamed = more.get(_UNNAMED)
    held = known.get(_UNNAMED)
    if isinstance(unnamed, Mapping) and isinstance(held, Mapping):
        return {**known, **more, _UNNAMED: {**held, **unnamed}}
    return {**known, **more}


def _blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip()) or value in ([], {})
