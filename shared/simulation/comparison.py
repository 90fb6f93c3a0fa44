"""The policy in force against a new one: the same contacts, people and efforts, each policy in a process of its own."""

import gc
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from shared.events import ContactRegistered
from shared.policy import Policy
from shared.simulation.rehearsal import Figures, rehearse

_Job = tuple[Sequence[ContactRegistered], Policy, int, dict[str, int], Path]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Figures by department, under the old policy and under the new one."""

    old: dict[str, Figures]
    new: dict[str, Figures]

    @property
    def departments(self) -> tuple[str, ...]:
        """The departments that had anything to do under either policy, in the new policy's order."""
        names = dict.fromkeys((*self.new, *self.old))
        return tuple(
            name for name in names if any(one.get(name, Figures()).work_orders for one in (self.old, self.new))
        )

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics whose clocks ended under either policy, sorted."""
        figures = (*self.old.values(), *self.new.values())
        return tuple(sorted({metric for one in figures for metric in (*one.met, *one.breached)}))


def compare(
    contacts: Sequence[ContactRegistered],
    old: Policy,
    new: Policy,
    seed: int,
    agents: dict[str, int],
    data: Path = Path(),
) -> Comparison:
    """Rehearse both policies; deterministic for the same contacts, policies, seed and agents."""
    _jobs[:] = [(contacts, policy, seed, agents, data) for policy in (old, new)]
    # Forked, so that the contacts need not be copied; nothing of an event loop or a connection exists here yet.
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork")) as pool:
        results = list(pool.map(_rehearse, range(len(_jobs))))
    return Comparison(*results)


_jobs: list[_Job] = []


def _rehearse(job: int) -> dict[str, Figures]:
    gc.freeze()  # the contacts stay to the end: looking through them again and again takes a fifth of the time
    gc.set_threshold(50_000)
    return rehearse(*_jobs[job])
