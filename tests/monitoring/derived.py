"""The configurations that are shipped, made to run here: other addresses and shorter intervals, and nothing else."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml

from shared.monitoring.files import DIRECTORY

SCRAPE: Final = "1s"


def read(path: Path) -> Any:
    """Return what a shipped YAML file holds."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def name_targets(folder: Path, metrics_urls: Iterable[str]) -> None:
    """Tell Prometheus whom to scrape from now on; it watches the file."""
    addresses = sorted(urlsplit(url).netloc for url in metrics_urls)
    new = folder / "targets.new"
    new.write_text(json.dumps([{"targets": addresses}]), encoding="utf-8")
    new.replace(folder / "targets.json")


def prometheus_config(folder: Path, alertmanager: str | None = None, lasting: str | None = None) -> Path:
    """Write the shipped configuration with its rules for a Prometheus that works in `folder`; return its path.

    It finds the services by `name_targets` instead of DNS, asks and judges every second, and tells `alertmanager`.
    `lasting`, if given, replaces how long each alert must hold before it fires.
    """
    config = read(DIRECTORY / "prometheus" / "prometheus.yml")
    config["global"] |= {"scrape_interval": SCRAPE, "scrape_timeout": SCRAPE, "evaluation_interval": SCRAPE}
    (job,) = (job for job in config["scrape_configs"] if job["job_name"] == "yingda")
    del job["dns_sd_configs"]
    job["file_sd_configs"] = [{"files": [str(folder / "targets.json")], "refresh_interval": SCRAPE}]
    config["scrape_configs"] = [job]
    config["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [alertmanager]}]}] if alertmanager else []
    (folder / "rules").mkdir()
    for path in (DIRECTORY / "prometheus" / "rules").glob("*.yaml"):
        rules = read(path)
        for group in rules["groups"]:
            group.pop("interval", None)
            for rule in group["rules"] if lasting is not None else ():
                if "for" in rule:
                    rule["for"] = lasting
        (folder / "rules" / path.name).write_text(yaml.safe_dump(rules, allow_unicode=True), encoding="utf-8")
    written = folder / "prometheus.yml"
    written.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return written


def alertmanager_config(folder: Path, smarthost: str, page_url: str) -> Path:
    """Write the shipped configuration for an Alertmanager that works in `folder`; return its path.

    Routes, receivers and inhibitions are as shipped; mail goes to `smarthost`, the secret files lie in `folder`, and
    groups are told after a second.
    """
    config = read(DIRECTORY / "alertmanager" / "alertmanager.yml")
    (folder / "alert-page-url").write_text(page_url, encoding="utf-8")
    (folder / "alert-smtp-password").write_text("sesame", encoding="utf-8")
    config["global"] |= {
        "smtp_smarthost": smarthost,
        "smtp_auth_password_file": str(folder / "alert-smtp-password"),
    }
    for receiver in config["receivers"]:
        for slack in receiver.get("slack_configs", ()):
            slack["api_url_file"] = str(folder / "alert-page-url")
    for route in (config["route"], *config["route"]["routes"]):
        route |= {"group_wait": SCRAPE, "group_interval": SCRAPE}
    written = folder / "alertmanager.yml"
    written.write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")
    return written
