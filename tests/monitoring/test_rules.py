"""Every alert fires when it should and is silent when it should be, by `promtool test rules` (R-OB-03)."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.monitoring.files import DIRECTORY
from tests.monitoring.alert_cases import MESSAGES, PEOPLE, SERVICES
from tests.monitoring.binaries import binaries
from tests.monitoring.burn_cases import BURN
from tests.monitoring.case import Case, rule_test

RULES = DIRECTORY / "prometheus" / "rules"
CASES = (*SERVICES, *MESSAGES, *PEOPLE, *BURN)


def alerts() -> Iterator[dict[str, Any]]:
    for path in RULES.glob("*.yaml"):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            yield from (rule for rule in group["rules"] if "alert" in rule)


RUNBOOKS = {rule["alert"]: rule["annotations"]["runbook"] for rule in alerts()}


@pytest.mark.parametrize(
    ("rules", "cases"), [("yingda-alerts.yaml", (*SERVICES, *MESSAGES, *PEOPLE)), ("yingda-sla.yaml", BURN)]
)
def test_each_fires_when_it_should_and_only_then(rules: str, cases: tuple[Case, ...], tmp_path: Path) -> None:
    """R-OB-03: the shipped rules in promtool's own time, down to the words that whoever is called reads."""
    path = tmp_path / "cases.yaml"
    path.write_text(yaml.safe_dump(rule_test(RULES / rules, cases, RUNBOOKS), allow_unicode=True), encoding="utf-8")
    done = subprocess.run([binaries().promtool, "test", "rules", path], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_tried_both_ways() -> None:
    """R-OB-03: no alert without a case in which it fires and one in which it does not; a burn has each window."""
    assert {case.alert for case in CASES if case.firing} == set(RUNBOOKS)
    assert {case.alert for case in CASES if not case.firing} == set(RUNBOOKS)
    windows = {rule["labels"]["window"] for rule in alerts() if "window" in rule["labels"]}
    fired = [{one.labels["window"] for one in case.firing} for case in BURN]
    assert all(
        any(window in some for some in fired) and any(window not in some for some in fired if some)
        for window in windows - {"3d"}
    )
    assert set().union(*fired) == windows
