"""Dashboards and alerts say what the code exports, and every alert has a page that helps (R-OB-02, R-OB-03)."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared import metrics
from shared.monitoring.__main__ import main
from shared.monitoring.alerts import ALERTS
from shared.monitoring.dashboards import DASHBOARDS
from shared.monitoring.files import DIRECTORY, drifted, generated, write
from shared.monitoring.grafana import WIDTH
from shared.monitoring.objectives import BURN_WINDOWS, WINDOWS, errors

ROOT = Path(__file__).parents[3]
RUNBOOKS = ROOT / "docs" / "runbooks"
NOT_SHOWN: dict[str, str] = {}
"""Metrics that no panel shows, and why."""

_NAME = re.compile(r"\byingda_[a-z0-9_]+")
_SELECTOR = re.compile(r"\b(yingda_[a-z0-9_]+)\{([^}]*)\}")
_BY = re.compile(r"by \(([a-z_, ]+)\) \((?:rate|increase|yingda|histogram|max|sum)")


def families() -> dict[str, set[str]]:
    """Every metric of the code with its labels, by the name it is exported under."""
    found: dict[str, set[str]] = {}
    for collector in dict.fromkeys(metrics.REGISTRY._names_to_collectors.values()):
        kind: Any = collector
        name, labels = f"yingda_{kind._name.removeprefix('yingda_')}", set(kind._labelnames)
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}[kind._type]
        for suffix in suffixes:
            found[f"{name}{suffix}"] = labels | ({"le"} if suffix == "_bucket" else set())
    return found


def expressions() -> Iterator[tuple[str, str]]:
    """Every PromQL expression that is shipped, with where it stands."""
    for dashboard in DASHBOARDS:
        for panel in dashboard.panels():
            for query in panel.queries:
                yield f"{dashboard.title}, {panel.title}", query.expr
    for path in sorted((DIRECTORY / "prometheus" / "rules").glob("*.yaml")):
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                yield f"{path.name}, {rule.get('alert') or rule['record']}", rule["expr"]


def test_the_files_in_the_repository_are_what_the_code_says(tmp_path: Path) -> None:
    """R-OB-02, R-OB-03: generated, so that a metric cannot be renamed under a panel or an alert."""
    assert drifted() == [], "run `python -m shared.monitoring`"
    assert main(["--check"]) == 0
    assert set(write(tmp_path)) == set(generated())
    stray = tmp_path / "grafana" / "dashboards" / "stray.json"
    stray.write_text("{}")
    assert drifted(tmp_path) == [stray.relative_to(tmp_path)]
    write(tmp_path)
    assert not stray.exists()


def test_every_metric_that_is_shown_exists_with_the_labels_that_are_asked_for() -> None:
    """R-OB-02, R-OB-03."""
    known = families()
    for where, expr in expressions():
        for name in _NAME.findall(expr):
            assert name in known, f"{where}: the code has no metric {name}"
        for name, matchers in _SELECTOR.findall(expr):
            labels = set(re.findall(r"([a-z_]+)\s*(?:=~|!~|!=|=)", matchers))
            assert labels <= known[name], f"{where}: {name} has no label {labels - known[name]}"
        names = [name for name in _NAME.findall(expr) if name in known]
        for grouped in _BY.findall(expr):
            labels = set(grouped.replace(" ", "").split(","))
            assert any(labels <= known[name] for name in names) or not names, f"{where}: nothing is labelled {labels}"


def test_every_metric_of_the_code_is_shown_or_has_a_reason_not_to_be() -> None:
    """R-OB-01, R-OB-02."""
    panels = (panel for dashboard in DASHBOARDS for panel in dashboard.panels())
    shown = {name for panel in panels for query in panel.queries for name in _NAME.findall(query.expr)}
    families_shown = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in shown} | shown
    missing = {
        name
        for name in families()
        if name not in shown and re.sub(r"_(total|bucket|sum|count)$", "", name) not in families_shown
    }
    assert missing <= NOT_SHOWN.keys(), f"no panel shows {sorted(missing - NOT_SHOWN.keys())}"


STATES = (
    "workorders", "agents", "callbacks_open", "surveys_open", "knowledge_entries", "quality_reviews_open",
    "clocks_running", "clocks_provisional", "clocks_overdue", "notifications_waiting", "notifications_for_review",
    "suppressed_addresses",
)  # fmt: skip
"""Gauges that every replica of their service reads from the same database."""


@pytest.mark.parametrize("name", STATES)
def test_what_the_database_holds_is_counted_once_however_many_replicas_say_it(name: str) -> None:
    """R-OB-02: a second replica does not double the open work."""
    assert f"yingda_{name}" in families()
    told = [(where, expr) for where, expr in expressions() if re.search(rf"yingda_{name}\b(?!_total)", expr)]
    assert told
    for where, expr in told:
        assert re.search(rf"max without \(instance, pod\) \(yingda_{name}\b", expr), where


def test_the_answer_rate_is_that_of_the_service_that_takes_calls() -> None:
    """R-OB-03, R-IN-10: every service exports the gauge, all but intake a 0 that nobody set, so a minimum says nothing."""
    asked = [expr for _where, expr in expressions() if "yingda_call_answer_rate" in expr]
    assert len(asked) == 3
    assert not [expr for expr in asked if "min(" in expr]


@pytest.mark.parametrize(
    "label", ["work_order_id", "number", "customer_id", "contact_id", "subject_id", "phone", "agent_id"]
)
def test_no_metric_has_a_label_that_tells_of_somebody(label: str) -> None:
    """R-OB-01: no customer data and no ids in labels."""
    assert not [name for name, labels in families().items() if label in labels]


def test_what_sres_watch_has_its_panels() -> None:
    """R-OB-02: attainment, error budget, next due, oldest breach; flow, channels, notifications, callbacks, servers."""
    titles = {dashboard.uid: {panel.title for panel in dashboard.panels()} for dashboard in DASHBOARDS}
    assert {"Attainment", "Error budget left", "Next due", "Oldest breach still open"} <= titles["yingda-sla"]
    assert {"By channel", "Calls a minute"} <= titles["yingda-channels"]
    assert {
        "yingda-flow",
        "yingda-notifications",
        "yingda-callbacks",
        "yingda-quality",
        "yingda-servers",
    } <= titles.keys()
    assert all(panel.description for dashboard in DASHBOARDS for panel in dashboard.panels())


def test_panels_lie_side_by_side_and_never_on_one_another() -> None:
    for path in (DIRECTORY / "grafana" / "dashboards").glob("*.json"):
        dashboard = json.loads(path.read_text(encoding="utf-8"))
        taken: set[tuple[int, int]] = set()
        for panel in dashboard["panels"]:
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= WIDTH
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert not taken & cells, f"{path.name}: {panel['title']}"
            taken |= cells
        assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_what_the_handbook_asks_to_be_alerted_is() -> None:
    """R-OB-03: burn rate, urgent breach, backlog, dead letters, watcher late, provider, holiday data, service down."""
    names = {alert.name.removeprefix("Yingda") for alert in ALERTS}
    assert {
        "UrgentBreach",
        "BacklogGrowing",
        "DeadLetters",
        "WatcherLate",
        "ProviderFailing",
        "HolidayDataMissing",
    } <= names
    assert "ServiceDown" in names
    assert len(BURN_WINDOWS) == 4


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    """R-OB-03: what it means, what to look at, what to do."""
    rules = [
        rule
        for path in (DIRECTORY / "prometheus" / "rules").glob("*.yaml")
        for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    pages = {ROOT / rule["annotations"]["runbook"] for rule in rules}
    assert pages == set(RUNBOOKS.glob("*.md")) - {RUNBOOKS / "README.md"}
    contents = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    for rule in rules:
        page = ROOT / rule["annotations"]["runbook"]
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"# {rule['alert']}\n")
        assert all(part in text for part in ("**Means**", "**Look at**", "**Do**")), page.name
        assert f"| {rule['alert']} | [{page.stem}]({page.name}) |" in contents


def test_burn_alerts_ask_only_for_windows_that_are_recorded() -> None:
    """R-OB-03: a burn rate over a window that nobody records would never fire."""
    text = (DIRECTORY / "prometheus" / "rules" / "yingda-sla.yaml").read_text(encoding="utf-8")
    recorded = set(re.findall(r"record: (\S+)", text))
    assert set(re.findall(r"yingda:sla_\w+:\w+", text)) == recorded
    assert {errors(window) for window in WINDOWS} <= recorded
    assert all(BURN_WINDOWS[i].factor > BURN_WINDOWS[i + 1].factor for i in range(len(BURN_WINDOWS) - 1))
