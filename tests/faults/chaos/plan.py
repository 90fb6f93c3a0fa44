"""What a run does: every contact, delivery, life and fault, from a seed and nothing else."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Final

SERVICES: Final = ("intake", "routing", "sla", "notify", "feedback")
PROCESS_KINDS: Final = ("kill", "terminate", "pause")
LINK_KINDS: Final = ("cut", "delay", "silence")

LANES: Final[Mapping[str, tuple[int, tuple[str, ...]]]] = MappingProxyType(
    {
        **dict.fromkeys(SERVICES, (9, PROCESS_KINDS)),
        "house": (1, ("kill",)),
        "nats": (8, ("kill", "restart", "pause")),
        "postgres": (8, ("kill", "restart", "pause")),
        "nats-link": (11, LINK_KINDS),
        "postgres-link": (11, LINK_KINDS),
        "contacts-stream": (4, ("full_messages", "full_bytes")),
        "events-stream": (5, ("full_messages", "full_bytes")),
        "database": (7, ("closed", "read_only", "sessions_ended")),
    }
)
"""What can be hurt, how often in comparison, and in which ways. The faults of one lane come one after the other."""

SECONDS: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {
        "pause": (0.5, 8.0),
        "delay": (1.0, 6.0),
        "silence": (0.5, 6.0),
        "full_messages": (0.5, 6.0),
        "full_bytes": (0.5, 6.0),
        "closed": (0.5, 4.0),
        "read_only": (0.5, 4.0),
    }
)
"""How long a fault lasts that does not end by itself."""

CHOICES: Final[Sequence[tuple[int, str | None, str | None]]] = (
    (20, "product_inquiry", None),
    (15, "after_sales", "product"),
    (15, "complaint", "product"),
    (8, "complaint", "app_display"),
    (10, "general", None),
    (8, "project_matching", None),
    (6, "membership", None),
    (4, "ad_slot", None),
    (4, "emergency", "medical"),
    (10, None, None),
)
"""Category and topic of a contact, as the agent chose them, and how often."""

CONFIRMED: Final = "ad_slot"
"""The category of which service countersigns the result."""

FATES: Final[Sequence[tuple[int, tuple[str, ...]]]] = (
    (30, ()),
    (25, ("respond", "resolve", "sign", "record")),
    (15, ("respond",)),
    (12, ("respond", "resolve")),
    (10, ("pause", "resume", "respond")),
    (8, ("cancel",)),
)
"""What the staff does with a work order, and how often; of the rest the clocks run out."""

LARGEST_BATCH: Final = 150
SHORTEST_MINUTES: Final = 1.0
LONGEST_MINUTES: Final = 45.0
"""Between two steps of the staff, on the clock of the business."""
FIRST_FAULT: Final = 0.03
LATER_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Fault:
    """One harm: when it begins (seconds from the start), what it hits, in which way, and for how long."""

    at: float
    lane: str
    kind: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Batch:
    """Contacts published together at a moment; `stamped` ones carry `Nats-Msg-Id`, the others are let in again."""

    at: float
    contacts: tuple[int, ...]
    stamped: bool


@dataclass(frozen=True, slots=True)
class Life:
    """What becomes of one contact: its category, whose it is, and the staff's steps with the minutes before each."""

    category: str | None
    topic: str | None
    customer: int
    steps: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """All of a run. The same seed and sizes give an equal plan."""

    seed: int
    seconds: float
    lives: tuple[Life, ...]
    batches: tuple[Batch, ...]
    faults: tuple[Fault, ...]

    @property
    def deliveries(self) -> int:
        """How many times a contact is published."""
        return sum(len(batch.contacts) for batch in self.batches)


def make_plan(
    seed: int, *, contacts: int, faults: int, seconds: float, longest_minutes: float = LONGEST_MINUTES
) -> Plan:
    """Return the plan of `seed` for so many contacts and faults within `seconds`."""
    # One generator for each part: a change of one leaves the others of the same seed as they are.
    lives, deliveries, harm = (random.Random(f"{seed}/{part}") for part in ("lives", "deliveries", "faults"))
    return Plan(
        seed,
        seconds,
        tuple(_life(lives, number, longest_minutes) for number in range(contacts)),
        tuple(_batches(deliveries, contacts, seconds)),
        tuple(_faults(harm, faults, seconds)),
    )


def _life(chance: random.Random, number: int, longest: float) -> Life:
    _, category, topic = chance.choices(CHOICES, [weight for weight, *_ in CHOICES])[0]
    _, steps = chance.choices(FATES, [weight for weight, _ in FATES])[0]
    known = number > 0 and chance.random() < 0.1  # one customer in ten writes again
    customer = chance.randrange(number) if known else number
    if category == CONFIRMED and "sign" in steps:
        steps = (*steps[:-1], "confirm", steps[-1])
    moments = tuple((step, round(chance.uniform(SHORTEST_MINUTES, longest), 2)) for step in steps)
    return Life(category, topic, customer, moments)


def _batches(chance: random.Random, contacts: int, seconds: float) -> list[Batch]:
    """Mix first deliveries and repeats: some repeats within seconds, the others up to the whole run later."""
    moments: list[tuple[float, int]] = []
    for number in range(contacts):
        first = chance.uniform(0, seconds)
        moments.append((first, number))
        for _ in range(chance.choice((0, 1, 2))):
            later = chance.uniform(first, seconds) if chance.random() < LATER_SHARE else first + chance.uniform(0, 5)
            moments.append((later, number))
    moments.sort()
    batches: list[Batch] = []
    while moments:
        size = min(chance.randint(1, LARGEST_BATCH), max(1, contacts // 10))
        taken, moments = moments[:size], moments[size:]
        batches.append(Batch(taken[-1][0], tuple(number for _, number in taken), chance.random() < 0.3))
    return batches


def _faults(chance: random.Random, count: int, seconds: float) -> list[Fault]:
    found: list[Fault] = []
    lanes = list(LANES)
    for _ in range(count):
        lane = chance.choices(lanes, [LANES[name][0] for name in lanes])[0]
        kind = chance.choice(LANES[lane][1])
        lasts = round(chance.uniform(*SECONDS[kind]), 2) if kind in SECONDS else 0.0
        found.append(Fault(round(chance.uniform(FIRST_FAULT, 1.0) * seconds, 2), lane, kind, lasts))
    return sorted(found, key=lambda fault: (fault.at, fault.lane))


def in_order(plan: Plan) -> bool:
    """Return whether batches and faults come in the order of their moments."""
    moments = ([batch.at for batch in plan.batches], [fault.at for fault in plan.faults])
    return all(a <= b for times in moments for a, b in pairwise(times))
