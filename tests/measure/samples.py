"""The labelled contacts beside the repository, as matters; empty where the data directory is absent."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from services.routing.ports import Matter

DATA = Path(__file__).resolve().parents[2].parent / "shared" / "data"


@dataclass(frozen=True, slots=True)
class Sample:
    """One labelled contact; `number` is that of its id."""

    number: int
    matter: Matter
    contact: Mapping[str, Any]
    expected: Mapping[str, Any]

    @property
    def label(self) -> str:
        category, topic = self.expected["category"], self.expected["topic"]
        return f"{category}/{topic}" if topic else str(category)


def matter_of(contact: Mapping[str, Any], channel: str) -> Matter:
    """What intake would hand to routing of this contact; an anonymous customer has no name (R-IN-04)."""
    customer = contact["customer"]
    return Matter(
        text=contact["text"],
        details=contact["details"],
        channel=channel,
        customer_name=customer["name"],
        customer_phone=customer["phone"],
        company=customer["company"],
        customer_type=customer["type"],
        tier=customer["tier"],
        member_no=customer["member_no"],
        honorific=customer["honorific"],
    )


def load(name: str, parity: int | None = None) -> list[Sample]:
    """The samples of a file, of one parity of their numbers if given (even: rules were written from these; odd: judged)."""
    path = DATA / name
    if not path.exists():
        return []
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    samples = [
        Sample(
            int(row["id"].rpartition("-")[2]),
            matter_of(row["contact"], row["channel"]),
            row["contact"],
            row["expected"],
        )
        for row in rows
    ]
    return [sample for sample in samples if parity is None or sample.number % 2 == parity]
