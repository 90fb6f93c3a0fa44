"""A run as a person reads it: one table of figures, and one of targets."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.table import Table

from shared.bench.quantiles import QUANTILES
from shared.bench.run import BenchRun
from shared.bench.targets import Verdict

NOISY_CORES: Final = 0.1
"""Others on the machine that keep more than this of a core busy make the figures noise."""
Rows = list[tuple[str, str]]
Result = Mapping[str, Any]


def print_report(run: BenchRun, console: Console) -> None:
    """Print `run` on `console`."""
    console.print(tables(run))


def tables(run: BenchRun) -> RenderableType:
    """Return the facts, the figures part by part, and the targets."""
    facts = run.machine
    head = (
        f"{facts.cores} cores ({facts.processor}), {facts.memory_gib:g} GiB, Linux {facts.kernel}, Python {facts.python}, "
        f"{facts.nats}, {facts.postgres}, Yingda {facts.yingda}, commit {facts.commit or 'unknown'}, {facts.at}"
    )
    figures = Table("what", "measured", title=f"Size {run.size:g}", title_justify="left")
    for name, result in run.parts.items():
        figures.add_section()
        figures.add_row(f"[bold]{name}[/bold]", "")
        for words, value in _FIGURES[name](result):
            figures.add_row(f"  {words}", value)
    return Group(head, *_noise(run.parts), figures, _targets(run.targets))


def _targets(verdicts: Sequence[Verdict]) -> Table:
    table = Table("target", "wanted", "measured", "", title="Targets", title_justify="left")
    for one in verdicts:
        table.add_row(f"{one.part}: {one.words}", one.wanted, f"{one.measured:,g}", "met" if one.met else "MISSED")
    return table


def _noise(parts: Mapping[str, Result]) -> list[str]:
    most = max(_busy(parts), default=0.0)
    return [f"NOISY: others kept {most:g} cores busy meanwhile."] if most > NOISY_CORES else []


def _busy(value: object) -> list[float]:
    """Return every `others_cores` within the results."""
    if isinstance(value, list | tuple):
        return [busy for inner in value for busy in _busy(inner)]
    if not isinstance(value, Mapping):
        return []
    below = [busy for inner in value.values() for busy in _busy(inner)]
    own = value.get("others_cores")
    return [*below, float(own)] if own is not None else below


def _throughput(result: Result) -> Rows:
    footprint = result["footprint"]
    return [
        ("messages / rows inserted / rows updated per contact", _counts(footprint)),
        *_run("suite", result["suite"]),
        *_run("bare pipeline", result["bare"]),
        *_run("FastStream, one by one", result["classic"]),
        ("suite to bare", f"{result['suite_to_bare']:.2f}"),
        ("processor for a contact, bare to suite", f"{result['cpu_bare_to_suite']:.2f}"),
        ("suite to FastStream, one by one", f"{result['suite_to_classic']:.1f}"),
    ]


def _counts(footprint: Result) -> str:
    return f"{footprint['messages']:g} / {footprint['inserts']:g} / {footprint['updates']:g}"


def _run(name: str, run: Result) -> Rows:
    costs = run["cpu_us_per_contact"]
    return [
        (f"{name}: {run['contacts']:,} contacts in {run['seconds']:g} s", f"{run['contacts_per_second']:,g} /s"),
        (f"{name}: µs of processor for a contact", _costs(costs)),
    ]


def _costs(costs: Mapping[str, int]) -> str:
    return f"{sum(costs.values()):,} = " + ", ".join(f"{name} {cost:,}" for name, cost in costs.items())


def _latency(result: Result) -> Rows:
    steady = result["steady"]
    return [
        ("a lone contact to its work order", _quantiles(result["lone"])),
        (f"at {steady['per_second']:g} contacts a second", _quantiles(steady["to_work_order"])),
        ("  sent later than planned", _quantiles(steady["behind"])),
        ("  µs of processor for a contact", _costs(steady["cpu_us_per_contact"])),
    ]


def _quantiles(one: Result) -> str:
    return f"p50 {one['p50_ms']:g}, p95 {one['p95_ms']:g}, p99 {one['p99_ms']:g}, max {one['max_ms']:g} ms of {one['count']:,}"


def _deadlines(result: Result) -> Rows:
    found, memory = result["detection"], result["memory_mb"]
    one, armed, stored = result["armed_by_one"], result["armed"], result["stored"]
    return [
        ("running clocks", f"{result['clocks']:,}"),
        (
            f"armed by events, one process: {one['clocks']:,} in {one['seconds']:g} s",
            f"{one['clocks_per_second']:,g} /s",
        ),
        (f"armed by events, two: {armed['clocks']:,} in {armed['seconds']:g} s", f"{armed['clocks_per_second']:,g} /s"),
        (f"stored alone: {stored['clocks']:,} in {stored['seconds']:g} s", f"{stored['clocks_per_second']:,g} /s"),
        (f"{found['due']:,} due, {found['due_per_second']:g} a second, found late", _quantiles(found["lateness"])),
        ("  missed / told twice / told early", f"{found['missed']} / {found['twice']} / {found['early']}"),
        ("memory of sla: start / all running / after", " / ".join(f"{value:g}" for value in memory.values()) + " MB"),
    ]


def _growth(result: Result) -> Rows:
    stored = result["stored"]
    return [
        (
            "stored work orders / clocks / rows in all",
            f"{stored['work_orders']:,} / {stored['clocks']:,} / {stored['rows']:,}",
        ),
        (f"size of the database, made in {stored['seconds']:g} s", f"{stored['database_gb']:g} GB"),
        *(row for one in result["rounds"] for name in ("empty", "full") for row in _side(name, one[name])),
        ("throughput, full to empty", f"{result['throughput_ratio']:.2f}"),
        ("processor for a contact, full to empty", f"{result['cpu_ratio']:.2f}"),
        (
            "lone latency, full to empty: p50, p95, p99",
            " ".join(f"{result[f'lone_p{q}_ratio']:.2f}" for q in QUANTILES),
        ),
    ]


def _side(name: str, side: Result) -> Rows:
    return [*_run(name, side["run"]), (f"{name}: a lone contact to its work order", _quantiles(side["lone"]))]


def _idle(result: Result) -> Rows:
    services = result["services"].items()
    return [
        *((f"{name}: of a core, resident, own part", _idle_service(one)) for name, one in services),
        (
            "`yingda up` on an empty folder to ready",
            ", ".join(f"{one:g}" for one in result["fresh_start_seconds"]) + " s",
        ),
        ("  on a folder with data", f"{result['second_start_seconds']:g} s"),
    ]


def _idle_service(one: Result) -> str:
    return f"{one['cpu_percent']:g} %, {one['resident_mb']:g} MB, {one['proportional_mb'] or 0:g} MB"


_FIGURES: Final[Mapping[str, Callable[[Result], Rows]]] = {
    "throughput": _throughput,
    "latency": _latency,
    "deadlines": _deadlines,
    "growth": _growth,
    "idle": _idle,
}
