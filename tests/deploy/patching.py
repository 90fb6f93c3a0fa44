"""The two kinds of patch that kustomize knows, as far as deploy/kubernetes uses them."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Final

MERGE_KEYS: Final = {
    "containers": "name",
    "initContainers": "name",
    "env": "name",
    "volumes": "name",
    "volumeMounts": "mountPath",
    "ports": "containerPort",
    "topologySpreadConstraints": "topologyKey",
}
"""Lists whose elements are found by a key, as the API's schema says; every other list is replaced as a whole."""


class PatchError(Exception):
    """The patch says something that is not known here."""


def merge(target: dict[str, Any], patch: Mapping[str, Any]) -> None:
    """Merge `patch` into `target` strategically: null removes, lists with a key are merged by it."""
    for name, value in patch.items():
        if name.startswith("$"):
            raise PatchError(name)
        held = target.get(name)
        if value is None:
            target.pop(name, None)
        elif isinstance(value, Mapping) and isinstance(held, dict):
            merge(held, value)
        elif isinstance(value, list) and isinstance(held, list) and name in MERGE_KEYS:
            _merge_list(held, value, MERGE_KEYS[name])
        else:
            target[name] = deepcopy(value)  # one patch goes to many


def _merge_list(held: list[Any], patch: Sequence[Mapping[str, Any]], key: str) -> None:
    by_key = {one[key]: one for one in held}
    for element in patch:
        if element[key] in by_key:
            merge(by_key[element[key]], element)
        else:
            held.append(deepcopy(element))


def apply_json_patch(target: Any, operations: Sequence[Mapping[str, Any]]) -> None:
    """Apply RFC 6902 operations, of which `add` and `replace` are known."""
    for operation in operations:
        if operation["op"] not in {"add", "replace"}:
            raise PatchError(operation["op"])
        *path, last = operation["path"].removeprefix("/").split("/")
        place = target
        for part in path:
            place = place[int(part)] if isinstance(place, list) else place[part]
        if not isinstance(place, list):
            if operation["op"] == "replace" and last not in place:
                raise PatchError(f"nothing to replace at {operation['path']}")
            place[last] = deepcopy(operation["value"])
        elif last == "-":
            place.append(deepcopy(operation["value"]))
        else:
            place[int(last)] = deepcopy(operation["value"])
