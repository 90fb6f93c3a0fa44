"""What the containers of `deploy/compose.yaml` find where they look: files that are there, and what refers to them."""

import json
import re
from pathlib import Path

import pytest
import yaml

from tests.compose.images import services
from tests.compose.stack import COMPOSE_FILE, SERVICES

DEPLOY = COMPOSE_FILE.parent
METRICS_PORT = 9464


def mounts(service: str) -> dict[str, str]:
    """Return what is mounted, by its place in the container."""
    found = {}
    for mount in services()[service].get("volumes", []):
        source, target, *_ = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", mount).split(":")
        found[target] = source
    return found


@pytest.mark.parametrize("service", sorted(services()))
def test_what_is_mounted_is_there(service: str) -> None:
    volumes = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))["volumes"]
    for source in mounts(service).values():
        assert (DEPLOY / source).exists() if source.startswith(".") else source in volumes


def test_every_volume_is_mounted_by_somebody() -> None:
    volumes = yaml.safe_load(COMPOSE_FILE.read_text(encoding="utf-8"))["volumes"]
    assert {source for name in services() for source in mounts(name).values()} >= set(volumes)


def test_nats_keeps_its_streams_on_a_volume() -> None:
    conf = (DEPLOY / "nats" / "nats-server.conf").read_text(encoding="utf-8")
    stored = re.search(r"store_dir: (\S+)", conf)
    assert stored
    assert mounts("nats")["/data"] == "nats"
    assert Path(stored[1]).is_relative_to("/data")
    assert mounts("prepare")["/volumes/nats"] == "nats"


def test_prometheus_looks_for_every_service_where_it_tells() -> None:
    assert mounts("prometheus")["/etc/prometheus"] == "./prometheus"
    config = yaml.safe_load((DEPLOY / "prometheus" / "prometheus.yml").read_text(encoding="utf-8"))
    (found,) = [one for job in config["scrape_configs"] for one in job.get("dns_sd_configs", [])]
    assert sorted(found["names"]) == sorted([*SERVICES, "asterisk", "gateway", "imap", "lmtp"])
    assert found["port"] == METRICS_PORT
    assert f"YINGDA_METRICS_PORT={METRICS_PORT}" in (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert all("watch" in services()[name]["networks"] for name in (*SERVICES, "prometheus", "alertmanager", "grafana"))
    targets = [
        target for one in config["alerting"]["alertmanagers"] for s in one["static_configs"] for target in s["targets"]
    ]
    assert targets == ["alertmanager:9093"]


def test_alertmanager_finds_its_secrets_and_its_mail_server() -> None:
    config = (DEPLOY / "alertmanager" / "alertmanager.yml").read_text(encoding="utf-8")
    assert mounts("alertmanager")["/etc/alertmanager"] == "./alertmanager"
    assert "/run/secrets/alert-smtp-password" in config
    assert "alertmanager/alert-smtp-password" in (DEPLOY / "compose" / "prepare.sh").read_text(encoding="utf-8")
    host, port = re.findall(r"smtp_smarthost: (\S+):(\d+)", config)[0]
    assert host in services()
    assert f"YINGDA_SMTP_PORT={port}" in (DEPLOY / ".env.example").read_text(encoding="utf-8")


def test_grafana_finds_its_provisioning_and_every_dashboard_its_data() -> None:
    found = mounts("grafana")
    provisioning = DEPLOY / found["/etc/grafana/provisioning"]
    (source,) = yaml.safe_load((provisioning / "datasources" / "yingda.yaml").read_text(encoding="utf-8"))[
        "datasources"
    ]
    assert source["url"] == "http://prometheus:9090"
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "yingda.yaml").read_text(encoding="utf-8"))["providers"]
    dashboards = sorted((DEPLOY / found[provider["options"]["path"]]).glob("*.json"))
    assert dashboards
    uids = [json.loads(path.read_text(encoding="utf-8"))["uid"] for path in dashboards]
    assert uids == [path.stem for path in dashboards]
    for path in dashboards:
        used = set(re.findall(r'"type": "prometheus",\s*"uid": "([^"]+)"', path.read_text(encoding="utf-8")))
        assert used <= {"${datasource}", source["uid"]}, path
