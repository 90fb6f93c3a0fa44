"""A case of the alert rules: what the metrics were, and what was firing then, as `promtool test rules` reads it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.monitoring.derived import read

Series = Mapping[str, str]
"""Values by series, one a minute, in promtool's notation: `0+2x60` begins at 0 and rises by 2 sixty times."""

UP = {
    f'yingda_service_up{{service="{name}",version="1"}}': "1x400"
    for name in ("intake", "routing", "sla", "notify", "feedback")
}


@dataclass(frozen=True, slots=True)
class Firing:
    """One alert that fires: its labels, and the two sentences that whoever is called reads."""

    labels: Mapping[str, str]
    summary: str
    description: str


@dataclass(frozen=True, slots=True)
class Case:
    """What fires of `alert` after so many minutes of `series`; nothing, where `firing` is empty."""

    about: str
    alert: str
    series: Series
    minutes: int
    firing: tuple[Firing, ...] = ()

    def to_promtool(self, runbook: str) -> dict[str, Any]:
        """Return one test of a file that `promtool test rules` reads; `runbook` is what the alert names."""
        expected = [
            {
                "exp_labels": dict(one.labels),
                "exp_annotations": {"summary": one.summary, "description": one.description, "runbook": runbook},
            }
            for one in self.firing
        ]
        asked = {"eval_time": f"{self.minutes}m", "alertname": self.alert, "exp_alerts": expected}
        series = [{"series": name, "values": values} for name, values in self.series.items()]
        return {"name": self.about, "interval": "1m", "input_series": series, "alert_rule_test": [asked]}


def rule_test(rules: Path, cases: Iterable[Case], runbooks: Mapping[str, str]) -> dict[str, Any]:
    """Return a file that `promtool test rules` reads: the cases against the file `rules` that is shipped."""
    return {
        "rule_files": [str(rules)],
        "group_eval_order": [group["name"] for group in read(rules)["groups"]],  # else it is a matter of chance
        "evaluation_interval": "1m",
        "tests": [case.to_promtool(runbooks[case.alert]) for case in cases],
    }


def fires(summary: str, description: str, **labels: str) -> Firing:
    """Return what fires."""
    return Firing(labels, summary, description)
