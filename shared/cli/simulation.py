"""The report of `yingda policy simulate`: both policies over the same contacts, as a table or as JSON."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from shared.cli.environment import settings_of
from shared.cli.errors import CliError, WrongUse
from shared.cli.output import print_json, print_table
from shared.cli.policy_files import policy_in_force, read_policy
from shared.events import ContactRegistered
from shared.policy import Policy
from shared.simulation.comparison import Comparison, compare
from shared.simulation.effort import MEAN_MINUTES
from shared.simulation.history import Sample, recorded, spread
from shared.simulation.ports import SimulationError
from shared.simulation.rehearsal import Figures
from shared.simulation.staffing import agents_listed, agents_needed, of_either


def report(
    new: Path,
    history: Path | None,
    month: tuple[int, date, int],
    seed: int,
    *,
    people: str,
    load: float,
    as_json: bool,
) -> None:
    """Print what the policy in force and that of the file `new` do to the same contacts.

    They are those of the directory `history`, else of a sample `month`: how many, its first day, its length in days.
    """
    data = settings_of().data
    old_policy, new_policy = policy_in_force(), read_policy(new)
    try:
        found = _contacts(history, Sample(*month), seed, old_policy)
        agents = of_either(*(_agents(people, found, policy, seed, load, data) for policy in (old_policy, new_policy)))
        comparison = compare(found, old_policy, new_policy, seed, agents, data)
    except SimulationError as error:
        raise CliError(str(error)) from error
    if as_json:
        print_json(_json(comparison, found, old_policy, new_policy, seed))
    else:
        _print(comparison, found, old_policy, new_policy, seed)


def _contacts(history: Path | None, sample: Sample, seed: int, policy: Policy) -> list[ContactRegistered]:
    if history is None:
        return spread(sample, seed, policy.timezone)
    if not history.is_dir():
        raise WrongUse(f"there is no directory {history}")
    return recorded(history)


def _agents(
    people: str, contacts: Sequence[ContactRegistered], policy: Policy, seed: int, load: float, data: Path
) -> Mapping[str, int]:
    return agents_listed(policy) if people == "listed" else agents_needed(contacts, policy, seed, load, data)


def _json(
    comparison: Comparison, contacts: Sequence[ContactRegistered], old: Policy, new: Policy, seed: int
) -> dict[str, Any]:
    return {
        "contacts": len(contacts),
        "from": contacts[0].registered_at.isoformat(),
        "to": contacts[-1].registered_at.isoformat(),
        "seed": seed,
        "mean_minutes": MEAN_MINUTES,
        "policies": {"old": old.policy_version, "new": new.policy_version},
        "departments": {
            name: {
                side: _figures_json(figures.get(name, Figures()))
                for side, figures in (("old", comparison.old), ("new", comparison.new))
            }
            for name in comparison.departments
        },
    }


def _figures_json(figures: Figures) -> dict[str, Any]:
    metrics = sorted({*figures.met, *figures.breached})
    return {
        "agents": figures.agents,
        "work_orders": figures.work_orders,
        "unfinished": figures.unfinished,
        "attainment": _rounded(figures.attainment()),
        "breaches": figures.breached.total(),
        "longest_queue": figures.longest_queue,
        "median_wait_minutes": round(figures.median_wait / 60, 1),
        "p95_wait_minutes": round(figures.p95_wait / 60, 1),
        "metrics": {
            metric: {
                "met": figures.met[metric],
                "breached": figures.breached[metric],
                "attainment": _rounded(figures.attainment(metric)),
            }
            for metric in metrics
        },
    }


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 4)


def _print(comparison: Comparison, contacts: Sequence[ContactRegistered], old: Policy, new: Policy, seed: int) -> None:
    zone = ZoneInfo(old.timezone)
    first, last = (contacts[at].registered_at.astimezone(zone) for at in (0, -1))
    print(f"{len(contacts):,} contacts from {first:%Y-%m-%d} to {last:%Y-%m-%d}, seed {seed}")
    print(f"old: {old.policy_version} (in force), new: {new.policy_version}\n")
    pairs = [
        (name, comparison.old.get(name, Figures()), comparison.new.get(name, Figures()))
        for name in comparison.departments
    ]
    columns = ("department", "agents", "work orders", "attainment", "breaches", "longest queue", "wait p50 / p95 min")
    print_table(columns, [_row(*pair) for pair in pairs])
    print("\nattainment by metric")
    metrics = comparison.metrics
    print_table(
        ("department", *metrics),
        [
            (name, *(_arrow(_percent(before.attainment(one)), _percent(after.attainment(one))) for one in metrics))
            for name, before, after in pairs
        ],
    )
    steps = ", ".join(f"{step} {minutes:g}" for step, minutes in MEAN_MINUTES.items())
    print(f"\nAssumed minutes of work on average: {steps}. Waits are office time.")


def _row(name: str, before: Figures, after: Figures) -> tuple[str, ...]:
    return (
        name,
        str(max(before.agents, after.agents)),
        _arrow(f"{before.work_orders:,}", f"{after.work_orders:,}"),
        _arrow(_percent(before.attainment()), _percent(after.attainment())),
        _arrow(f"{before.breached.total():,}", f"{after.breached.total():,}"),
        _arrow(f"{before.longest_queue:,}", f"{after.longest_queue:,}"),
        _arrow(_waits(before), _waits(after)),
    )


def _arrow(old: str, new: str) -> str:
    return old if old == new else f"{old} → {new}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _waits(figures: Figures) -> str:
    return f"{figures.median_wait / 60:.0f} / {figures.p95_wait / 60:.0f}"
