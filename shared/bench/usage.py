"""What processes used, as the kernel counts it: processor time of a whole tree, and memory."""

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PARENT, _TIMES = 1, slice(11, 15)  # after the name: parent; user, system, and both of children that have ended
_IDLE, _COUNTED = slice(3, 5), slice(0, 8)  # of the machine: idle and waiting for disks; all but what guests used
OTHER = "supervisor"
IDLE_CORES = 0.15
"""A suite that uses less has nothing in hand: its loops, and the servers' own."""
_MOMENT_SECONDS = 2.0


@dataclass(slots=True)
class Usage:
    """Processor seconds spent between the beginning and the end of a `watching` block, by what spent them."""

    seconds: dict[str, float] = field(default_factory=dict)
    """Of the tree watched, by name."""
    own_seconds: float = 0.0
    """Of this process: it publishes and looks on."""
    others_seconds: float = 0.0
    """Of everything else on the machine; far above 0, the figures of the run are noise."""
    wall_seconds: float = 0.0

    @property
    def others_cores(self) -> float:
        """How many cores everything else kept busy."""
        return round(self.others_seconds / self.wall_seconds, 2) if self.wall_seconds else 0.0

    def microseconds_per(self, count: int) -> dict[str, int]:
        """Return the microseconds for each of `count` things, the largest first, with `client` for this process."""
        every = self.seconds | {"client": self.own_seconds}
        ordered = sorted(every.items(), key=itemgetter(1), reverse=True)
        costs = {name: round(seconds / count * 1e6) for name, seconds in ordered}
        return {name: cost for name, cost in costs.items() if cost > 0}


@contextmanager
def watching(root: int, names: Mapping[int, str]) -> Iterator[Usage]:
    """Yield the usage of the processes below `root`, filled in at the end; `names` are those of known process ids."""
    usage = Usage()
    before, own, whole = _tree(root, names), _own_seconds(), _machine()
    yield usage
    after, machine = _tree(root, names), _machine()
    usage.own_seconds = _own_seconds() - own
    # Sums and not process by process: what one that has ended had used is its parent's now, from the beginning on.
    for sign, processes in ((1, after), (-1, before)):
        for name, seconds in processes.values():
            usage.seconds[name] = usage.seconds.get(name, 0.0) + sign * seconds
    usage.wall_seconds = machine[1] - whole[1]
    busy = machine[0] - whole[0]
    usage.others_seconds = max(0.0, busy - sum(usage.seconds.values()) - usage.own_seconds)


async def until_idle(root: int, limit_seconds: float, calm_seconds: float = _MOMENT_SECONDS) -> None:
    """Return when the processes below `root` have done next to nothing for `calm_seconds`, at the latest after the limit."""
    end = time.monotonic() + limit_seconds
    used, calm = _sum(root), 0.0
    while calm < calm_seconds and time.monotonic() < end:
        await asyncio.sleep(_MOMENT_SECONDS)
        before, used = used, _sum(root)
        calm = calm + _MOMENT_SECONDS if used - before < _MOMENT_SECONDS * IDLE_CORES else 0.0


def _sum(root: int) -> float:
    return sum(seconds for _, seconds in _tree(root, {}).values())


def cpu_seconds(pid: int) -> float:
    """Return the processor time that the process has used, without its children."""
    return sum(map(int, _stat(pid)[1][_TIMES][:2])) / _TICKS


def resident_mb(pid: int) -> float:
    """Return the resident memory of the process, in MB of a million bytes."""
    fields = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").split("VmRSS:")[1].split()
    return round(int(fields[0]) * 1024 / 1e6, 1)


def proportional_mb(pid: int) -> float | None:
    """Return the memory with every shared page counted in part for each of its users; None where that is not told."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    except OSError:
        return None
    return round(int(text.split("Pss:")[1].split()[0]) * 1024 / 1e6, 1)


def _tree(root: int, names: Mapping[int, str]) -> dict[int, tuple[str, float]]:
    """Return name and processor seconds of every process below `root`."""
    children: defaultdict[int, list[int]] = defaultdict(list)
    told: dict[int, tuple[str, float]] = {}
    for entry in (int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()):
        try:
            comm, fields = _stat(entry)
        except OSError:  # it has ended
            continue
        children[int(fields[_PARENT])].append(entry)
        name = names.get(entry) or _server(comm) or OTHER
        told[entry] = (name, sum(map(int, fields[_TIMES])) / _TICKS)
    found, waiting = {}, [root]
    while waiting:
        pid = waiting.pop()
        if pid in told and pid != os.getpid():
            found[pid] = told[pid]
        waiting += children[pid]
    return found


def _server(comm: str) -> str | None:
    return next((name for name in ("nats", "postgres") if comm.startswith(name)), None)


def _stat(pid: int) -> tuple[str, list[str]]:
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    begin, end = text.index("("), text.rindex(")")
    return text[begin + 1 : end], text[end + 2 :].split()


def _own_seconds() -> float:
    return sum(os.times()[:2])


def _machine() -> tuple[float, float]:
    """Return the busy seconds of all cores, and the seconds that have passed."""
    line = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0]
    fields = list(map(int, line.split()[1:]))
    cores = os.cpu_count() or 1
    whole = sum(fields[_COUNTED])
    return (whole - sum(fields[_IDLE])) / _TICKS, whole / _TICKS / cores
