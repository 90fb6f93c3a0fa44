"""Contacts to replay: recorded ones from a directory, or a sample spread over a month as customers come."""

import json
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from shared.events import Contact, ContactRegistered, Personal, faults_of
from shared.simulation.ports import SimulationError

SAMPLE: Final = files("shared.cli.demo") / "contacts.jsonl"
_HOURS: Final = (1, 1, 1, 0, 0, 0, 1, 2, 5, 10, 12, 10, 6, 7, 10, 10, 9, 7, 4, 4, 5, 5, 4, 2)
"""How many of a hundred-odd contacts come in each hour of the day."""
_WEEKDAYS: Final = (12, 11, 10, 10, 10, 7, 6)
_REGISTERED: Final = "yingda.contact.registered.v1"


@dataclass(frozen=True, slots=True)
class Sample:
    """A month that never was: that many contacts from `start` on, over that many days."""

    contacts: int
    start: date
    days: int


def recorded(directory: Path) -> list[ContactRegistered]:
    """Return every contact in the `*.jsonl` files of a directory, in order of time.

    A line is an event `contact.registered`, as `yingda events --json` prints it, or `{"channel": …, "contact": …}` with
    a contact in the generic form. `SimulationError` names file and line of what is neither.
    """
    paths = sorted(directory.glob("*.jsonl"))
    if not paths:
        raise SimulationError(f"there is no file *.jsonl in {directory}")
    found = [contact for path in paths for contact in _file(path)]
    if not found:
        raise SimulationError(f"there is no contact in {directory}")
    return sorted(found, key=lambda contact: (contact.occurred_at, contact.contact_id))


def spread(sample: Sample, seed: int, zone: str) -> list[ContactRegistered]:
    """Return the sample's contacts in order of time: packaged texts, more on Mondays and by day than at night."""
    draw = random.Random(seed)  # noqa: S311 (a simulation, not a secret)
    lines = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    days = [sample.start + timedelta(days=offset) for offset in range(sample.days)]
    on_days = draw.choices(days, [_WEEKDAYS[day.weekday()] for day in days], k=sample.contacts)
    in_hours = draw.choices(range(24), _HOURS, k=sample.contacts)
    local = ZoneInfo(zone)
    moments = sorted(
        datetime.combine(day, time(hour, second // 60, second % 60), local).astimezone(UTC)
        for day, hour, second in zip(on_days, in_hours, draw.choices(range(3600), k=sample.contacts), strict=True)
    )
    written = [_read(line["channel"], {**line["contact"], "occurred_at": moments[0]}, "sample") for line in lines]
    return [
        draw.choice(written).replace(
            contact_id=f"sample-{position:06}", customer_id=f"customer-{position:06}", occurred_at=at, registered_at=at
        )
        for position, at in enumerate(moments)
    ]


def _file(path: Path) -> Iterator[ContactRegistered]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        where = f"{path}:{number}"
        try:
            value = json.loads(line)
        except ValueError as error:
            raise SimulationError(f"{where}: the line is not JSON: {error}") from error
        contact = _line(value, where)
        if contact is not None:
            yield contact


def _line(value: Any, where: str) -> ContactRegistered | None:
    if isinstance(value, Mapping) and isinstance(value.get("data"), Mapping):
        if value.get("type") != _REGISTERED:
            return None  # other events of the same log say nothing that is not decided anew
        try:
            return ContactRegistered.model_validate(value["data"])
        except ValidationError as error:
            raise SimulationError(f"{where}: {_said(error)}") from error
    if isinstance(value, Mapping) and isinstance(value.get("contact"), Mapping):
        return _read(str(value.get("channel") or "web"), value["contact"], where)
    raise SimulationError(f'{where}: neither an event {_REGISTERED} nor {{"channel": …, "contact": …}}')


def _read(channel: str, form: Mapping[str, Any], where: str) -> ContactRegistered:
    try:
        contact = Contact.model_validate({key: value for key, value in form.items() if value is not None})
        who = contact.customer
        return ContactRegistered(
            contact_id=where,
            channel=channel,
            source_id=where,
            customer_id=who.member_no or who.phone or who.email or where,
            occurred_at=contact.occurred_at,
            registered_at=contact.occurred_at,
            category=contact.category,
            topic=contact.topic,
            details=contact.details,
            emotion=contact.emotion,
            locale=contact.locale,
            customer_type=who.type,
            tier=who.tier,
            member_no=who.member_no,
            personal=Personal(
                name=who.name, honorific=who.honorific, phone=who.phone, company=who.company, text=contact.text
            ),
        )
    except ValidationError as error:
        raise SimulationError(f"{where}: {_said(error)}") from error


def _said(error: ValidationError) -> str:
    return "; ".join(f"{fault.field}: {fault.message}" for fault in faults_of(error))
