"""One policy rehearsed: contacts in, the verdict of every clock and the figures of every team out."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from shared.events import ContactRegistered
from shared.policy import Policy
from shared.simulation.effort import effort_of
from shared.simulation.engine import Engine, Life, Team
from shared.simulation.life import Case, Teams, life
from shared.simulation.ports import Desk, Timekeeper, desk_of, timekeeper_of

AFTERWARDS: Final = timedelta(days=14)
"""How long after the last contact people may finish what they have."""
_AGENTS_OF_A_SUPERVISOR: Final = 12


@dataclass(slots=True)
class Figures:
    """What came of one department under one policy. Waits are seconds of its working time."""

    agents: int = 0
    work_orders: int = 0
    unfinished: int = 0
    met: Counter[str] = field(default_factory=Counter)
    """Clocks met in time, by metric."""
    breached: Counter[str] = field(default_factory=Counter)
    longest_queue: int = 0
    median_wait: float = 0.0
    p95_wait: float = 0.0

    def attainment(self, metric: str | None = None) -> float | None:
        """Return the share of clocks that were met, of one metric or of all; None where none ended."""
        met = self.met[metric] if metric else self.met.total()
        breached = self.breached[metric] if metric else self.breached.total()
        return met / (met + breached) if met + breached else None


def rehearse(
    contacts: Sequence[ContactRegistered], policy: Policy, seed: int, agents: Mapping[str, int], data: Path = Path()
) -> dict[str, Figures]:
    """Let `contacts`, in order of time, be handled under `policy` by that many `agents`; return figures by department.

    `data` is where a classifier that learns has its model.
    """
    run = _Run(policy, agents, contacts[-1].registered_at + AFTERWARDS, data)
    for number, contact in enumerate(contacts, 1):
        run.begin(Case(contact, effort_of(seed, number), []), number)
    return run.finished()


class _Run:
    """One policy's month: every case is judged as soon as its life is over, so that memory stays small."""

    def __init__(self, policy: Policy, agents: Mapping[str, int], until: datetime, data: Path) -> None:
        self._policy, self._until = policy, until
        self._desk: Desk = desk_of(policy, data)
        self._keeper: Timekeeper = timekeeper_of(policy)
        self._engine = Engine(until)
        self._teams = _teams(policy, agents)
        self._figures = {name: Figures(agents=agents[name]) for name in policy.departments}
        self._open: dict[int, Case] = {}

    def begin(self, case: Case, number: int) -> None:
        """Let the case's life begin when its contact was registered."""
        self._engine.start(case.contact.registered_at, self._lived(case, number))

    def finished(self) -> dict[str, Figures]:
        """Run to the end, judge what is unfinished, and return the figures."""
        self._engine.run()
        for case in self._open.values():
            self._figures[case.department].unfinished += 1
            self._judge(case)
        for name, team in self._teams.agents.items():
            figures, waits = self._figures[name], sorted(team.waits)
            figures.longest_queue = team.longest
            figures.median_wait, figures.p95_wait = _at(waits, 0.5), _at(waits, 0.95)
        return self._figures

    def _lived(self, case: Case, number: int) -> Life:
        story = life(case, number, self._desk, self._teams, self._policy)
        wanted = next(story)
        try:
            while True:
                now = yield wanted
                self._open.setdefault(number, case)
                wanted = story.send(now)
        except StopIteration:
            del self._open[number]
            self._judge(case)

    def _judge(self, case: Case) -> None:
        key = case.contact.contact_id
        self._figures[case.department].work_orders += 1
        for metric, department, met in self._keeper.judge(key, case.events, self._until):
            figures = self._figures[department]
            (figures.met if met else figures.breached)[metric] += 1
        self._desk.forget(key)


def _teams(policy: Policy, agents: Mapping[str, int]) -> Teams:
    def team(name: str, people: int) -> Team:
        return Team(name, people, policy.calendar_of(name))

    return Teams(
        agents={name: team(name, agents[name]) for name in policy.departments},
        supervisors={
            name: team(name, math.ceil(agents[name] / _AGENTS_OF_A_SUPERVISOR)) for name in policy.departments
        },
        duty=Team("duty", 2, None),
    )


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0
