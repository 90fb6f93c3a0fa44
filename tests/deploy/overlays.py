"""The overlays as they would be applied, and what the tests ask of them again and again."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.deploy.kustomize import Resource, build

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
OVERLAYS = ("one-machine", "scaled-out")


@cache
def overlay(name: str) -> list[Resource]:
    """Return the resources of the overlay, built once; nobody changes them."""
    return build(FOLDER / "overlays" / name)


def of_kind(name: str, *kinds: str) -> dict[str, Resource]:
    """Return the overlay's resources of these kinds by their names."""
    return {one["metadata"]["name"]: one for one in overlay(name) if one["kind"] in kinds}


def workloads(name: str) -> dict[str, Resource]:
    """Return whatever runs pods, by its name."""
    return of_kind(name, "Deployment", "StatefulSet", "Job")


def services(name: str) -> dict[str, Resource]:
    """Return the Deployments of the suite's services."""
    return {key: one for key, one in of_kind(name, "Deployment").items() if component(one) == "service"}


def component(workload: Resource) -> str:
    return str(labels(workload)["app.kubernetes.io/component"])


def labels(workload: Resource) -> dict[str, str]:
    """Return the labels of the workload's pods."""
    found: dict[str, str] = workload["spec"]["template"]["metadata"]["labels"]
    return found


def pod_of(workload: Resource) -> dict[str, Any]:
    found: dict[str, Any] = workload["spec"]["template"]["spec"]
    return found


def containers_of(workload: Resource) -> list[dict[str, Any]]:
    pod = pod_of(workload)
    return [*pod.get("initContainers", ()), *pod["containers"]]


def config_map(name: str, generated: str) -> dict[str, str]:
    """Return the data of the ConfigMap that the overlay generates under the name `generated` and a hash."""
    for key, one in of_kind(name, "ConfigMap").items():
        if key.rpartition("-")[0] == generated:
            data: dict[str, str] = one["data"]
            return data
    raise AssertionError(f"{name} generates no ConfigMap {generated}")


def environment(name: str, container: Mapping[str, Any]) -> dict[str, str]:
    """Return the container's environment as the kubelet makes it: ConfigMaps first, then `env` with its references."""
    held = {key: one["data"] for key, one in of_kind(name, "ConfigMap").items()}
    found = {k: v for source in container.get("envFrom", ()) for k, v in held[source["configMapRef"]["name"]].items()}
    for one in container.get("env", ()):
        if "value" in one:
            value = one["value"]
            for key, known in found.items():
                value = value.replace(f"$({key})", known)
            found[one["name"]] = value
    return found


def selected(selector: Mapping[str, Any], held: Mapping[str, str]) -> bool:
    """Return whether a label selector fits labels; only what the manifests use, and nothing else is taken for granted."""
    assert set(selector) <= {"matchLabels", "matchExpressions"}
    if any(held.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for one in selector.get("matchExpressions", ()):
        assert one["operator"] == "In"
        if held.get(one["key"]) not in one["values"]:
            return False
    return True


def everything(name: str, key: str) -> Iterator[Any]:
    """Yield every value that stands under `key`, however deep, in the overlay."""

    def walk(node: Any) -> Iterator[Any]:
        if isinstance(node, dict):
            for k, v in node.items():
                if k == key:
                    yield v
                yield from walk(v)
        elif isinstance(node, list):
            for one in node:
                yield from walk(one)

    return walk(overlay(name))
