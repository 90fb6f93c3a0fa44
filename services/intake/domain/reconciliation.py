"""The books held against one another: contacts = work orders + rejected + dead letters + in flight (guarantee 6)."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Stage = Literal["received", "workorders", "clocks", "notices", "cases"]
Outcome = Literal["found", "rejected", "letter", "missing"]

STAGES: Final[tuple[Stage, ...]] = ("received", "workorders", "clocks", "notices", "cases")
"""What was published became contacts; contacts work orders; each of these has its clocks, its notice, its case."""
AFTER_ROUTING: Final[tuple[Stage, ...]] = ("clocks", "notices", "cases")
MOST_NAMES: Final = 1_000
"""Differences that one run's result names; the open ones are all kept."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service said of ids: which it has (routing: with the work order), and which lie in its dead letters."""

    missing: Collection[str] = ()
    letters: Collection[str] = ()
    found: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fate:
    """What has become of one contact at each stage that it reached."""

    contact_id: str
    work_order_id: str | None
    outcomes: Mapping[Stage, Outcome]

    @property
    def suspect(self) -> bool:
        """Whether anything is missing, be it lost or only on its way."""
        return "missing" in self.outcomes.values()

    def name(self, stage: Stage) -> str:
        """Return the id by which a difference at `stage` is named."""
        return self.contact_id if stage == "workorders" else self.work_order_id or self.contact_id


def fates(contact_ids: Iterable[str], routing: Answer, others: Mapping[Stage, Answer]) -> list[Fate]:
    """Return what has become of each contact; one without a work order has reached no stage after it."""
    found = []
    for contact_id in contact_ids:
        work_order_id = routing.found.get(contact_id)
        outcomes: dict[Stage, Outcome] = {"workorders": _outcome(contact_id, routing)}
        if work_order_id is not None:
            outcomes |= {stage: _outcome(work_order_id, answer) for stage, answer in others.items()}
        found.append(Fate(contact_id, work_order_id, outcomes))
    return found


def _outcome(key: str, answer: Answer) -> Outcome:
    if key in answer.missing:
        return "missing"
    return "letter" if key in answer.letters else "found"


@dataclass(slots=True)
class Tally:
    """One stage's count. `checked` is the sum of all others, always."""

    stage: Stage
    found: int = 0
    rejected: int = 0
    letters: int = 0
    in_flight: int = 0
    missing: dict[str, str | None] = field(default_factory=dict)
    """The names of what was lost, with the contact of each if it has one."""
    well: set[str] = field(default_factory=set)
    """Of names that were missing before: those that are not any more."""

    @property
    def checked(self) -> int:
        """How much was counted."""
        return self.found + self.rejected + self.letters + self.in_flight + len(self.missing)

    def count(self, name: str, outcome: Outcome, *, contact_id: str | None = None, judged: bool = True) -> None:
        """Count one; what is missing while not `judged` may still be on its way."""
        if outcome == "missing" and judged:
            self.missing[name] = contact_id
        elif outcome == "missing":
            self.in_flight += 1
        elif outcome == "found":
            self.found += 1
        elif outcome == "rejected":
            self.rejected += 1
        else:
            self.letters += 1

    def to_json(self) -> dict[str, Any]:
        """Return the count as it is told."""
        return {
            "stage": self.stage,
            "checked": self.checked,
            "found": self.found,
            "rejected": self.rejected,
            "dead_letters": self.letters,
            "in_flight": self.in_flight,
            "difference": len(self.missing),
            "missing": sorted(self.missing)[:MOST_NAMES],
        }


def count_fates(tallies: Mapping[Stage, Tally], counted: Iterable[Fate], *, judged: bool) -> None:
    """Count what has become of contacts at every stage that they reached."""
    for fate in counted:
        for stage, outcome in fate.outcomes.items():
            tallies[stage].count(fate.name(stage), outcome, contact_id=fate.contact_id, judged=judged)
