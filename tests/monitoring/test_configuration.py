"""What is shipped for Prometheus and Alertmanager is what the real programs accept, and what the suite is (R-OB-03)."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from shared.monitoring.alerts import SERVICES
from shared.monitoring.files import DIRECTORY
from shared.service import service_names
from tests.monitoring.binaries import binaries
from tests.monitoring.runbooks import lines

PROMETHEUS = DIRECTORY / "prometheus" / "prometheus.yml"
ALERTMANAGER = DIRECTORY / "alertmanager" / "alertmanager.yml"


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def checked(*command: str | Path) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_promtool_accepts_the_configuration_and_every_rule() -> None:
    """R-OB-03: `promtool check config` reads the rules as well; lint finds the same rule given twice."""
    said = checked(binaries().promtool, "check", "config", "--lint=all", "--lint-fatal", PROMETHEUS)
    assert said.count("rules found") == len(list((DIRECTORY / "prometheus" / "rules").glob("*.yaml")))


def test_every_expression_of_a_runbook_is_promql(tmp_path: Path) -> None:
    """R-OB-03: whoever is called at night pastes it, and promtool reads it as Prometheus does."""
    asked = [line for line in lines() if line.kind == "promql"]
    rules = [{"record": f"runbook:line{number}", "expr": line.text} for number, line in enumerate(asked)]
    (tmp_path / "asked.yaml").write_text(yaml.safe_dump({"groups": [{"name": "runbooks", "rules": rules}]}))
    checked(binaries().promtool, "check", "rules", tmp_path / "asked.yaml")


def test_prometheus_asks_every_service_under_one_job() -> None:
    """Panels count what the database holds once over all that say it: a job for each service would hide replicas."""
    jobs = {job["job_name"]: job for job in read(PROMETHEUS)["scrape_configs"]}
    (discovery,) = jobs["yingda"]["dns_sd_configs"]
    assert set(discovery["names"]) - {"asterisk", "gateway", "imap", "lmtp"} == set(service_names()) == set(SERVICES)
    assert not any("relabel_configs" in job for job in jobs.values())


def test_amtool_accepts_the_configuration() -> None:
    assert "SUCCESS" in checked(binaries().amtool, "check-config", ALERTMANAGER)


@pytest.mark.parametrize("severity", ["page", "ticket"])
def test_an_alert_goes_where_its_severity_says(severity: str) -> None:
    """R-OB-03: amtool walks the routes as Alertmanager does."""
    labels = ["alertname=YingdaServiceDown", "service=sla", f"severity={severity}"]
    route = ("config", "routes", "test", f"--config.file={ALERTMANAGER}")
    assert checked(binaries().amtool, *route, *labels).split() == [severity]


def test_alertmanager_silences_only_alerts_that_there_are() -> None:
    """R-OB-03: an alert that was renamed under an inhibition would be told twice."""
    rules = [read(path) for path in (DIRECTORY / "prometheus" / "rules").glob("*.yaml")]
    names = {rule["alert"] for file in rules for group in file["groups"] for rule in group["rules"] if "alert" in rule}
    named = set()
    for rule in read(ALERTMANAGER)["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            label, _, values = matcher.replace("=~", "=").partition("=")
            if label.strip() == "alertname":
                named |= set(values.strip().strip('"').split("|"))
    assert named
    assert named <= names


def test_no_secret_stands_in_the_configuration() -> None:
    """What must be kept is read from files: a password in a repository is none."""

    def keys(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [*value, *(key for held in value.values() for key in keys(held))]
        return [key for held in value for key in keys(held)] if isinstance(value, list) else []

    secret = [key for key in keys(read(ALERTMANAGER)) if key.endswith(("password", "secret", "token", "api_url"))]
    assert secret == []


def test_grafana_finds_prometheus_and_the_dashboards() -> None:
    """R-OB-02: the panels take their data source by a variable, whose first choice is the one provisioned."""
    provisioning = DIRECTORY / "grafana" / "provisioning"
    (source,) = read(provisioning / "datasources" / "yingda.yaml")["datasources"]
    assert (source["type"], source["isDefault"]) == ("prometheus", True)
    assert source["jsonData"]["timeInterval"] == read(PROMETHEUS)["global"]["scrape_interval"]
    (provider,) = read(provisioning / "dashboards" / "yingda.yaml")["providers"]
    assert provider["type"] == "file"
    for path in (DIRECTORY / "grafana" / "dashboards").glob("*.json"):
        first, *_ = json.loads(path.read_text(encoding="utf-8"))["templating"]["list"]
        assert (first["name"], first["query"]) == ("datasource", source["type"])
