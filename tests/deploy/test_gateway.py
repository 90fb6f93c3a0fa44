"""The gateway as an overlay adds it (deploy/kubernetes/gateway): valid, hardened as the services are, reached and reaching little."""

from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest

from tests.deploy.credentials import files_of, fill, printed
from tests.deploy.kustomize import Resource, build
from tests.deploy.overlays import FOLDER, containers_of, pod_of, services
from tests.deploy.test_schemas import VERSIONS
from tests.deploy.test_settings import SETTINGS


@cache
def _gateway() -> dict[str, Resource]:
    return {one["kind"]: one for one in build(FOLDER / "gateway")}


@pytest.mark.parametrize("version", VERSIONS)
def test_it_is_valid(version: str) -> None:
    for one in _gateway().values():
        kubernetes_validate.validate(one, version, strict=True)


def test_it_runs_as_the_services_do() -> None:
    pod, service = pod_of(_gateway()["Deployment"]), pod_of(services("one-machine")["intake"])
    (container,), (other,) = containers_of(_gateway()["Deployment"]), containers_of(services("one-machine")["intake"])
    assert container["args"] == ["adapter", "gateway"]
    for name in (
        "securityContext",
        "automountServiceAccountToken",
        "enableServiceLinks",
        "terminationGracePeriodSeconds",
    ):
        assert pod[name] == service[name], name
    for name in ("securityContext", "startupProbe", "livenessProbe", "readinessProbe", "volumeMounts"):
        assert container[name] == other[name], name
    named: dict[str, Any] = {one["name"]: one["value"] for one in container["env"]}
    assert set(named) <= SETTINGS
    assert not [name for name in named if "DATABASE" in name], "it has nothing to do with PostgreSQL"
    assert [volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume] == ["gateway"]


def test_it_is_let_through_to_nats_and_by_whom_the_cluster_says() -> None:
    labels = _gateway()["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert (
        labels["yingda-bus"] == "allowed"
    )  # base/access/bus.yaml lets these to NATS, and nothing lets them to PostgreSQL
    assert labels["app.kubernetes.io/component"] == "adapter"
    policy = _gateway()["NetworkPolicy"]["spec"]
    assert [rule["ports"] for rule in policy["ingress"]] == [[{"port": 8088}], [{"port": 9464}]]
    assert [rule["ports"] for rule in policy["egress"]] == [[{"port": 443}]]
    selector = _gateway()["Service"]["spec"]["selector"]
    assert selector.items() <= labels.items()


def test_its_secret_has_its_key_and_those_of_its_endpoints(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    fill(folder)
    assert "gateway" not in {one["metadata"]["name"] for one in printed(folder)}
    (folder / "gateway").mkdir()
    (folder / "gateway" / "erp_key").write_text("a key of sixteen characters", encoding="utf-8")
    (secret,) = [one for one in printed(folder) if one["metadata"]["name"] == "gateway"]
    assert set(files_of(secret)) == {"gateway.nk", "erp_key"}
