"""A container of an overlay as a process on this machine: its environment and its files, only addresses and folders moved."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.deploy.credentials import files_of
from tests.deploy.overlays import containers_of, environment, pod_of


class PodHere:
    """What one container of `workload` finds; `held` are Secrets and ConfigMaps by kind and name."""

    def __init__(
        self, overlay: str, workload: Mapping[str, Any], held: Mapping[tuple[str, str], Any], folder: Path
    ) -> None:
        pod = pod_of(dict(workload))
        (container,) = containers_of(dict(workload))
        volumes = {one["name"]: one for one in pod["volumes"]}
        self.arguments: list[str] = container.get("args", [])
        self._folders: dict[str, str] = {}
        for mount in container["volumeMounts"]:
            place = folder / mount["mountPath"].lstrip("/")
            place.mkdir(parents=True, exist_ok=True)
            self._folders[mount["mountPath"]] = str(place)
            for name, text in _files(volumes.get(mount["name"], {}), held).items():
                (place / name).write_text(text, encoding="utf-8")
        self._environment = environment(overlay, container)

    def environment(self, here: Mapping[str, str], **other: str) -> dict[str, str]:
        """Return the environment with the addresses of `here`; `other` variables take the place of the pod's."""
        moved = {}
        for name, value in self._environment.items():
            for there, address in here.items():
                value = value.replace(there, address)  # noqa: PLW2901 (what is moved twice is moved twice)
            for there in sorted(self._folders, key=len, reverse=True):
                if value.startswith(f"{there}/") or value == there:
                    value = self._folders[there] + value.removeprefix(there)  # noqa: PLW2901
                    break
            moved[name] = value
        return moved | other


def _files(volume: Mapping[str, Any], held: Mapping[tuple[str, str], Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for source in (volume, *volume.get("projected", {}).get("sources", ())):
        if "secret" in source:
            name = source["secret"].get("secretName") or source["secret"]["name"]
            every = files_of(held["Secret", name])
            items = source["secret"].get("items")
            found |= {one["path"]: every[one["key"]] for one in items} if items else every
        if "configMap" in source:
            found |= files_of(held["ConfigMap", source["configMap"]["name"]])
    return found
