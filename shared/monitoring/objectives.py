"""The SLA objectives (R-OB-03): attainment as recording rules, and alerts when the error budget burns too fast.

A clock that is breached is an error, one that ends in time is none; the objective is the share that is to be met, as
the policy says and sla exports it. The windows are those of the Site Reliability Workbook, chapter 5: a long one says
that it matters, a short one that it still goes on.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

Severity = Literal["page", "ticket"]


@dataclass(frozen=True, slots=True)
class BurnWindow:
    """Alert when the budget burns `factor` times as fast as it may, over the long window and still over the short."""

    factor: float
    long: str
    short: str
    severity: Severity
    at_least: int = 1
    """How many clocks must be breached within the long window before anybody is told.

    Where few work orders come, one that is late at night is half of them: nobody is woken for it. An urgent one has an
    alert of its own.
    """


BURN_WINDOWS: Final = (
    BurnWindow(14.4, "1h", "5m", "page", at_least=3),
    BurnWindow(6, "6h", "30m", "page", at_least=3),
    BurnWindow(3, "1d", "2h", "ticket"),
    BurnWindow(1, "3d", "6h", "ticket"),
)
WINDOWS: Final = tuple(dict.fromkeys(one for window in BURN_WINDOWS for one in (window.short, window.long)))
BUDGET_DAYS: Final = "30d"
"""Over how long the error budget is given out."""


SLOW_WINDOWS: Final = ("1d", "3d", BUDGET_DAYS)
"""Recorded every two minutes only: each reads up to a hundred thousand values of every series."""
HIGHEST: Final = 0.99
"""No share that must be exceeded lies above it: with a generous objective 14.4 budgets would be more than everything."""


def errors(window: str) -> str:
    """Return the name of the recorded share of breached clocks over `window`, by department and metric."""
    return f"yingda:sla_errors:ratio_rate{window}"


def breaches(window: str) -> str:
    """Return the name of the recorded number of breached clocks over `window`, by department and metric."""
    return f"yingda:sla_breaches:increase{window}"


def share_breached(window: str, by: str = "department, metric") -> str:
    """Return PromQL for the share of clocks that ended in a breach within `window`; nothing where none ended."""
    breached = f"sum by ({by}) (increase(yingda_clocks_breached_total[{window}]))"
    met = f"sum by ({by}) (increase(yingda_clocks_met_total[{window}]))"
    return f"{breached} / ({breached} + {met} > 0)"


def recording_rules(*, slow: bool) -> Iterator[dict[str, Any]]:
    """Yield the rules of the slow windows or those of the others: the share of breached clocks, and how many."""
    for window in (*WINDOWS, BUDGET_DAYS):
        if (window in SLOW_WINDOWS) is slow:
            yield {"record": errors(window), "expr": share_breached(window)}
    for one in BURN_WINDOWS:
        if one.at_least > 1 and (one.long in SLOW_WINDOWS) is slow:
            expr = f"sum by (department, metric) (increase(yingda_clocks_breached_total[{one.long}]))"
            yield {"record": breaches(one.long), "expr": expr}


def burn_alerts() -> Iterator[dict[str, Any]]:
    """Yield one alert for each pair of windows."""
    for window in BURN_WINDOWS:
        conditions = [_burning(window.long, window.factor), _burning(window.short, window.factor)]
        if window.at_least > 1:
            conditions.append(f"{breaches(window.long)} >= {window.at_least}")
        yield {
            "alert": "YingdaSlaBurn",
            "expr": "\nand\n".join(conditions),
            "labels": {"severity": window.severity, "window": window.long},
            "annotations": {
                "summary": "{{ $labels.department }} misses {{ $labels.metric }} deadlines too often",
                "description": (
                    "{{ $value | humanizePercentage }} of the clocks were breached over "
                    f"{window.long}: the error budget burns more than {window.factor:g} times as fast as it may."
                ),
                "runbook": "docs/runbooks/sla-burn.md",
            },
        }


def _burning(window: str, factor: float) -> str:
    budget = "1 - max by (metric) (yingda_sla_objective_ratio)"
    return f"{errors(window)} > on (metric) group_left () clamp_max({factor:g} * ({budget}), {HIGHEST:g})"
