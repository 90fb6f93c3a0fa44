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


BURN_WINDOWS: Final = (
    BurnWindow(14.4, "1h", "5m", "page"),
    BurnWindow(6, "6h", "30m", "page"),
    BurnWindow(3, "1d", "2h", "ticket"),
    BurnWindow(1, "3d", "6h", "ticket"),
)
WINDOWS: Final = tuple(dict.fromkeys(one for window in BURN_WINDOWS for one in (window.short, window.long)))
BUDGET_DAYS: Final = "30d"
"""Over how long the error budget is given out."""


def errors(window: str) -> str:
    """Return the name of the recorded share of breached clocks over `window`, by department and metric."""
    return f"yingda:sla_errors:ratio_rate{window}"


def share_breached(window: str, by: str = "department, metric") -> str:
    """Return PromQL for the share of clocks that ended in a breach within `window`."""
    breached = f"sum by ({by}) (increase(yingda_clocks_breached_total[{window}]))"
    met = f"sum by ({by}) (increase(yingda_clocks_met_total[{window}]))"
    return f"{breached} / ({breached} + {met})"


def recording_rules() -> Iterator[dict[str, Any]]:
    """Yield one rule for each window: the share of breached clocks by department and metric."""
    for window in (*WINDOWS, BUDGET_DAYS):
        yield {"record": errors(window), "expr": share_breached(window)}


def burn_alerts() -> Iterator[dict[str, Any]]:
    """Yield one alert for each pair of windows."""
    for window in BURN_WINDOWS:
        yield {
            "alert": "YingdaSlaBurn",
            "expr": f"{_burning(window.long, window.factor)}\nand\n{_burning(window.short, window.factor)}",
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
    return f"{errors(window)} > on (metric) group_left () ({factor:g} * ({budget}))"
