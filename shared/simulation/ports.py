"""What the services lend to a simulation: their own decisions, without their servers."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

from shared.events import CallbackCompleted, ContactRegistered, Event, WorkorderOpened, WorkorderStep
from shared.events.commands import WorkorderCommand
from shared.policy import Policy

SIMULATOR_GROUP = "yingda.simulators"


class SimulationError(Exception):
    """The simulation cannot run."""


class Desk(Protocol):
    """Routing's decisions about work orders that exist only in memory."""

    def open(self, contact: ContactRegistered, count: int) -> WorkorderOpened:
        """Open a work order for `contact` at the time it was registered; `count` completes its number."""
        ...

    def ask(self, command: WorkorderCommand, now: datetime) -> Sequence[WorkorderStep]:
        """Do what `command` asks; an error names the step that the lifecycle refuses."""
        ...

    def verify(self, work_order_id: str, by: str, now: datetime) -> Sequence[WorkorderStep]:
        """Verify the customer where the work order needs it; nothing otherwise (R-IN-05)."""
        ...

    def complete(self, work_order_id: str, by: str, now: datetime) -> Sequence[WorkorderStep]:
        """Add what the register lacks; nothing where it is complete (R-IN-07)."""
        ...

    def hear(self, event: CallbackCompleted) -> Sequence[WorkorderStep]:
        """Do what follows from the end of a callback."""
        ...

    def forget(self, work_order_id: str) -> None:
        """Drop a work order whose life is over."""
        ...


class Timekeeper(Protocol):
    """Sla's judgement of one work order's clocks."""

    def judge(self, work_order_id: str, events: Iterable[Event], until: datetime) -> Sequence[tuple[str, str, bool]]:
        """Return metric, department and whether it was met, for every clock that ended or ran out by `until`."""
        ...


def desk_of(policy: Policy, data: Path = Path()) -> Desk:
    """Return routing's decisions under `policy`; a classifier that learns has its model in the directory `data`."""
    desk: Desk = _simulator("routing")(policy, data)
    return desk


def timekeeper_of(policy: Policy) -> Timekeeper:
    """Return sla's judgement under `policy`."""
    keeper: Timekeeper = _simulator("sla")(policy)
    return keeper


def _simulator(name: str) -> Any:
    points = tuple(entry_points(group=SIMULATOR_GROUP, name=name))
    if not points:
        raise SimulationError(f'the service "{name}" is not installed: its part of the simulation is missing')
    return points[0].load()
