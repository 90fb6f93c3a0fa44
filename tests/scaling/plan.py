"""What a load needs, derived from what one work order's life was measured to cost.

`python -m tests.scaling.plan` writes the tables of docs/scaling.md anew from docs/scaling.json, which is what
`python -m tests.scaling.life` printed.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGE: Final = DOCS / "scaling.md"
FIGURES: Final = DOCS / "scaling.json"

SERVICES: Final = ("intake", "routing", "sla", "notify", "feedback")
SERVERS: Final = ("nats", "postgres")
BUSY_HOUR: Final = 0.15
"""Share of a day's contacts that come in its busiest hour."""
FULL: Final = 0.6
"""Of a core, when the next replica starts; servers are sized to be so full at the peak as well."""
LEAST: Final = 2
KEEP_DAYS: Final = 30
RECORDS_DAYS: Final = 1095
LOADS: Final = (50_000, 200_000, 1_000_000, 5_000_000)
BEGIN, END = "<!-- {}: written by `python -m tests.scaling.plan` -->", "<!-- end of {} -->"


def life_us(found: Mapping[str, Any], process: str) -> float:
    """Return the microseconds of processor that `process` spends on a contact, from its arrival to the callback."""
    return float(found["opening"]["us"].get(process, 0) + found["handling_us"].get(process, 0))


def replicas(found: Mapping[str, Any], service: str, per_second: float) -> int:
    """Return how many replicas carry so many contacts a second, each with its whole life."""
    return max(LEAST, math.ceil(per_second * life_us(found, service) / 1e6 / FULL))


def cores(found: Mapping[str, Any], server: str, per_second: float) -> int:
    """Return how many cores of a server carry so many contacts a second."""
    return max(1, math.ceil(per_second * life_us(found, server) / 1e6 / FULL))


def cost_table(found: Mapping[str, Any]) -> str:
    """Return what each part of a life costs a contact, by process: a command as often as a contact has one."""
    processes = (*SERVICES, *SERVERS)
    lines = [
        _row("ms of processor for a contact", "of them", *processes, "in all"),
        _row(*["---"] * (len(processes) + 3)),
    ]
    parts = [("opened, clocks, notice", 1.0, found["opening"]["us"])]
    parts += [(f"`{name}`", step["for_each_contact"], step["us"]) for name, step in found["commands"].items()]
    for name, share, us in parts:
        costs = [share * us.get(process, 0) / 1e3 for process in processes]
        lines.append(_row(name, f"{share:g}", *(f"{cost:.1f}" for cost in costs), f"{sum(costs):.1f}"))
    whole = [life_us(found, process) / 1e3 for process in processes]
    lines.append(_row("**a whole life**", "", *(f"**{cost:.1f}**" for cost in whole), f"**{sum(whole):.1f}**"))
    return "\n".join(lines)


def replica_table(found: Mapping[str, Any]) -> str:
    """Return what one replica carries."""
    lines = [_row("one replica of", *SERVICES), _row(*["---"] * (len(SERVICES) + 1))]
    opened = [FULL * 1e6 / found["opening"]["us"][one] for one in SERVICES]
    lines.append(_row("contacts opened a second", *(f"{one:,.0f}" for one in opened)))
    whole = [FULL * 1e6 / life_us(found, one) for one in SERVICES]
    lines.append(_row("whole lives a second", *(f"{one:,.0f}" for one in whole)))
    lines.append(_row("resident MB, under that load", *(f"{found['resident_mb'][one]:.0f}" for one in SERVICES)))
    return "\n".join(lines)


def load_table(found: Mapping[str, Any]) -> str:
    """Return what several loads need."""
    heads = ("contacts a day", "at the peak", *SERVICES, "NATS, cores", "PostgreSQL, cores", "streams", "tables")
    lines = [_row(*heads), _row(*["---"] * len(heads))]
    for day in LOADS:
        rate = day * BUSY_HOUR / 3600
        counts = [str(replicas(found, one, rate)) for one in SERVICES]
        servers = [str(cores(found, one, rate)) for one in SERVERS]
        lines.append(_row(f"{day:,}", f"{rate:.0f} /s", *counts, *servers, *(_disk(one) for one in disks(found, day))))
    return "\n".join(lines)


def disks(found: Mapping[str, Any], day: int) -> tuple[float, float]:
    """Return the bytes of the streams on one node and of the tables, once as much comes as goes."""
    left = found["life_leaves"]
    messages = (left["events_bytes"] + left["contacts_bytes"]) * KEEP_DAYS
    return day * messages, day * (left["passing_bytes"] * KEEP_DAYS + left["records_bytes"] * RECORDS_DAYS)


def written(page: str, found: Mapping[str, Any]) -> str:
    """Return the page with its tables as `found` has them."""
    for name, table in {"costs": cost_table, "replicas": replica_table, "loads": load_table}.items():
        begin, end = BEGIN.format(name), END.format(name)
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        page = f"{before}{begin}\n\n{table(found)}\n\n{end}{after}"
    return page


def _disk(held: float) -> str:
    return f"{held / 1e12:,.1f} TB" if held >= 1e12 else f"{held / 1e9:,.0f} GB"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Write the tables anew."""
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(written(page, json.loads(FIGURES.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
